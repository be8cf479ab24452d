// SPDX-License-Identifier: Apache-2.0
#include "runtime/preprocess/preprocess.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tpuc {
namespace {

template <typename Value>
using Names = std::vector<std::pair<Value, absl::string_view>>;

// In order of the enumerations.
const Names<PixelFormat>& PixelFormats() {
  static const auto& names =
      *new Names<PixelFormat>{{PixelFormat::kBgr, "bgr"},
                              {PixelFormat::kRgb, "rgb"},
                              {PixelFormat::kGray, "gray"},
                              {PixelFormat::kRgba, "rgba"}};
  return names;
}

const Names<ChannelFormat>& ChannelFormats() {
  static const auto& names = *new Names<ChannelFormat>{
      {ChannelFormat::kNchw, "nchw"}, {ChannelFormat::kNhwc, "nhwc"}};
  return names;
}

const Names<PadType>& PadTypes() {
  static const auto& names = *new Names<PadType>{{PadType::kCenter, "center"},
                                                 {PadType::kNormal, "normal"}};
  return names;
}

template <typename Value>
absl::StatusOr<Value> Find(const Names<Value>& names, absl::string_view what,
                           absl::string_view text) {
  std::vector<absl::string_view> known;
  for (const auto& [value, name] : names) {
    if (name == text) return value;
    known.push_back(name);
  }
  return absl::InvalidArgumentError(absl::StrCat(what, " is '", text,
                                                 "'; it must be one of ",
                                                 absl::StrJoin(known, ", ")));
}

// The extents of an input by their meaning.
struct Layout {
  int64_t batch, channels, height, width;
};

Layout LayoutOf(const std::vector<int64_t>& shape, ChannelFormat format) {
  if (format == ChannelFormat::kNchw)
    return {shape[0], shape[1], shape[2], shape[3]};
  return {shape[0], shape[3], shape[1], shape[2]};
}

absl::Status CheckValues(absl::string_view what,
                         const std::vector<double>& values,
                         PixelFormat format) {
  const auto count = static_cast<int64_t>(values.size());
  if (count == 0 || count == NumChannels(format)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " has ", count, " values; pixel_format ", Name(format),
                   " has ", NumChannels(format), " channels"));
}

// A picture of height x width, of which the part `image`, resized to the part's
// size, is filled and the rest padded.
struct Frame {
  int64_t height, width;
  struct {
    int64_t top, left, height, width;
  } image;
};

Frame FrameOf(const Preprocessing& how, int64_t image_height,
              int64_t image_width, const Layout& layout) {
  const bool resizes = how.resize_height != 0;
  const int64_t height = resizes ? how.resize_height : layout.height;
  const int64_t width = resizes ? how.resize_width : layout.width;
  if (!how.keep_aspect_ratio) return {height, width, {0, 0, height, width}};
  const double ratio =
      std::min(static_cast<double>(height) / static_cast<double>(image_height),
               static_cast<double>(width) / static_cast<double>(image_width));
  const auto scaled = [&](int64_t extent, int64_t limit) {
    return std::clamp<int64_t>(
        static_cast<int64_t>(static_cast<double>(extent) * ratio), 1, limit);
  };
  const int64_t filled_height = scaled(image_height, height);
  const int64_t filled_width = scaled(image_width, width);
  if (how.pad_type == PadType::kNormal)
    return {height, width, {0, 0, filled_height, filled_width}};
  return {height,
          width,
          {(height - filled_height) / 2, (width - filled_width) / 2,
           filled_height, filled_width}};
}

absl::StatusOr<Image> Resize(const Image& image, const Frame& frame,
                             const Preprocessing& how) {
  auto resized = ResizeImage(image, frame.image.height, frame.image.width);
  if (!resized.ok() || !how.keep_aspect_ratio) return resized;
  Image result(frame.height, frame.width, image.channels);
  std::fill(result.pixels.begin(), result.pixels.end(),
            static_cast<uint8_t>(how.pad_value));
  for (int64_t y = 0; y < resized->height; ++y)
    std::copy_n(resized->at(y, 0), resized->width * resized->channels,
                result.at(frame.image.top + y, frame.image.left));
  return result;
}

// Where the input starts that is the middle of a picture.
int64_t MiddleStart(int64_t picture, int64_t input) {
  return picture / 2 - input / 2;
}

// The middle of an image as f32, for one element of the batch.
void Normalize(const Image& image, const Preprocessing& how,
               const Layout& layout, float* to) {
  const int64_t top = MiddleStart(image.height, layout.height);
  const int64_t left = MiddleStart(image.width, layout.width);
  const bool is_nchw = how.channel_format == ChannelFormat::kNchw;
  const int64_t pixels = layout.height * layout.width;
  for (int64_t c = 0; c < layout.channels; ++c) {
    const auto i = static_cast<size_t>(c);
    const float mean = how.mean.empty() ? 0 : static_cast<float>(how.mean[i]);
    const float scale =
        how.scale.empty() ? 1 : static_cast<float>(how.scale[i]);
    // The network's channel c is the image's channel `from`; those are b, g, r.
    const bool swaps =
        how.pixel_format != PixelFormat::kBgr && c < 3 && image.channels >= 3;
    const int64_t from = swaps ? 2 - c : c;
    float* channel = is_nchw ? to + c * pixels : to + c;
    const int64_t step = is_nchw ? 1 : layout.channels;
    for (int64_t y = 0; y < layout.height; ++y) {
      const uint8_t* row = image.at(top + y, left) + from;
      for (int64_t x = 0; x < layout.width; ++x, channel += step)
        *channel = (static_cast<float>(row[x * image.channels]) - mean) * scale;
    }
  }
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("(", absl::StrJoin(shape, ", "), ")");
}

}  // namespace

