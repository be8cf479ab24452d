// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/lib/model_inputs.h"

namespace tpuc {

// What an .onnx file says of its inputs, for `num_files` images. Where it
// leaves an extent open: the batch of an only input is `num_files`, height and
// width are the size that `how` resizes to, all others are errors.
absl::StatusOr<std::vector<InputInfo>> OnnxInputs(
    const std::string& path, size_t num_files,
    const std::optional<Preprocessing>& how);

}  // namespace tpuc
