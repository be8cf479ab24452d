// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "runtime/ocr/geometry.h"

namespace tpuc::ocr {

// From the detector's probabilities to boxes: what follows the network in
// "Real-time Scene Text Detection with Differentiable Binarization" (Liao et
// al., 2020), with PP-OCR's settings.
struct TextBoxOptions {
  float threshold = 0.3f;      // of a pixel of text
  float box_threshold = 0.5f;  // of the mean over a box
  // The network finds shrunken boxes; they grow by area * ratio / perimeter.
  double unclip_ratio = 1.6;
  double min_side = 3;  // pixels
};

// `probabilities` is [height, width]. Boxes are in its pixels, those further up
// and further left first.
std::vector<Quad> TextBoxes(const float* probabilities, int height, int width,
                            const TextBoxOptions& options = {});

}  // namespace tpuc::ocr
