// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tpuc {

// The samples of a data set, each as ReadInputs (model_inputs.h) takes it.

// The images (.png, .jpg, .jpeg) and arrays (.npy, .npz) in a folder, by name.
// `others` gets the names of all that is none, but hidden files. A folder
// without samples is an error.
absl::StatusOr<std::vector<std::string>> SamplesInFolder(
    const std::string& folder, std::vector<std::string>* others);

// A sample a line: one file, or one for each input, separated by commas. Empty
// lines and those that start with # are left out.
absl::StatusOr<std::vector<std::string>> SamplesInList(const std::string& file);

}  // namespace tpuc
