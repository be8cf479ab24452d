// SPDX-License-Identifier: Apache-2.0
#include "tools/lib/preprocess_flags.h"

#include <cmath>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tpuc {
namespace {

absl::Status Unreadable(absl::string_view flag, absl::string_view text,
                        absl::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, " is '", text, "'; it must be ", wanted));
}

absl::Status ParseNumbers(absl::string_view flag, const std::string& text,
                          std::vector<double>* numbers) {
  if (text.empty()) return absl::OkStatus();
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    double number;
    if (!absl::SimpleAtod(part, &number) || !std::isfinite(number))
      return Unreadable(flag, text,
                        "numbers, one for each channel: 104,117,123");
    numbers->push_back(number);
  }
  return absl::OkStatus();
}

absl::Status ParseResizeDims(const std::string& text, Preprocessing* how) {
  if (text.empty()) return absl::OkStatus();
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &how->resize_height) ||
      !absl::SimpleAtoi(parts[1], &how->resize_width) ||
      how->resize_height < 1 || how->resize_width < 1)
    return Unreadable("resize_dims", text, "height,width: 256,256");
  return absl::OkStatus();
}

// One word of a few.
template <typename Value, typename Parser>
absl::Status ParseWord(const std::string& text, Parser parse, Value* to) {
  if (text.empty()) return absl::OkStatus();
  absl::StatusOr<Value> value = parse(text);
  if (value.ok()) *to = *value;
  return value.ok() ? absl::OkStatus()
                    : absl::InvalidArgumentError(
                          absl::StrCat("--", value.status().message()));
}

}  // namespace

void PreprocessFlags::Declare(CommandLine& line) {
  line.Optional("resize_dims", &resize_dims_, "H,W",
                "size that an image is resized to; the input is the middle of "
                "it. By default the input's size");
  line.Switch("keep_aspect_ratio", &keep_aspect_ratio_,
              "resize an image to fit within that size, and pad the rest");
  line.Optional("pad_value", &pad_value_, "N",
                "what to pad with, 0 to 255 (default: 0)");
  line.Optional("pad_type", &pad_type_, "TYPE",
                "where to pad: center is around the image, normal to the right "
                "and below (default: center)");
  line.Optional("pixel_format", &pixel_format_, "FORMAT",
                "the input's channels: bgr, rgb, gray or rgba (default: bgr)");
  line.Optional("channel_format", &channel_format_, "FORMAT",
                "the input's layout: nchw or nhwc (default: nchw); none when "
                "inputs are no images");
  line.Optional("mean", &mean_, "M,...",
                "value for each channel that is subtracted (default: 0)");
  line.Optional("scale", &scale_, "S,...",
                "value for each channel to multiply with after that "
                "(default: 1)");
}

absl::StatusOr<std::optional<Preprocessing>> PreprocessFlags::Parse() const {
  if (SaysNone()) return std::optional<Preprocessing>();
  Preprocessing how;
  how.keep_aspect_ratio = keep_aspect_ratio_;
  absl::Status status = ParseNumbers("mean", mean_, &how.mean);
  if (status.ok()) status = ParseNumbers("scale", scale_, &how.scale);
  if (status.ok()) status = ParseResizeDims(resize_dims_, &how);
  if (status.ok())
    status = ParseWord(pixel_format_, ParsePixelFormat, &how.pixel_format);
  if (status.ok())
    status =
        ParseWord(channel_format_, ParseChannelFormat, &how.channel_format);
  if (status.ok()) status = ParseWord(pad_type_, ParsePadType, &how.pad_type);
  if (status.ok() && !pad_value_.empty() &&
      (!absl::SimpleAtoi(pad_value_, &how.pad_value) || how.pad_value < 0 ||
       how.pad_value > 255))
    status = Unreadable("pad_value", pad_value_, "a number from 0 to 255");
  if (!status.ok()) return status;
  const bool any = keep_aspect_ratio_ ||
                   !absl::StrCat(mean_, scale_, pixel_format_, channel_format_,
                                 resize_dims_, pad_value_, pad_type_)
                        .empty();
  return any ? std::optional<Preprocessing>(how) : std::nullopt;
}

}  // namespace tpuc
