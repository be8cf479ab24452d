// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "compiler/numerics/gemm_kernels.h"
#include "compiler/numerics/simd.h"

#if TPUC_HAVE_X86
#define TPUC_VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))

namespace tpuc::numerics {
namespace {

static_assert(kTile == 16, "one vector a tile row");

TPUC_BEGIN_AVX512

template <int kRows>
void AlternatingRows(const float* tile, const float* w, int64_t w_stride,
                     int64_t k, float* memory) {
  __m512 even[kRows], odd[kRows];
  for (int r = 0; r < kRows; ++r) {
    even[r] = _mm512_loadu_ps(memory + 2 * r * kTile);
    odd[r] = _mm512_loadu_ps(memory + (2 * r + 1) * kTile);
  }
  int64_t i = 0;
  for (; i + 2 <= k; i += 2) {
    const __m512 x = _mm512_loadu_ps(tile + i * kTile);
    const __m512 y = _mm512_loadu_ps(tile + (i + 1) * kTile);
    for (int r = 0; r < kRows; ++r) {
      const float* b = w + r * w_stride + i;
      even[r] = _mm512_add_ps(even[r], _mm512_mul_ps(x, _mm512_set1_ps(b[0])));
      odd[r] = _mm512_add_ps(odd[r], _mm512_mul_ps(y, _mm512_set1_ps(b[1])));
    }
  }
  if (i < k) {
    const __m512 x = _mm512_loadu_ps(tile + i * kTile);
    for (int r = 0; r < kRows; ++r) {
      even[r] = _mm512_add_ps(
          even[r], _mm512_mul_ps(x, _mm512_set1_ps(w[r * w_stride + i])));
    }
  }
  for (int r = 0; r < kRows; ++r) {
    _mm512_storeu_ps(memory + 2 * r * kTile, even[r]);
    _mm512_storeu_ps(memory + (2 * r + 1) * kTile, odd[r]);
  }
}

void Alternating(const float* tile, const float* w, int64_t w_stride, int64_t k,
                 int64_t rows, float* acc) {
  int64_t r = 0;
  for (; r + 8 <= rows; r += 8) {
    AlternatingRows<8>(tile, w + r * w_stride, w_stride, k,
                       acc + r * 2 * kTile);
  }
  for (; r + 2 <= rows; r += 2) {
    AlternatingRows<2>(tile, w + r * w_stride, w_stride, k,
                       acc + r * 2 * kTile);
  }
  if (r < rows) {
    AlternatingRows<1>(tile, w + r * w_stride, w_stride, k,
                       acc + r * 2 * kTile);
  }
}

// max(|a|, |b|) of numbers that are no NaN
__m512 Larger(__m512 a, __m512 b) { return _mm512_range_ps(a, b, 0b1011); }

// The sum of a group of `count` products of finite operands.
__m512 AlignedGroup(const float* x, const float* w, int64_t count) {
  __m512 products[kAlignedGroup];
  const auto product = [&](int64_t i) TPUC_INLINE_LOOP {
    products[i] =
        _mm512_mul_ps(_mm512_loadu_ps(x + i * kTile), _mm512_set1_ps(w[i]));
    return products[i];
  };
  // Four chains hide the latencies.
  __m512 m0 = _mm512_setzero_ps(), m1 = m0, m2 = m0, m3 = m0;
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    m0 = Larger(m0, product(i));
    m1 = Larger(m1, product(i + 1));
    m2 = Larger(m2, product(i + 2));
    m3 = Larger(m3, product(i + 3));
  }
  for (; i < count; ++i) m0 = Larger(m0, product(i));
  const __m512i e = _mm512_srli_epi32(
      _mm512_castps_si512(Larger(Larger(m0, m1), Larger(m2, m3))), 23);
  // Overflown, or so small that a scale factor would leave the format. A
  // largest product of zero (exponent 0) gives a zero sum either way.
  const __m512i lowest = _mm512_set1_epi32(kLowestExponent);
  const __mmask16 bad =
      _mm512_cmpeq_epi32_mask(e, _mm512_set1_epi32(255)) |
      _mm512_mask_cmplt_epi32_mask(_mm512_test_epi32_mask(e, e), e, lowest);
  const __m512i c = _mm512_max_epi32(e, lowest);
  const __m512 up = _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_sub_epi32(_mm512_set1_epi32(278), c), 23));
  const auto cut = [&](int64_t k) TPUC_INLINE_LOOP {
    return _mm512_cvttps_epi32(_mm512_mul_ps(products[k], up));
  };
  __m512i s0 = _mm512_setzero_si512(), s1 = s0;
  for (i = 0; i + 4 <= count; i += 4) {
    s0 = _mm512_add_epi32(s0, _mm512_add_epi32(cut(i), cut(i + 1)));
    s1 = _mm512_add_epi32(s1, _mm512_add_epi32(cut(i + 2), cut(i + 3)));
  }
  for (; i < count; ++i) s0 = _mm512_add_epi32(s0, cut(i));
  const __m512 down = _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_sub_epi32(c, _mm512_set1_epi32(24)), 23));
  __m512 group =
      _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(s0, s1)), down);
  if (bad != 0) {
    alignas(64) float redone[kTile];
    _mm512_store_ps(redone, group);
    RedoColumns(bad, x, w, count, redone);
    group = _mm512_load_ps(redone);
  }
  return group;
}

