// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "compiler/support/tensor.h"

namespace tpuc {

// How much the elements of a tensor differ from each other. Two tensors that
// hardly vary are alike whatever computed them, so that comparing them shows
// nothing.
struct Spread {
  int64_t count = 0;
  int64_t distinct = 0;  // different values; all NaN are one
  double deviation = 0;  // standard deviation
};

Spread SpreadOf(const Tensor& tensor);

struct SpreadOptions {
  // A tensor of fewer elements needs as many different values as it has
  // elements.
  int64_t min_distinct = 100;
  double min_deviation = 1e-3;
  std::set<std::string> excepts;  // names that are left out
};

// Fails when there is no tensor, and names the first one that varies less than
// asked for.
absl::Status CheckSpread(const TensorMap& tensors,
                         const SpreadOptions& options);

}  // namespace tpuc
