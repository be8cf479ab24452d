// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/spread.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_format.h"
#include "compiler/support/similarity.h"

namespace tpuc {

Spread SpreadOf(const Tensor& tensor) {
  Spread spread;
  std::vector<double> values = ToDouble(tensor);
  spread.count = static_cast<int64_t>(values.size());
  if (values.empty()) return spread;
  double mean = 0, squares = 0;
  for (double v : values) mean += v / static_cast<double>(values.size());
  for (double v : values) squares += (v - mean) * (v - mean);
  spread.deviation = std::sqrt(squares / static_cast<double>(values.size()));
  // NaN has no place in an order.
  const auto numbers = std::partition(values.begin(), values.end(),
                                      [](double v) { return v == v; });
  std::sort(values.begin(), numbers);
  spread.distinct = std::unique(values.begin(), numbers) - values.begin() +
                    (numbers != values.end() ? 1 : 0);
  return spread;
}

absl::Status CheckSpread(const TensorMap& tensors,
                         const SpreadOptions& options) {
  int64_t checked = 0;
  for (const auto& [name, tensor] : tensors) {
    if (options.excepts.count(name) != 0) continue;
    ++checked;
    const Spread spread = SpreadOf(tensor);
    // Written so that a deviation that is not a number fails.
    if (spread.distinct >= std::min(options.min_distinct, spread.count) &&
        spread.deviation >= options.min_deviation) {
      continue;
    }
    return absl::FailedPreconditionError(absl::StrFormat(
        "'%s' hardly varies: %d different values among %d, standard deviation "
        "%g; %d and %g are the least. Comparisons of such a tensor show "
        "nothing: take another input, or end the network before a softmax",
        name, spread.distinct, spread.count, spread.deviation,
        std::min(options.min_distinct, spread.count), options.min_deviation));
  }
  if (checked > 0) return absl::OkStatus();
  return absl::FailedPreconditionError("there is no tensor to check");
}

}  // namespace tpuc
