// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"

namespace tpuc {

struct InputInfo {
  std::string name;
  std::vector<int64_t> shape;
};

// Reads what --test_input and --input name: one .npz with an array for each
// input by name (or the only one, when the model has one input), or .npy files
// in the order of the inputs, separated by commas. Values become f32. Errors
// name the file and the input; a shape must have the input's element count.
absl::StatusOr<TensorMap> ReadInputs(const std::string& files,
                                     const std::vector<InputInfo>& inputs);

}  // namespace tpuc
