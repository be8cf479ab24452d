// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/support/command_line.h"

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

// The flags of tools that run a network on a data set.
class SampleFlags {
 public:
  void Declare(CommandLine& line);
  bool AreGiven() const { return !dataset_.empty() || !data_list_.empty(); }
  // The samples, the first --input_num of them; `tool` is for notes on the
  // standard error. An error when both flags are given, or none.
  absl::StatusOr<std::vector<std::string>> Read(const char* tool) const;

 private:
  std::string dataset_, data_list_, input_num_;
};

// The number that a flag has.
absl::StatusOr<int64_t> FlagNumber(const char* flag, const std::string& text,
                                   int64_t least, int64_t most);

}  // namespace tpuc
