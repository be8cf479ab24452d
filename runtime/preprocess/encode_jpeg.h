// SPDX-License-Identifier: Apache-2.0
// JPEG files for tests.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "runtime/preprocess/image.h"

namespace tpuc {

struct JpegOptions {
  int quality = 100;  // 1 to 100
  bool progressive = false;
  absl::string_view exif;  // contents of an APP1 marker; empty: none
};

// An image of 1 channel, of 3, or of 4: cyan, magenta, yellow, black.
std::string EncodeJpeg(const Image& image, const JpegOptions& options = {});

}  // namespace tpuc
