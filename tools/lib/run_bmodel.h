// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"

namespace tpuc {

// Runs the first net of a .bmodel on the simulator. `files` is as in
// ReadInputs; values are rounded to the types of the net's inputs, and integer
// inputs must be given as integers in range. Results of f16 and bf16 become
// f32, which holds them exactly. `order` gets the names of the results: inputs
// and intermediate tensors in the order of the file's list, then outputs.
absl::StatusOr<TensorMap> RunBmodel(const std::string& path,
                                    const std::string& files, bool all_tensors,
                                    std::vector<std::string>* order);

}  // namespace tpuc
