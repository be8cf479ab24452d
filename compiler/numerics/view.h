// SPDX-License-Identifier: Apache-2.0
// Views of 4-D operands that serve host tensors and lane memory alike.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/support/dtype.h"

namespace tpuc::numerics {

// [n, c, h, w]
struct Shape4 {
  int64_t n = 1, c = 1, h = 1, w = 1;
  int64_t NumElements() const { return n * c * h * w; }
};

// Element (n, c, h, w) lies n*n_stride + h*h_stride + w*w_stride elements
// behind channel[c]. Stride 0 broadcasts; broadcasting along c is a list of
// equal pointers. The caller keeps the pointers' owner alive.
template <typename Pointer>
struct BasicPlanes {
  std::vector<Pointer> channel;
  int64_t n_stride = 0;
  int64_t h_stride = 0;
  int64_t w_stride = 0;
};
using Planes = BasicPlanes<const void*>;
using MutablePlanes = BasicPlanes<void*>;

inline Planes ToConst(const MutablePlanes& p) {
  return {
      {p.channel.begin(), p.channel.end()}, p.n_stride, p.h_stride, p.w_stride};
}

// Views of a dense row-major host tensor [n, c, h, w].
MutablePlanes DensePlanes(void* data, DType type, const Shape4& shape);
Planes DensePlanes(const void* data, DType type, const Shape4& shape);
// A dense tensor each of whose extents is either shape's or 1 (repeated).
Planes BroadcastPlanes(const void* data, DType type, const Shape4& own,
                       const Shape4& shape);
// One value for all elements.
Planes SplatPlanes(const void* value, int64_t channels);

// Element (i, j) lies row[i] + col[j] bytes behind base. Serves both matrix
// layouts of the chip (b "MM matrices", "MM2 matrices") and host matrices.
struct MatrixView {
  const void* base = nullptr;
  std::vector<int64_t> row;
  std::vector<int64_t> col;
};
struct MutableMatrixView {
  void* base = nullptr;
  std::vector<int64_t> row;
  std::vector<int64_t> col;
};
// Views of a dense row-major rows x cols matrix.
MatrixView DenseMatrix(const void* data, DType type, int64_t rows,
                       int64_t cols);
MutableMatrixView DenseMatrix(void* data, DType type, int64_t rows,
                              int64_t cols);
// The same matrix with rows and columns exchanged.
MatrixView Transposed(MatrixView m);

}  // namespace tpuc::numerics