void Aligned(const float* tile, const float* w, int64_t w_stride,
             const std::vector<int64_t>& group_ends, int64_t rows, bool finite,
             float* acc) {
  if (!finite) {
    return Avx2GemmKernels().aligned(tile, w, w_stride, group_ends, rows,
                                     finite, acc);
  }
  int64_t begin = 0;
  for (int64_t end : group_ends) {
    const float* x = tile + begin * kTile;
    for (int64_t r = 0; r < rows; ++r) {
      const float* b = w + r * w_stride + begin;
      float* into = acc + r * kTile;
      _mm512_storeu_ps(into, _mm512_add_ps(_mm512_loadu_ps(into),
                                           AlignedGroup(x, b, end - begin)));
    }
    begin = end;
  }
}

TPUC_END_AVX512

// Pairs of products are added to 32 bits, wrapping.
template <int kRows>
TPUC_VNNI void PairsRows(const int16_t* tile, const int16_t* w,
                         int64_t w_stride, int64_t pairs, int32_t* memory) {
  __m512i acc[kRows];
  for (int r = 0; r < kRows; ++r) {
    acc[r] = _mm512_loadu_si512(memory + r * kTile);
  }
  for (int64_t i = 0; i < pairs; ++i) {
    const __m512i x = _mm512_loadu_si512(tile + i * kTile * 2);
    for (int r = 0; r < kRows; ++r) {
      int32_t pair;
      std::memcpy(&pair, w + r * w_stride + 2 * i, 4);
      acc[r] = _mm512_dpwssd_epi32(acc[r], x, _mm512_set1_epi32(pair));
    }
  }
  for (int r = 0; r < kRows; ++r) {
    _mm512_storeu_si512(memory + r * kTile, acc[r]);
  }
}

TPUC_VNNI void Pairs(const int16_t* tile, const int16_t* w, int64_t w_stride,
                     int64_t pairs, int64_t rows, int32_t* acc) {
  int64_t r = 0;
  for (; r + 8 <= rows; r += 8) {
    PairsRows<8>(tile, w + r * w_stride, w_stride, pairs, acc + r * kTile);
  }
  for (; r + 2 <= rows; r += 2) {
    PairsRows<2>(tile, w + r * w_stride, w_stride, pairs, acc + r * kTile);
  }
  if (r < rows) {
    PairsRows<1>(tile, w + r * w_stride, w_stride, pairs, acc + r * kTile);
  }
}

}  // namespace

GemmKernels Avx512GemmKernels(bool vnni) {
  return {Alternating, Aligned, vnni ? Pairs : Avx2GemmKernels().pairs};
}

}  // namespace tpuc::numerics
#endif
