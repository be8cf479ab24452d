// SPDX-License-Identifier: Apache-2.0
// Sums of products of f32, in one order of operations.
//
// An element is summed over its terms in blocks of kGemmBlock, ascending. In a
// block a chain of fused multiply-adds starts at zero; then the block's sum is
// added to the element. Vectors hold different elements, never terms of one, so
// that the result is the same bits at every vector level, for any tiling, and
// alone or as a part of a larger product.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace tpuc::interpreter {

inline constexpr int64_t kGemmBlock = 128;
// Rows of the left operand that lie interleaved: [ceil(m / kTileRows)][k]
// [kTileRows], zeros behind the last row.
inline constexpr int64_t kTileRows = 8;
// Columns of the right operand that lie together. A block of `terms` terms is
// [ceil(n / kPanelColumns)][terms][kPanelColumns].
inline constexpr int64_t kPanelColumns = 48;
// Columns behind the last one must be readable up to a multiple of this many.
inline constexpr int64_t kVectorColumns = 16;

// Uninitialised floats, 64-byte aligned.
class Scratch {
 public:
  explicit Scratch(int64_t count)
      : data_(static_cast<float*>(std::aligned_alloc(
            64,
            (static_cast<size_t>(count) * sizeof(float) + 127) / 64 * 64))) {
    if (data_ == nullptr) std::abort();
  }
  float* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float, Free> data_;
};

inline int64_t PackedRows(int64_t m) {
  return (m + kTileRows - 1) / kTileRows * kTileRows;
}
inline int64_t PackedColumns(int64_t n) {
  return (n + kPanelColumns - 1) / kPanelColumns * kPanelColumns;
}

// Packs the left operand a[i * row_stride + t * term_stride], i < m, t < k.
void PackLeft(int64_t m, int64_t k, const float* a, int64_t row_stride,
              int64_t term_stride, float* packed);
// Packs all of the right operand b[t * term_stride + j * column_stride], t < k,
// j < n, block by block; a block starts at its first term * PackedColumns(n).
void PackRight(int64_t n, int64_t k, const float* b, int64_t term_stride,
               int64_t column_stride, float* packed);

// c[i][j] += the sum over one block of terms, i < m, j < n; rows of c lie ldc
// apart. `left` is a packed operand of `k` terms at the block's first one:
// packed + first * kTileRows.
void AddBlock(int64_t m, int64_t n, int64_t terms, const float* left, int64_t k,
              const float* right, float* c, int64_t ldc);

// c[i][j] += the sum over all k terms of packed operands.
void AddProduct(int64_t m, int64_t n, int64_t k, const float* left,
                const float* right, float* c, int64_t ldc);

// One row of a depthwise convolution, n elements: out[x] = bias + the sum of
// taps[i * columns + j] * rows[i][offsets[j] + x], as a block of the terms
// (i, j) gives it. Rows must be readable up to a multiple of kVectorColumns.
struct TapWindow {
  int64_t rows, columns;
  const float* const* row;  // one pointer a row
  const int64_t* offset;    // one a column
  const float* taps;
};
void ConvolveRow(const TapWindow& window, float bias, int64_t n, float* out);

}  // namespace tpuc::interpreter
