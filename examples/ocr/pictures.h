// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/ocr/geometry.h"
#include "runtime/preprocess/image.h"

namespace ocr {

// What lies in the quad, upright; turned by 90 degrees when it is far higher
// than wide. Pixels beyond the image are those of its edge.
tpuc::Image Crop(const tpuc::Image& image, const tpuc::ocr::Quad& quad);

// By 180 degrees.
void TurnAround(tpuc::Image& image);

// The quad's sides in red.
void DrawQuad(tpuc::Image& image, const tpuc::ocr::Quad& quad);

}  // namespace ocr
