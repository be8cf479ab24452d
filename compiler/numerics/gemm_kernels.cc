// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/gemm_kernels.h"

#include "compiler/numerics/simd.h"

namespace tpuc::numerics {
namespace {

void Alternating(const float* tile, const float* w, int64_t w_stride, int64_t k,
                 int64_t rows, float* acc) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < k; ++i) {
      float* into = acc + (2 * r + (i & 1)) * kTile;
      for (int64_t t = 0; t < kTile; ++t) {
        const float product =
            Multiply(tile[i * kTile + t], w[r * w_stride + i]);
        into[t] = into[t] + product;
      }
    }
  }
}

void Aligned(const float* tile, const float* w, int64_t w_stride,
             const std::vector<int64_t>& group_ends, int64_t rows, bool,
             float* acc) {
  for (int64_t r = 0; r < rows; ++r) {
    int64_t begin = 0;
    for (int64_t end : group_ends) {
      for (int64_t t = 0; t < kTile; ++t) {
        acc[r * kTile + t] += AlignedSum(tile + begin * kTile + t, kTile,
                                         w + r * w_stride + begin, end - begin);
      }
      begin = end;
    }
  }
}

void Pairs(const int16_t* tile, const int16_t* w, int64_t w_stride,
           int64_t pairs, int64_t rows, int32_t* acc) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < pairs; ++i) {
      const int16_t* b = w + r * w_stride + 2 * i;
      for (int64_t t = 0; t < kTile; ++t) {
        const int16_t* x = tile + (i * kTile + t) * 2;
        const uint32_t sum = static_cast<uint32_t>(x[0] * b[0]) +
                             static_cast<uint32_t>(x[1] * b[1]);
        int32_t& into = acc[r * kTile + t];
        into = static_cast<int32_t>(static_cast<uint32_t>(into) + sum);
      }
    }
  }
}

}  // namespace

GemmKernels ScalarGemmKernels() { return {Alternating, Aligned, Pairs}; }

GemmKernels CurrentGemmKernels() {
#if TPUC_HAVE_X86
  switch (CurrentVectorLevel()) {
    case VectorLevel::kScalar:
      break;
    case VectorLevel::kAvx2:
      return Avx2GemmKernels();
    case VectorLevel::kAvx512:
      return Avx512GemmKernels(/*vnni=*/false);
    case VectorLevel::kAvx512Vnni:
      return Avx512GemmKernels(/*vnni=*/true);
  }
#endif
  return ScalarGemmKernels();
}

void RedoColumns(uint32_t mask, const float* tile, const float* w,
                 int64_t count, float* group) {
  for (int64_t t = 0; t < kTile; ++t) {
    if ((mask >> t & 1) == 0) continue;
    group[t] = AlignedSum(tile + t, kTile, w, count);
  }
}

}  // namespace tpuc::numerics
