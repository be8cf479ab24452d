// SPDX-License-Identifier: Apache-2.0
#include "runtime/preprocess/image.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/support/file.h"
#include "runtime/preprocess/decode.h"

namespace tpuc {
namespace {

// Turns an image the way up that its EXIF orientation says: from 5 on, rows lie
// in the file as columns.
Image Upright(Image image, int orientation) {
  if (orientation <= 1) return image;
  const bool swaps = orientation >= 5;
  // Whether the result's columns (rows) run against the stored order.
  const bool mirrors_x = orientation == 2 || orientation == 3 ||
                         orientation == 6 || orientation == 7;
  const bool mirrors_y = orientation == 3 || orientation == 4 ||
                         orientation == 7 || orientation == 8;
  Image result(swaps ? image.width : image.height,
               swaps ? image.height : image.width, image.channels);
  for (int64_t y = 0; y < result.height; ++y) {
    for (int64_t x = 0; x < result.width; ++x) {
      const int64_t from_y = mirrors_y ? result.height - 1 - y : y;
      const int64_t from_x = mirrors_x ? result.width - 1 - x : x;
      const uint8_t* from =
          swaps ? image.at(from_x, from_y) : image.at(from_y, from_x);
      std::copy_n(from, image.channels, result.at(y, x));
    }
  }
  return result;
}

absl::StatusOr<DecodedImage> Decode(absl::string_view bytes, Channels channels,
                                    int64_t max_pixels) {
  if (bytes.empty()) return absl::InvalidArgumentError("the file is empty");
  if (IsPng(bytes)) return DecodePng(bytes, channels, max_pixels);
  if (IsJpeg(bytes)) return DecodeJpeg(bytes, channels, max_pixels);
  return absl::InvalidArgumentError("neither a PNG nor a JPEG image");
}

}  // namespace

absl::Status CheckImageSize(int64_t height, int64_t width, int64_t max_pixels) {
  if (height < 1 || width < 1 || height > max_pixels / width)
    return absl::InvalidArgumentError(
        absl::StrCat("an image of ", height, "x", width, " pixels; 1 to ",
                     max_pixels, " are supported"));
  return absl::OkStatus();
}

absl::StatusOr<Image> DecodeImage(absl::string_view bytes,
                                  absl::string_view name, Channels channels,
                                  int64_t max_pixels) {
  absl::StatusOr<DecodedImage> decoded = Decode(bytes, channels, max_pixels);
  if (!decoded.ok())
    return absl::Status(decoded.status().code(),
                        absl::StrCat("'", name, "': cannot read the image: ",
                                     decoded.status().message()));
  if (channels == Channels::kBgra) return std::move(decoded->image);
  return Upright(std::move(decoded->image), decoded->orientation);
}

absl::StatusOr<Image> ReadImage(const std::string& path, Channels channels) {
  absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  return DecodeImage(*bytes, path, channels);
}

}  // namespace tpuc
