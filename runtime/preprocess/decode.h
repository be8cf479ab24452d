// SPDX-License-Identifier: Apache-2.0
// The formats behind image.h.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/preprocess/image.h"

namespace tpuc {

// An image, and the file's EXIF orientation: 1 to 8, 1 when it has none.
struct DecodedImage {
  Image image;
  int orientation = 1;
};

bool IsPng(absl::string_view bytes);
bool IsJpeg(absl::string_view bytes);

// Messages don't name the file.
absl::StatusOr<DecodedImage> DecodePng(absl::string_view bytes,
                                       Channels channels, int64_t max_pixels);
absl::StatusOr<DecodedImage> DecodeJpeg(absl::string_view bytes,
                                        Channels channels, int64_t max_pixels);

// An error for a size that is too large or 0.
absl::Status CheckImageSize(int64_t height, int64_t width,
                            int64_t max_pixels = kMaxImagePixels);

// The orientation in EXIF data, a TIFF header and what follows; 1 when the data
// has none or is damaged.
int ExifOrientation(absl::string_view exif);

}  // namespace tpuc
