// SPDX-License-Identifier: Apache-2.0
// Internal to numerics: the innermost loops of gemm.h, for each vector level.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/numerics/gemm.h"

namespace tpuc::numerics {

// Rows of the left operand that a kernel takes at most.
constexpr int64_t kMaxRows = 8;

// Each accumulates `rows` rows of the left operand, w + r * w_stride, against
// one tile. Callers hold a ScopedFlushDenormals for the float ones.
struct GemmKernels {
  // tile[k][kTile]; acc[rows][2][kTile] for even and odd terms.
  void (*alternating)(const float* tile, const float* w, int64_t w_stride,
                      int64_t k, int64_t rows, float* acc);
  // tile[k][kTile]; acc[rows][kTile]. `finite`: neither tile nor rows hold
  // infinities or NaN.
  void (*aligned)(const float* tile, const float* w, int64_t w_stride,
                  const std::vector<int64_t>& group_ends, int64_t rows,
                  bool finite, float* acc);
  // tile[pairs][kTile][2]; acc[rows][kTile], modulo 2^32.
  void (*pairs)(const int16_t* tile, const int16_t* w, int64_t w_stride,
                int64_t pairs, int64_t rows, int32_t* acc);
};

// Those of the vector level in use.
GemmKernels CurrentGemmKernels();

GemmKernels ScalarGemmKernels();
GemmKernels Avx2GemmKernels();
GemmKernels Avx512GemmKernels(bool vnni);

// Smallest biased exponent of a group's largest product for which the vector
// kernels' scale factors, both 2^(24-e) and 2^(e-24), are normal numbers.
constexpr int kLowestExponent = 25;

// Of the columns in `mask`, replaces the sum of a group by AlignedSum().
void RedoColumns(uint32_t mask, const float* tile, const float* w,
                 int64_t count, float* group);

}  // namespace tpuc::numerics
