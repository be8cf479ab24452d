// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"
#include "runtime/preprocess/preprocess.h"

namespace tpuc {

struct InputInfo {
  std::string name;
  std::vector<int64_t> shape;
  std::optional<Preprocessing> preprocessing;  // how it is made of an image
};

// Gives `how` to every input that it fits; when there is none, an error says
// why the first is none.
absl::Status SetPreprocessing(const Preprocessing& how,
                              std::vector<InputInfo>* inputs);

// Whether `files`, as in ReadInputs, has an image among them.
bool HasImages(const std::string& files);

// Reads what --test_input and --input name: one .npz with an array for each
// input by name (or the only one, when the model has one input), or files in
// the order of the inputs, separated by commas: .npy, or anything else as an
// image (PNG, JPEG). For one input, the images of its batch, or one image for
// all of it. Values become f32.
// Errors name the file and the input; a shape must have the input's element
// count.
absl::StatusOr<TensorMap> ReadInputs(const std::string& files,
                                     const std::vector<InputInfo>& inputs);

}  // namespace tpuc
