// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/ocr/ctc.h"
#include "runtime/ocr/geometry.h"
#include "runtime/preprocess/image.h"

namespace ocr {

struct Line {
  tpuc::ocr::Quad box;  // in the image's pixels
  tpuc::ocr::Text text;
};

// Finds text in images and reads it, with three networks that are part of the
// program: the detector finds boxes, the classifier says which are upside down,
// the recogniser reads them.
//
//   auto reader = ocr::Reader::Create();
//   auto lines = (*reader)->Read(*image);  // of tpuc::ReadImage
//
// Does one image at a time.
class Reader {
 public:
  static absl::StatusOr<std::unique_ptr<Reader>> Create();
  virtual ~Reader() = default;

  // Lines from top to bottom; those that can't be read are left out. The
  // image has three channels.
  virtual absl::StatusOr<std::vector<Line>> Read(const tpuc::Image& image) = 0;
};

}  // namespace ocr
