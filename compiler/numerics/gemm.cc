// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "compiler/numerics/float_format.h"
#include "compiler/numerics/gemm_kernels.h"
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

bool AllFinite(const float* x, int64_t count) {
  uint32_t largest = 0;
  Vectorized([&]() TPUC_INLINE_LOOP {
    uint32_t found = 0;
    for (int64_t i = 0; i < count; ++i) {
      found = std::max(found, FloatBits(x[i]) & 0x7FFFFFFF);
    }
    largest = found;
  });
  return largest < 0x7F800000;
}

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
  return RoundToF32(static_cast<double>(sum) * PowerOfTwo(exponent - 24));
}

void FloatGemm::SetLeft(std::vector<float> left) {
  left_ = std::move(left);
  left_finite_ = AllFinite(left_.data(), static_cast<int64_t>(left_.size()));
}

// Fills in what the accumulators of row m start from: acc[2][kTile] for
// kAlternating, else acc[kTile].
void FloatGemm::Start(int64_t m, int64_t n0, int64_t columns,
                      float* acc) const {
  const int terms = LeadTerms();
  if (order_ == Order::kAligned) {
    std::fill_n(acc, kTile, 0.0f);
    float lead[kTile] = {};
    for (int i = 0; i < terms; ++i) {
      Lead(i, m, n0, columns, lead);
      for (int64_t t = 0; t < columns; ++t) acc[t] = acc[t] + lead[t];
    }
    return;
  }
  // Each term starts its own accumulator, so that -0 stays -0. After one term
  // the first product goes to the second accumulator, which is kept in front.
  std::fill_n(acc, 2 * kTile, 0.0f);
  for (int i = 0; i < terms; ++i) {
    Lead(i, m, n0, columns, acc + ((i + terms) & 1) * kTile);
  }
}

void FloatGemm::RunTiles(int64_t begin, int64_t end) const {
  const ScopedFlushDenormals flush;
  const GemmKernels kernels = CurrentGemmKernels();
  const int64_t depth = std::max<int64_t>(k_, 1);
  std::vector<float> tile(static_cast<size_t>(depth * kTile));
  const bool alternating = order_ == Order::kAlternating;
  const int64_t step = alternating ? 2 * kTile : kTile;
  alignas(64) float acc[kMaxRows * 2 * kTile];
  for (int64_t index = begin; index < end; ++index) {
    const int64_t n0 = index * kTile;
    const int64_t columns = std::min(kTile, n_ - n0);
    FillTile(n0, columns, tile.data());
    const bool finite =
        !alternating && left_finite_ && AllFinite(tile.data(), k_ * kTile);
    for (int64_t m = 0; m < m_; m += kMaxRows) {
      const int64_t rows = std::min(kMaxRows, m_ - m);
      for (int64_t r = 0; r < rows; ++r) {
        Start(m + r, n0, columns, acc + r * step);
      }
      const float* w = left_.data() + m * k_;
      if (alternating) {
        kernels.alternating(tile.data(), w, k_, k_, rows, acc);
      } else {
        kernels.aligned(tile.data(), w, k_, group_ends_, rows, finite, acc);
      }
      for (int64_t r = 0; r < rows; ++r) {
        float* sums = acc + r * step;
        if (alternating) {
          for (int64_t t = 0; t < kTile; ++t)
            sums[t] = sums[t] + sums[kTile + t];
        }
        Store(m + r, n0, columns, sums);
      }
    }
  }
}

void IntegerGemm::RunTiles(int64_t begin, int64_t end) const {
  const GemmKernels kernels = CurrentGemmKernels();
  std::vector<int16_t> tile(static_cast<size_t>(k_pairs_) * kTile * 2);
  alignas(64) int32_t acc[kMaxRows * kTile];
  for (int64_t index = begin; index < end; ++index) {
    const int64_t n0 = index * kTile;
    const int64_t columns = std::min(kTile, n_ - n0);
    FillTile(n0, columns, tile.data());
    for (int64_t m = 0; m < m_; m += kMaxRows) {
      const int64_t rows = std::min(kMaxRows, m_ - m);
      std::memset(acc, 0, sizeof(acc));
      kernels.pairs(tile.data(), left_.data() + m * k_pairs_ * 2, k_pairs_ * 2,
                    k_pairs_, rows, acc);
      for (int64_t r = 0; r < rows; ++r) {
        Store(m + r, n0, columns, acc + r * kTile);
      }
    }
  }
}

}  // namespace tpuc::numerics
