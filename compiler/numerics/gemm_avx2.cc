// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "compiler/numerics/gemm_kernels.h"
#include "compiler/numerics/simd.h"

#if TPUC_HAVE_X86
namespace tpuc::numerics {
namespace {
TPUC_BEGIN_AVX2

template <int kRows>
void AlternatingRows(const float* tile, const float* w, int64_t w_stride,
                     int64_t k, float* acc_memory) {
  __m256 acc[kRows][2][2];
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < 2; ++p) {
      for (int v = 0; v < 2; ++v) {
        acc[r][p][v] =
            _mm256_loadu_ps(acc_memory + (r * 2 + p) * kTile + v * 8);
      }
    }
  }
  const auto term = [&](int64_t i, int p) TPUC_INLINE_LOOP {
    const __m256 x0 = _mm256_loadu_ps(tile + i * kTile);
    const __m256 x1 = _mm256_loadu_ps(tile + i * kTile + 8);
    for (int r = 0; r < kRows; ++r) {
      const __m256 b = _mm256_broadcast_ss(w + r * w_stride + i);
      acc[r][p][0] = _mm256_add_ps(acc[r][p][0], _mm256_mul_ps(x0, b));
      acc[r][p][1] = _mm256_add_ps(acc[r][p][1], _mm256_mul_ps(x1, b));
    }
  };
  int64_t i = 0;
  for (; i + 2 <= k; i += 2) {
    term(i, 0);
    term(i + 1, 1);
  }
  if (i < k) term(i, 0);
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < 2; ++p) {
      for (int v = 0; v < 2; ++v) {
        _mm256_storeu_ps(acc_memory + (r * 2 + p) * kTile + v * 8,
                         acc[r][p][v]);
      }
    }
  }
}

void Alternating(const float* tile, const float* w, int64_t w_stride, int64_t k,
                 int64_t rows, float* acc) {
  int64_t r = 0;
  for (; r + 2 <= rows; r += 2) {
    AlternatingRows<2>(tile, w + r * w_stride, w_stride, k,
                       acc + r * 2 * kTile);
  }
  if (r < rows) {
    AlternatingRows<1>(tile, w + r * w_stride, w_stride, k,
                       acc + r * 2 * kTile);
  }
}

// One group of one row: the f32 sums of 8 columns each in g0 and g1.
void AlignedGroup(const float* x, const float* w, int64_t count, __m256& g0,
                  __m256& g1) {
  alignas(32) float products[kAlignedGroup][kTile];
  const __m256i magnitude = _mm256_set1_epi32(0x7FFFFFFF);
  const __m256i lowest = _mm256_set1_epi32(kLowestExponent);
  const __m256i up_bias = _mm256_set1_epi32(278);
  const __m256i down_bias = _mm256_set1_epi32(24);
  __m256i max0 = _mm256_setzero_si256(), max1 = _mm256_setzero_si256();
  for (int64_t i = 0; i < count; ++i) {
    const __m256 b = _mm256_broadcast_ss(w + i);
    const __m256 p0 = _mm256_mul_ps(_mm256_loadu_ps(x + i * kTile), b);
    const __m256 p1 = _mm256_mul_ps(_mm256_loadu_ps(x + i * kTile + 8), b);
    _mm256_store_ps(products[i], p0);
    _mm256_store_ps(products[i] + 8, p1);
    max0 = _mm256_max_epi32(
        max0, _mm256_and_si256(_mm256_castps_si256(p0), magnitude));
    max1 = _mm256_max_epi32(
        max1, _mm256_and_si256(_mm256_castps_si256(p1), magnitude));
  }
  const __m256i e0 = _mm256_srli_epi32(max0, 23);
  const __m256i e1 = _mm256_srli_epi32(max1, 23);
  // Infinite or NaN, or so small that a scale factor would leave the format.
  // A largest product of zero (exponent 0) gives a zero sum either way.
  const __m256i infinite = _mm256_set1_epi32(255);
  const __m256i zero = _mm256_setzero_si256();
  const __m256i bad0 =
      _mm256_or_si256(_mm256_cmpeq_epi32(e0, infinite),
                      _mm256_and_si256(_mm256_cmpgt_epi32(lowest, e0),
                                       _mm256_cmpgt_epi32(e0, zero)));
  const __m256i bad1 =
      _mm256_or_si256(_mm256_cmpeq_epi32(e1, infinite),
                      _mm256_and_si256(_mm256_cmpgt_epi32(lowest, e1),
                                       _mm256_cmpgt_epi32(e1, zero)));
  const uint32_t bad =
      static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(bad0))) |
      static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(bad1))) << 8;
  const __m256i c0 = _mm256_max_epi32(e0, lowest);
  const __m256i c1 = _mm256_max_epi32(e1, lowest);
  const __m256 up0 =
      _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_sub_epi32(up_bias, c0), 23));
  const __m256 up1 =
      _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_sub_epi32(up_bias, c1), 23));
  __m256i sum0 = _mm256_setzero_si256(), sum1 = _mm256_setzero_si256();
  for (int64_t i = 0; i < count; ++i) {
    sum0 = _mm256_add_epi32(sum0, _mm256_cvttps_epi32(_mm256_mul_ps(
                                      _mm256_load_ps(products[i]), up0)));
    sum1 = _mm256_add_epi32(sum1, _mm256_cvttps_epi32(_mm256_mul_ps(
                                      _mm256_load_ps(products[i] + 8), up1)));
  }
  const __m256 down0 = _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_sub_epi32(c0, down_bias), 23));
  const __m256 down1 = _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_sub_epi32(c1, down_bias), 23));
  g0 = _mm256_mul_ps(_mm256_cvtepi32_ps(sum0), down0);
  g1 = _mm256_mul_ps(_mm256_cvtepi32_ps(sum1), down1);
  if (bad != 0) {
    alignas(32) float group[kTile];
    _mm256_store_ps(group, g0);
    _mm256_store_ps(group + 8, g1);
    RedoColumns(bad, x, w, count, group);
    g0 = _mm256_load_ps(group);
    g1 = _mm256_load_ps(group + 8);
  }
}

