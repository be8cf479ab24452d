// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"

namespace tpuc {

// How alike two tensors of equal element count are, over all elements.
struct Similarity {
  int64_t count = 0;
  // Elements that are infinite or not a number, on either side.
  int64_t non_finite = 0;
  // Bytes (after conversion to f64) are the same; true implies 1 and 1 below.
  bool equal = false;
  // a.b / (|a| |b|); 1 for two zero tensors, 0 when only one is zero.
  double cosine = 0;
  // 1 - |a-b| / |(a+b)/2|, 2-norms; -infinity when a = -b != 0.
  double euclidean = 0;
  double max_abs_difference = 0;
  int64_t max_abs_difference_index = 0;

  bool Within(double min_cosine, double min_euclidean) const {
    return non_finite == 0 && count > 0 && cosine >= min_cosine &&
           euclidean >= min_euclidean;
  }
};

// Error when element counts differ; shapes and element types may.
absl::StatusOr<Similarity> Compare(const Tensor& a, const Tensor& b);

// The elements as f64, exactly (i64 beyond 2^53 rounds).
std::vector<double> ToDouble(const Tensor& tensor);

// The tensor as kF32 (f16, bf16 and small integers exactly).
Tensor ToFloat(const Tensor& tensor);

}  // namespace tpuc
