// SPDX-License-Identifier: Apache-2.0
// From an image to a network's input: what the flags of chapter 3 of the
// TPU-MLIR manual describe. Every tool uses this code, and so may applications.
//
//   Preprocessing how;
//   how.mean = {127.5, 127.5, 127.5};
//   how.scale = {1 / 127.5, 1 / 127.5, 1 / 127.5};
//   auto image = ReadImage("line.jpg", ChannelsOf(how.pixel_format));
//   if (!image.ok()) return image.status();
//   auto input = Preprocess({*image}, how, {1, 3, 48, 320});
//
// The steps: resize to resize_height x resize_width (keep_aspect_ratio: to fit
// within it, the rest padded), cut the middle of the input's size out, put the
// channels into order, (x - mean) * scale in f32. Resizing gives the bytes of
// cv2.resize with INTER_LINEAR.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "compiler/support/tensor.h"
#include "runtime/preprocess/image.h"

namespace tpuc {

// What the network's channels are.
enum class PixelFormat { kBgr, kRgb, kGray, kRgba };
enum class ChannelFormat { kNchw, kNhwc };
// Where the padding of keep_aspect_ratio goes: around the image, the odd pixel
// to the right and below; or all of it there.
enum class PadType { kCenter, kNormal };

struct Preprocessing {
  // A value for each channel of the network; none: 0 and 1.
  std::vector<double> mean, scale;
  PixelFormat pixel_format = PixelFormat::kBgr;
  ChannelFormat channel_format = ChannelFormat::kNchw;
  // 0: the input's own size.
  int64_t resize_height = 0, resize_width = 0;
  bool keep_aspect_ratio = false;
  int pad_value = 0;  // 0 to 255, before mean and scale
  PadType pad_type = PadType::kCenter;
};

bool operator==(const Preprocessing& a, const Preprocessing& b);

// Their names on the command line, in files and in rules; errors list them.
absl::string_view Name(PixelFormat format);
absl::string_view Name(ChannelFormat format);
absl::string_view Name(PadType type);
absl::StatusOr<PixelFormat> ParsePixelFormat(absl::string_view text);
absl::StatusOr<ChannelFormat> ParseChannelFormat(absl::string_view text);
absl::StatusOr<PadType> ParsePadType(absl::string_view text);

int64_t NumChannels(PixelFormat format);

// How to read a file for it.
Channels ChannelsOf(PixelFormat format);

// Whether an input of `shape` can be made so: four extents, as channel_format
// says, as many channels as pixel_format has and mean and scale have values,
// no scale 0, and no larger than what the image is resized to. The error says
// what is wrong.
absl::Status CheckPreprocessing(const Preprocessing& how,
                                const std::vector<int64_t>& shape);

// The f32 input of `shape`, whose first extent is the number of images. They
// must have the channels that ChannelsOf reads.
absl::StatusOr<Tensor> Preprocess(absl::Span<const Image> images,
                                  const Preprocessing& how,
                                  const std::vector<int64_t>& shape);

// Where an image lies in the input that Preprocess makes of it: its point
// (x, y) is at (x * scale_x + left, y * scale_y + top) of the input, perhaps
// outside.
struct Placement {
  double scale_x = 1, scale_y = 1, left = 0, top = 0;
};
Placement PlacementOf(const Preprocessing& how, int64_t height, int64_t width,
                      const std::vector<int64_t>& shape);

}  // namespace tpuc
