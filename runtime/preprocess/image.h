// SPDX-License-Identifier: Apache-2.0
// Images as OpenCV's cv2 has them: the same bytes as cv2.imread, cv2.resize.
//
//   auto image = ReadImage("line.jpg");         // bgr, upright
//   if (!image.ok()) return image.status();
//   auto small = ResizeImage(*image, 48, 320);  // height, width
//   auto png = EncodePng(*small);
//   if (png.ok()) status = WriteFileAtomically("small.png", *png);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tpuc {

// Rows from top to bottom; the channels of a pixel lie together.
struct Image {
  Image() = default;
  // All zero.
  Image(int64_t height, int64_t width, int64_t channels)
      : height(height),
        width(width),
        channels(channels),
        pixels(static_cast<size_t>(height * width * channels)) {}

  uint8_t* at(int64_t y, int64_t x) {
    return pixels.data() + (y * width + x) * channels;
  }
  const uint8_t* at(int64_t y, int64_t x) const {
    return pixels.data() + (y * width + x) * channels;
  }

  int64_t height = 0, width = 0;
  int64_t channels = 0;         // 1: grey; 3: b, g, r; 4: b, g, r, alpha
  std::vector<uint8_t> pixels;  // [height, width, channels]
};

// The most pixels that are read unless another limit is given, and that are
// written and resized to.
inline constexpr int64_t kMaxImagePixels = int64_t{1} << 27;

// What to make of a file's channels.
enum class Channels {
  // b, g, r. Grey is repeated, alpha dropped, 16 bits cut to 8, the EXIF
  // orientation applied: cv2.IMREAD_COLOR.
  kBgr,
  // Grey. Of a JPEG the luminance as stored: cv2.IMREAD_GRAYSCALE.
  kGray,
  // b, g, r, alpha as they lie in the file, the EXIF orientation not applied:
  // cv2.IMREAD_UNCHANGED. An image without alpha is an error.
  kBgra,
};

// The image in a PNG or JPEG file's bytes; `name` starts the messages. Bytes
// that end too early and damaged data are errors, also where OpenCV would make
// up the rest, and so are images of more than `max_pixels`: a file of some
// bytes may claim any size, and memory for that is taken.
absl::StatusOr<Image> DecodeImage(absl::string_view bytes,
                                  absl::string_view name,
                                  Channels channels = Channels::kBgr,
                                  int64_t max_pixels = kMaxImagePixels);

absl::StatusOr<Image> ReadImage(const std::string& path,
                                Channels channels = Channels::kBgr);

// A PNG file's bytes, from which DecodeImage gives the same image.
absl::StatusOr<std::string> EncodePng(const Image& image);

// cv2.resize with INTER_LINEAR. Neither size may have an extent of 0, nor the
// result more than kMaxImagePixels.
absl::StatusOr<Image> ResizeImage(const Image& image, int64_t height,
                                  int64_t width);

}  // namespace tpuc
