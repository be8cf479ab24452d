// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/dialect/top/TopOps.h"

namespace tpuc::top {

// What the elements of one axis of a result are made of: element o is the sum
// over taps t of weights[t][o] * input[indices[t][o]]. A nearest neighbour is
// one tap without a weight.
struct Interpolation {
  std::vector<std::vector<int64_t>> indices;  // [taps][extent of the result]
  std::vector<std::vector<float>> weights;    // the same; empty: taken as it is

  bool IsNearest() const { return weights.empty(); }
  // Whether the axis stays as it is.
  bool IsIdentity(int64_t extent) const;
};

// `axis` 0: rows, 1: columns. The formulas of ONNX's Resize operator (opset
// 19), with coordinates in f32 as in ONNX Runtime, so that ties fall alike.
// Indices lie inside the input.
Interpolation InterpolationAlong(ResizeOp op, int axis);

}  // namespace tpuc::top
