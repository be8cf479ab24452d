// SPDX-License-Identifier: Apache-2.0
// Windows that move over the rows and columns of planes [H, W].
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/interpreter/top/gemm.h"

namespace tpuc::interpreter {

struct PlaneWindow {
  int64_t ih, iw, oh, ow, kh, kw;
  int64_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int64_t top = 0, left = 0;

  // The input row that tap `ky` meets at output row `y`; maybe outside.
  int64_t Row(int64_t y, int64_t ky) const {
    return y * stride_h + ky * dilation_h - top;
  }
};

// to[i] = from[i * stride], i < count.
void CopyStrided(const float* from, int64_t stride, int64_t count, float* to);

// Writes what tap (ky, kx) meets at the output elements [begin, end), counted
// row by row; 0 outside the plane.
void GatherTap(const PlaneWindow& window, const float* plane, int64_t ky,
               int64_t kx, int64_t begin, int64_t end, float* to);

// A plane with its padding, its rows split by column modulo the stride: what a
// tap meets along an output row is consecutive.
class SplitPlane {
 public:
  SplitPlane(const PlaneWindow& window, float pad);
  void Fill(const float* plane);

  // Row `y` of the plane, all padding where it lies outside. Tap kx starts at
  // Offsets()[kx] of it, and may be read up to a multiple of kVectorColumns.
  const float* Row(int64_t y) const {
    return rows_.data() + (y < 0 || y >= w_.ih ? w_.ih : y) * row_;
  }
  const std::vector<int64_t>& Offsets() const { return offsets_; }

 private:
  PlaneWindow w_;
  int64_t part_;  // length of a row's part of one remainder
  int64_t row_;
  std::vector<int64_t> offsets_;
  Scratch rows_;
};

}  // namespace tpuc::interpreter
