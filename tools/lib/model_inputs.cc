// SPDX-License-Identifier: Apache-2.0
#include "tools/lib/model_inputs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
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

bool IsImage(const std::string& file) {
  return !absl::EndsWith(file, ".npz") && !absl::EndsWith(file, ".npy");
}

absl::StatusOr<Tensor> ReadImages(absl::Span<const std::string> files,
                                  const InputInfo& input) {
  if (!input.preprocessing)
    return absl::InvalidArgumentError(absl::StrCat(
        "'", files[0], "' is no .npz or .npy file, and how input '", input.name,
        "' is made of an image is not known: give --pixel_format, --mean, "
        "--scale or other flags of preprocessing; model_transform records them "
        "in the .mlir file"));
  const Preprocessing& how = *input.preprocessing;
  const auto annotate = [&](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat("input '", input.name,
                                                    "': ", status.message()));
  };
  absl::Status status = CheckPreprocessing(how, input.shape);
  if (!status.ok()) return annotate(status);
  std::vector<Image> images;
  for (const std::string& file : files) {
    auto image = ReadImage(file, ChannelsOf(how.pixel_format));
    if (!image.ok()) return image.status();
    images.push_back(*std::move(image));
  }
  if (images.size() == 1)
    images.resize(static_cast<size_t>(input.shape[0]), images[0]);
  auto tensor = Preprocess(images, how, input.shape);
  return tensor.ok() ? std::move(tensor) : annotate(tensor.status());
}

absl::StatusOr<TensorMap> ReadFiles(const std::vector<std::string>& files,
                                    const std::vector<InputInfo>& inputs) {
  TensorMap result;
  if (inputs.size() == 1 && std::all_of(files.begin(), files.end(), IsImage)) {
    auto tensor = ReadImages(files, inputs[0]);
    if (!tensor.ok()) return tensor.status();
    result.emplace(inputs[0].name, *std::move(tensor));
    return result;
  }
  if (files.size() != inputs.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(files.size(), " files are given, the model has ",
                     inputs.size(), " inputs"));
  }
  for (size_t i = 0; i < files.size(); ++i) {
    if (absl::EndsWith(files[i], ".npz")) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", files[i], "': an .npz file holds all inputs and stands alone"));
    }
    absl::StatusOr<Tensor> tensor = IsImage(files[i])
                                        ? ReadImages({files[i]}, inputs[i])
                                        : ReadNpy(files[i]);
    if (!tensor.ok()) return tensor.status();
    result.emplace(inputs[i].name, *std::move(tensor));
  }
  return result;
}

}  // namespace

absl::Status SetPreprocessing(const Preprocessing& how,
                              std::vector<InputInfo>* inputs) {
  absl::Status first;
  bool any = false;
  for (InputInfo& input : *inputs) {
    absl::Status status = CheckPreprocessing(how, input.shape);
    if (status.ok()) {
      input.preprocessing = how;
      any = true;
    } else if (first.ok()) {
      first = absl::InvalidArgumentError(
          absl::StrCat("input '", input.name, "': ", status.message()));
    }
  }
  return any ? absl::OkStatus() : first;
}

bool HasImages(const std::string& files) {
  const std::vector<std::string> names = SplitNames(files);
  return std::any_of(names.begin(), names.end(), IsImage);
}

absl::StatusOr<TensorMap> ReadInputs(const std::string& text,
                                     const std::vector<InputInfo>& inputs) {
  const std::vector<std::string> files = SplitNames(text);
  absl::StatusOr<TensorMap> tensors =
      files.size() == 1 && absl::EndsWith(files[0], ".npz")
          ? ReadArchive(files[0], inputs)
          : ReadFiles(files, inputs);
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
