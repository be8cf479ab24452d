// SPDX-License-Identifier: Apache-2.0
#include "tools/lib/model_inputs.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/support/flag_values.h"
#include "compiler/support/npz.h"
#include "compiler/support/similarity.h"

namespace tpuc {
namespace {

absl::StatusOr<TensorMap> ReadArchive(const std::string& file,
                                      const std::vector<InputInfo>& inputs) {
  absl::StatusOr<TensorMap> arrays = ReadNpz(file);
  if (!arrays.ok()) return arrays.status();
  if (inputs.size() == 1 && arrays->size() == 1) {
    TensorMap result;
    result.emplace(inputs[0].name, std::move(arrays->begin()->second));
    return result;
  }
  TensorMap result;
  for (const InputInfo& input : inputs) {
    const auto it = arrays->find(input.name);
    if (it == arrays->end()) {
      std::vector<std::string> names;
      for (const auto& [name, tensor] : *arrays) names.push_back(name);
      return absl::NotFoundError(
          absl::StrCat("'", file, "' has no array for the input '", input.name,
                       "'; it has: ", absl::StrJoin(names, ", ")));
    }
    result.emplace(input.name, std::move(it->second));
  }
  return result;
}

absl::StatusOr<TensorMap> ReadArrays(const std::vector<std::string>& files,
                                     const std::vector<InputInfo>& inputs) {
  if (files.size() != inputs.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(files.size(), " .npy files are given, the model has ",
                     inputs.size(), " inputs"));
  }
  TensorMap result;
  for (size_t i = 0; i < files.size(); ++i) {
    if (!absl::EndsWith(files[i], ".npy")) {
      return absl::UnimplementedError(absl::StrCat(
          "'", files[i],
          "': input of this kind is not supported yet; .npz and .npy are"));
    }
    absl::StatusOr<Tensor> tensor = ReadNpy(files[i]);
    if (!tensor.ok()) return tensor.status();
    result.emplace(inputs[i].name, *std::move(tensor));
  }
  return result;
}

}  // namespace

absl::StatusOr<TensorMap> ReadInputs(const std::string& text,
                                     const std::vector<InputInfo>& inputs) {
  const std::vector<std::string> files = SplitNames(text);
  absl::StatusOr<TensorMap> tensors =
      files.size() == 1 && absl::EndsWith(files[0], ".npz")
          ? ReadArchive(files[0], inputs)
          : ReadArrays(files, inputs);
  if (!tensors.ok()) return tensors.status();
  for (const InputInfo& input : inputs) {
    Tensor& tensor = tensors->at(input.name);
    int64_t count = 1;
    for (int64_t d : input.shape) count *= d;
    if (tensor.NumElements() != count) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", text, "': input '", input.name,
                       "' must have shape (", absl::StrJoin(input.shape, ", "),
                       "), found (", absl::StrJoin(tensor.shape(), ", "), ")"));
    }
    tensor = ToFloat(tensor).Reshaped(input.shape);
  }
  return tensors;
}

}  // namespace tpuc
