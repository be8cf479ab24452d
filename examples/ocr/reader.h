// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "geometry.h"
#include "runtime/preprocess/image.h"

namespace ocr {

struct Line {
  Quad box;             // in the image's pixels
  bool turned = false;  // upside down
};

// Finds text in images, with two networks that are part of the program: the
// detector finds boxes, the classifier says which are upside down.
//
//   auto reader = ocr::Reader::Create();
//   auto lines = (*reader)->Read(*image);  // of tpuc::ReadImage
//
// Does one image at a time.
class Reader {
 public:
  static absl::StatusOr<std::unique_ptr<Reader>> Create();
  virtual ~Reader() = default;

  // Lines from top to bottom. The image has three channels.
  virtual absl::StatusOr<std::vector<Line>> Read(const tpuc::Image& image) = 0;
};

}  // namespace ocr
