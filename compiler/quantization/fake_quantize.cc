// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/fake_quantize.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tpuc::quantization {

void FakeQuantize(const float* values, int64_t count, float threshold,
                  bool is_signed, float* result) {
  const float levels = is_signed ? 127 : 255;
  const float lowest = is_signed ? -128 : 0;
  const float step = threshold / levels;
  const float inverse = levels / threshold;
  for (int64_t i = 0; i < count; ++i) {
    const float scaled =
        std::min(std::max(values[i] * inverse, lowest), levels);
    const int32_t level =
        static_cast<int32_t>(scaled + (scaled < 0 ? -0.5f : 0.5f));
    result[i] = static_cast<float>(level) * step;
  }
}

Tensor FakeQuantizeChannels(const Tensor& weights, int64_t axis) {
  const std::vector<int64_t>& shape = weights.shape();
  int64_t inner = 1;
  for (int64_t d = axis + 1; d < weights.rank(); ++d) inner *= shape[d];
  const int64_t channels = shape[axis];
  const int64_t outer =
      weights.NumElements() / std::max<int64_t>(1, inner * channels);
  Tensor result(DType::kF32, shape);
  const float* from = weights.data<float>();
  float* to = result.data<float>();
  for (int64_t c = 0; c < channels; ++c) {
    float most = 0;
    for (int64_t o = 0; o < outer; ++o) {
      const float* row = from + (o * channels + c) * inner;
      for (int64_t i = 0; i < inner; ++i)
        most = std::max(most, std::fabs(row[i]));
    }
    if (most == 0) continue;
    for (int64_t o = 0; o < outer; ++o) {
      const int64_t begin = (o * channels + c) * inner;
      FakeQuantize(from + begin, inner, most, /*is_signed=*/true, to + begin);
    }
  }
  return result;
}

double SquaredDistance(const float* a, const float* b, int64_t count) {
  double sums[4] = {};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int k = 0; k < 4; ++k) {
      const double difference = static_cast<double>(a[i + k]) - b[i + k];
      sums[k] += difference * difference;
    }
  }
  for (; i < count; ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sums[0] += difference * difference;
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace tpuc::quantization
