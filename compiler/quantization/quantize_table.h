// SPDX-License-Identifier: Apache-2.0
// Which operators are computed in another arithmetic than the rest (manual,
// chapter 8.2):
//
//   # comment
//   NAME MODE
//
// NAME is that of the operator's result, MODE is F32, F16, BF16 or INT8.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tpuc::quantization {

// Mode by name, in capitals.
using QuantizeTable = std::map<std::string, std::string>;

// Errors name `file` and the line.
absl::StatusOr<QuantizeTable> ParseQuantizeTable(absl::string_view text,
                                                 const std::string& file);
absl::StatusOr<QuantizeTable> ReadQuantizeTable(const std::string& path);

}  // namespace tpuc::quantization