bool operator==(const Preprocessing& a, const Preprocessing& b) {
  return a.mean == b.mean && a.scale == b.scale &&
         a.pixel_format == b.pixel_format &&
         a.channel_format == b.channel_format &&
         a.resize_height == b.resize_height &&
         a.resize_width == b.resize_width &&
         a.keep_aspect_ratio == b.keep_aspect_ratio &&
         a.pad_value == b.pad_value && a.pad_type == b.pad_type;
}

absl::string_view Name(PixelFormat format) {
  return PixelFormats()[static_cast<size_t>(format)].second;
}
absl::string_view Name(ChannelFormat format) {
  return ChannelFormats()[static_cast<size_t>(format)].second;
}
absl::string_view Name(PadType type) {
  return PadTypes()[static_cast<size_t>(type)].second;
}

absl::StatusOr<PixelFormat> ParsePixelFormat(absl::string_view text) {
  return Find(PixelFormats(), "pixel_format", text);
}
absl::StatusOr<ChannelFormat> ParseChannelFormat(absl::string_view text) {
  return Find(ChannelFormats(), "channel_format", text);
}
absl::StatusOr<PadType> ParsePadType(absl::string_view text) {
  return Find(PadTypes(), "pad_type", text);
}

int64_t NumChannels(PixelFormat format) {
  switch (format) {
    case PixelFormat::kGray:
      return 1;
    case PixelFormat::kRgba:
      return 4;
    default:
      return 3;
  }
}

Channels ChannelsOf(PixelFormat format) {
  switch (format) {
    case PixelFormat::kGray:
      return Channels::kGray;
    case PixelFormat::kRgba:
      return Channels::kBgra;
    default:
      return Channels::kBgr;
  }
}

absl::Status CheckPreprocessing(const Preprocessing& how,
                                const std::vector<int64_t>& shape) {
  if (shape.size() != 4)
    return absl::InvalidArgumentError(
        absl::StrCat("an image has four extents, ", Name(how.channel_format),
                     "; the input's shape is ", ShapeText(shape)));
  const Layout layout = LayoutOf(shape, how.channel_format);
  if (layout.channels != NumChannels(how.pixel_format))
    return absl::InvalidArgumentError(absl::StrCat(
        "pixel_format ", Name(how.pixel_format), " has ",
        NumChannels(how.pixel_format), " channels; the input of shape ",
        ShapeText(shape), " has ", layout.channels, " by channel_format ",
        Name(how.channel_format)));
  for (const auto& [what, values] :
       {std::pair("mean", &how.mean), std::pair("scale", &how.scale)})
    if (absl::Status status = CheckValues(what, *values, how.pixel_format);
        !status.ok())
      return status;
  for (size_t c = 0; c < how.scale.size(); ++c)
    if (static_cast<float>(how.scale[c]) == 0)
      return absl::InvalidArgumentError(
          absl::StrCat("scale is ", how.scale[c], " for channel ", c,
                       "; all its values would be 0"));
  if (how.resize_height != 0 &&
      (how.resize_height < layout.height || how.resize_width < layout.width))
    return absl::InvalidArgumentError(absl::StrCat(
        "resize_dims is ", how.resize_height, ",", how.resize_width,
        "; the input, ", layout.height, "x", layout.width,
        ", is cut out of that and must not be larger"));
  if (how.pad_value < 0 || how.pad_value > 255)
    return absl::InvalidArgumentError(
        absl::StrCat("pad_value is ", how.pad_value, "; it must be 0 to 255"));
  return absl::OkStatus();
}

absl::StatusOr<Tensor> Preprocess(absl::Span<const Image> images,
                                  const Preprocessing& how,
                                  const std::vector<int64_t>& shape) {
  absl::Status status = CheckPreprocessing(how, shape);
  if (!status.ok()) return status;
  const Layout layout = LayoutOf(shape, how.channel_format);
  if (static_cast<int64_t>(images.size()) != layout.batch)
    return absl::InvalidArgumentError(
        absl::StrCat(images.size(), " images for an input of shape ",
                     ShapeText(shape), ", which takes ", layout.batch));
  Tensor result(DType::kF32, shape);
  float* to = result.data<float>();
  for (const Image& image : images) {
    if (image.channels != layout.channels)
      return absl::InvalidArgumentError(
          absl::StrCat("an image has ", image.channels, " channels; ",
                       layout.channels, " are needed"));
    auto resized =
        Resize(image, FrameOf(how, image.height, image.width, layout), how);
    if (!resized.ok()) return resized.status();
    Normalize(*resized, how, layout, to);
    to += layout.channels * layout.height * layout.width;
  }
  return result;
}

Placement PlacementOf(const Preprocessing& how, int64_t height, int64_t width,
                      const std::vector<int64_t>& shape) {
  const Layout layout = LayoutOf(shape, how.channel_format);
  const Frame frame = FrameOf(how, height, width, layout);
  Placement placement;
  placement.scale_x =
      static_cast<double>(frame.image.width) / static_cast<double>(width);
  placement.scale_y =
      static_cast<double>(frame.image.height) / static_cast<double>(height);
  placement.left = static_cast<double>(frame.image.left -
                                       MiddleStart(frame.width, layout.width));
  placement.top = static_cast<double>(frame.image.top -
                                      MiddleStart(frame.height, layout.height));
  return placement;
}

}  // namespace tpuc
