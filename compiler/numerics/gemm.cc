// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "compiler/numerics/float_format.h"
#include "compiler/numerics/simd.h"

namespace tpuc::numerics {
namespace {

// 2^exponent as a double, for -1022 <= exponent <= 1023.
double PowerOfTwo(int exponent) {
  const uint64_t bits = static_cast<uint64_t>(exponent + 1023) << 52;
  double value;
  std::memcpy(&value, &bits, 8);
  return value;
}

// acc[t] += x[t] * w over k, alternating between even and odd accumulators.
void AlternatingScalar(const float* tile, const float* w, int64_t k,
                       float* even, float* odd) {
  for (int64_t i = 0; i < k; ++i) {
    float* acc = (i & 1) != 0 ? odd : even;
    for (int64_t t = 0; t < kTile; ++t) {
      const float product = tile[i * kTile + t] * w[i];
      acc[t] = acc[t] + product;
    }
  }
}

void AlignedScalar(const float* tile, const float* w,
                   const std::vector<int64_t>& ends, float* acc) {
  int64_t begin = 0;
  for (int64_t end : ends) {
    for (int64_t t = 0; t < kTile; ++t) {
      acc[t] +=
          AlignedSum(tile + begin * kTile + t, kTile, w + begin, end - begin);
    }
    begin = end;
  }
}

void PairsScalar(const int16_t* tile, const int16_t* w, int64_t pairs,
                 int32_t* acc) {
  for (int64_t i = 0; i < pairs; ++i) {
    for (int64_t t = 0; t < kTile; ++t) {
      const int16_t* x = tile + (i * kTile + t) * 2;
      const int32_t sum = x[0] * w[2 * i] + x[1] * w[2 * i + 1];
      acc[t] = static_cast<int32_t>(static_cast<uint32_t>(acc[t]) +
                                    static_cast<uint32_t>(sum));
    }
  }
}

#if TPUC_HAVE_AVX2
TPUC_BEGIN_AVX2

// kRows rows of the left operand at once; acc[row][even/odd][kTile].
template <int kRows>
void AlternatingAvx2(const float* tile, const float* w, int64_t k,
                     float* acc_memory) {
  __m256 acc[kRows][2][2];
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < 2; ++p) {
      for (int v = 0; v < 2; ++v) {
        acc[r][p][v] =
            _mm256_loadu_ps(acc_memory + (r * 2 + p) * kTile + v * 8);
      }
    }
  }
  const auto term = [&](int64_t i, int p) __attribute__((always_inline)) {
    const __m256 x0 = _mm256_loadu_ps(tile + i * kTile);
    const __m256 x1 = _mm256_loadu_ps(tile + i * kTile + 8);
    for (int r = 0; r < kRows; ++r) {
      const __m256 b = _mm256_broadcast_ss(w + r * k + i);
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

// Smallest biased exponent of the largest product for which both scale
// factors are normal numbers.
constexpr int kLowestExponent = 25;

void AlignedAvx2(const float* tile, const float* w,
                 const std::vector<int64_t>& ends, float* acc) {
  alignas(32) float products[kAlignedGroup][kTile];
  const __m256i magnitude = _mm256_set1_epi32(0x7FFFFFFF);
  const __m256i lowest = _mm256_set1_epi32(kLowestExponent);
  const __m256i up_bias = _mm256_set1_epi32(278);
  const __m256i down_bias = _mm256_set1_epi32(24);
  __m256 acc0 = _mm256_loadu_ps(acc), acc1 = _mm256_loadu_ps(acc + 8);
  int64_t begin = 0;
  for (int64_t end : ends) {
    const int64_t count = end - begin;
    const float* x = tile + begin * kTile;
    __m256i max0 = _mm256_setzero_si256(), max1 = _mm256_setzero_si256();
    for (int64_t i = 0; i < count; ++i) {
      const __m256 b = _mm256_broadcast_ss(w + begin + i);
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
        static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(bad1)))
            << 8;
    const __m256i c0 = _mm256_max_epi32(e0, lowest);
    const __m256i c1 = _mm256_max_epi32(e1, lowest);
    const __m256 up0 = _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_sub_epi32(up_bias, c0), 23));
    const __m256 up1 = _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_sub_epi32(up_bias, c1), 23));
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
    __m256 g0 = _mm256_mul_ps(_mm256_cvtepi32_ps(sum0), down0);
    __m256 g1 = _mm256_mul_ps(_mm256_cvtepi32_ps(sum1), down1);
    if (bad != 0) {
      alignas(32) float group[kTile];
      _mm256_store_ps(group, g0);
      _mm256_store_ps(group + 8, g1);
      for (int64_t t = 0; t < kTile; ++t) {
        if ((bad >> t & 1) == 0) continue;
        group[t] = AlignedSum(x + t, kTile, w + begin, count);
      }
      g0 = _mm256_load_ps(group);
      g1 = _mm256_load_ps(group + 8);
    }
    acc0 = _mm256_add_ps(acc0, g0);
    acc1 = _mm256_add_ps(acc1, g1);
    begin = end;
  }
  _mm256_storeu_ps(acc, acc0);
  _mm256_storeu_ps(acc + 8, acc1);
}

void PairsAvx2(const int16_t* tile, const int16_t* w, int64_t pairs,
               int32_t* acc) {
  __m256i acc0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(acc));
  __m256i acc1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(acc + 8));
  for (int64_t i = 0; i < pairs; ++i) {
    int32_t pair;
    std::memcpy(&pair, w + 2 * i, 4);
    const __m256i b = _mm256_set1_epi32(pair);
    const __m256i* x = reinterpret_cast<const __m256i*>(tile + i * kTile * 2);
    acc0 = _mm256_add_epi32(acc0, _mm256_madd_epi16(_mm256_loadu_si256(x), b));
    acc1 =
        _mm256_add_epi32(acc1, _mm256_madd_epi16(_mm256_loadu_si256(x + 1), b));
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(acc), acc0);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(acc + 8), acc1);
}

