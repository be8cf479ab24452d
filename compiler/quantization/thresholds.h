// SPDX-License-Identifier: Apache-2.0
// Where a tensor is cut off when it becomes an 8-bit integer.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/quantization/statistics.h"

namespace tpuc::quantization {

enum class Method {
  // The least Kullback-Leibler divergence of the distribution in 128 levels
  // from the one that is not quantized (manual, 7.3.1).
  kKld,
  // 99.99 % of the values lie below.
  kPercentile9999,
  // The largest magnitude.
  kMax,
  // The least sum of squared errors.
  kMse,
};

// "kld" (or the vendor's "kl", "use_kl"), "percentile9999", "max", "mse" (or
// with "use_" in front); an error lists them.
absl::StatusOr<Method> ParseMethod(absl::string_view text);
const char* Name(Method method);

// How many levels of an 8-bit integer there are above 0: a tensor that is
// nowhere negative takes an unsigned one.
inline int64_t LevelsOf(float min) { return min < 0 ? 127 : 255; }

// The threshold, greater than 0 and at most tensor.AbsMax(). `bins`, from
// kLeastBins to kMostBins, is the histogram's size. The tensor must not be
// IsZero().
inline constexpr int64_t kLeastBins = 128;
inline constexpr int64_t kMostBins = TensorStatistics::kBins / 2;
float ThresholdOf(const TensorStatistics& tensor, Method method, int64_t bins);

}  // namespace tpuc::quantization