void Aligned(const float* tile, const float* w, int64_t w_stride,
             const std::vector<int64_t>& group_ends, int64_t rows, bool,
             float* acc) {
  int64_t begin = 0;
  for (int64_t end : group_ends) {
    for (int64_t r = 0; r < rows; ++r) {
      __m256 g0, g1;
      AlignedGroup(tile + begin * kTile, w + r * w_stride + begin, end - begin,
                   g0, g1);
      float* into = acc + r * kTile;
      _mm256_storeu_ps(into, _mm256_add_ps(_mm256_loadu_ps(into), g0));
      _mm256_storeu_ps(into + 8, _mm256_add_ps(_mm256_loadu_ps(into + 8), g1));
    }
    begin = end;
  }
}

template <int kRows>
void PairsRows(const int16_t* tile, const int16_t* w, int64_t w_stride,
               int64_t pairs, int32_t* acc_memory) {
  __m256i acc[kRows][2];
  __m256i* memory = reinterpret_cast<__m256i*>(acc_memory);
  for (int r = 0; r < kRows; ++r) {
    acc[r][0] = _mm256_loadu_si256(memory + 2 * r);
    acc[r][1] = _mm256_loadu_si256(memory + 2 * r + 1);
  }
  for (int64_t i = 0; i < pairs; ++i) {
    const __m256i* x = reinterpret_cast<const __m256i*>(tile + i * kTile * 2);
    const __m256i x0 = _mm256_loadu_si256(x), x1 = _mm256_loadu_si256(x + 1);
    for (int r = 0; r < kRows; ++r) {
      int32_t pair;
      std::memcpy(&pair, w + r * w_stride + 2 * i, 4);
      const __m256i b = _mm256_set1_epi32(pair);
      acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(x0, b));
      acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(x1, b));
    }
  }
  for (int r = 0; r < kRows; ++r) {
    _mm256_storeu_si256(memory + 2 * r, acc[r][0]);
    _mm256_storeu_si256(memory + 2 * r + 1, acc[r][1]);
  }
}

void Pairs(const int16_t* tile, const int16_t* w, int64_t w_stride,
           int64_t pairs, int64_t rows, int32_t* acc) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    PairsRows<4>(tile, w + r * w_stride, w_stride, pairs, acc + r * kTile);
  }
  for (; r < rows; ++r) {
    PairsRows<1>(tile, w + r * w_stride, w_stride, pairs, acc + r * kTile);
  }
}

TPUC_END_AVX2
}  // namespace

GemmKernels Avx2GemmKernels() { return {Alternating, Aligned, Pairs}; }

}  // namespace tpuc::numerics
#endif