TPUC_END_AVX2
#endif

}  // namespace

float AlignedSum(const float* x, int64_t x_stride, const float* w,
                 int64_t count) {
  float products[kAlignedGroup];
  float largest = 0;
  bool finite = true, up_infinite = false, down_infinite = false;
  for (int64_t i = 0; i < count; ++i) {
    // Exact but for overflow and underflow: 8 or 11 significant bits each.
    products[i] = x[i * x_stride] * w[i];
    if (!std::isfinite(products[i])) finite = false;
    largest = std::max(largest, std::fabs(products[i]));
  }
  if (!finite) {
    // Infinities decide; a NaN beside one is ignored.
    const float infinity = std::numeric_limits<float>::infinity();
    for (int64_t i = 0; i < count; ++i) {
      up_infinite |= products[i] == infinity;
      down_infinite |= products[i] == -infinity;
    }
    if (up_infinite && !down_infinite) return infinity;
    if (down_infinite && !up_infinite) return -infinity;
    return BitsFloat(0xFFC00000);
  }
  if (largest == 0) return 0.0f;
  const int exponent = static_cast<int>(FloatBits(largest) >> 23) - 127;
  const double up = PowerOfTwo(24 - exponent);
  int64_t sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    sum += static_cast<int64_t>(static_cast<double>(products[i]) * up);
  }
  // Rounding to f32 happens once; the scaling is exact in double.
  return static_cast<float>(static_cast<double>(sum) *
                            PowerOfTwo(exponent - 24));
}

void FloatGemm::RunTiles(int64_t begin, int64_t end) const {
  const ScopedFlushDenormals flush;
  std::vector<float> tile(static_cast<size_t>(std::max<int64_t>(k_, 1)) *
                          kTile);
  const int lead_terms = LeadTerms();
  constexpr int kRows = 2;
  alignas(32) float acc[kRows][2][kTile];
  alignas(32) float lead[kTile];
  for (int64_t index = begin; index < end; ++index) {
    const int64_t n0 = index * kTile;
    const int64_t columns = std::min(kTile, n_ - n0);
    FillTile(n0, columns, tile.data());
    for (int64_t m = 0; m < m_;) {
      const int64_t rows =
          order_ == Order::kAlternating ? std::min<int64_t>(kRows, m_ - m) : 1;
      std::memset(acc, 0, sizeof(acc));
      std::memset(lead, 0, sizeof(lead));
      for (int64_t r = 0; r < rows; ++r) {
        for (int i = 0; i < lead_terms; ++i) {
          Lead(i, m + r, n0, columns, lead);
          float* into = acc[r][order_ == Order::kAlternating ? i & 1 : 0];
          if (order_ == Order::kAlternating) {
            // Each starts its own accumulator, so that -0 stays -0.
            std::copy_n(lead, columns, into);
          } else {
            for (int64_t t = 0; t < columns; ++t) into[t] = into[t] + lead[t];
          }
        }
        if (order_ == Order::kAlternating && (lead_terms & 1) != 0) {
          std::swap_ranges(acc[r][0], acc[r][0] + kTile, acc[r][1]);
        }
      }
      const float* w = left_.data() + m * k_;
#if TPUC_HAVE_AVX2
      if (UseAvx2()) {
        if (order_ == Order::kAligned) {
          AlignedAvx2(tile.data(), w, group_ends_, acc[0][0]);
        } else if (rows == kRows) {
          AlternatingAvx2<kRows>(tile.data(), w, k_, acc[0][0]);
        } else {
          AlternatingAvx2<1>(tile.data(), w, k_, acc[0][0]);
        }
      } else  // NOLINT(readability/braces)
#endif
      {
        for (int64_t r = 0; r < rows; ++r) {
          if (order_ == Order::kAligned) {
            AlignedScalar(tile.data(), w, group_ends_, acc[0][0]);
          } else {
            AlternatingScalar(tile.data(), w + r * k_, k_, acc[r][0],
                              acc[r][1]);
          }
        }
      }
      for (int64_t r = 0; r < rows; ++r) {
        if (order_ == Order::kAlternating) {
          for (int64_t t = 0; t < kTile; ++t) {
            acc[r][0][t] = acc[r][0][t] + acc[r][1][t];
          }
        }
        Store(m + r, n0, columns, acc[r][0]);
      }
      m += rows;
    }
  }
}

void IntegerGemm::RunTiles(int64_t begin, int64_t end) const {
  std::vector<int16_t> tile(static_cast<size_t>(k_pairs_) * kTile * 2);
  alignas(32) int32_t acc[kTile];
  for (int64_t index = begin; index < end; ++index) {
    const int64_t n0 = index * kTile;
    const int64_t columns = std::min(kTile, n_ - n0);
    FillTile(n0, columns, tile.data());
    for (int64_t m = 0; m < m_; ++m) {
      const int16_t* w = left_.data() + m * k_pairs_ * 2;
      std::memset(acc, 0, sizeof(acc));
#if TPUC_HAVE_AVX2
      if (UseAvx2()) {
        PairsAvx2(tile.data(), w, k_pairs_, acc);
      } else  // NOLINT(readability/braces)
#endif
      {
        PairsScalar(tile.data(), w, k_pairs_, acc);
      }
      Store(m, n0, columns, acc);
    }
  }
}

}  // namespace tpuc::numerics
