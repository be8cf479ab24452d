// SPDX-License-Identifier: Apache-2.0
// Values that flags of several tools have.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tpuc {

// "[[1,3,48,192],[1,2]]" -> {{1,3,48,192},{1,2}}; one list may lack the outer
// brackets.
absl::StatusOr<std::vector<std::vector<int64_t>>> ParseShapes(
    absl::string_view text);

// "0.99,0.95" -> {0.99, 0.95}; one number stands for both.
absl::StatusOr<std::pair<double, double>> ParseTolerance(
    absl::string_view text);

// "a,b" -> {"a", "b"}; no empty names.
std::vector<std::string> SplitNames(absl::string_view text);

}  // namespace tpuc
