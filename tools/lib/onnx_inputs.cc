// SPDX-License-Identifier: Apache-2.0
#include "tools/lib/onnx_inputs.h"

#include <climits>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/support/file.h"
#include "onnx/onnx-ml.pb.h"

namespace tpuc {
namespace {

// 0 where the file leaves an extent open.
std::vector<int64_t> DeclaredShape(const onnx::ValueInfoProto& input) {
  std::vector<int64_t> shape;
  for (const auto& dim : input.type().tensor_type().shape().dim())
    shape.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value()
                                                               : 0);
  return shape;
}

std::string Text(const std::vector<int64_t>& shape) {
  return absl::StrJoin(shape, ", ", [](std::string* out, int64_t extent) {
    absl::StrAppend(out, extent == 0 ? "?" : absl::StrCat(extent));
  });
}

void FillOpenExtents(size_t batch, const std::optional<Preprocessing>& how,
                     std::vector<int64_t>& shape) {
  if (shape.size() != 4) return;
  if (shape[0] == 0) shape[0] = static_cast<int64_t>(batch);
  if (!how) return;
  const size_t height = how->channel_format == ChannelFormat::kNchw ? 2 : 1;
  if (shape[height] == 0) shape[height] = how->resize_height;
  if (shape[height + 1] == 0) shape[height + 1] = how->resize_width;
}

}  // namespace

absl::StatusOr<std::vector<InputInfo>> OnnxInputs(
    const std::string& path, size_t num_files,
    const std::optional<Preprocessing>& how) {
  absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  onnx::ModelProto model;
  if (bytes->size() > INT_MAX ||
      !model.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())))
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "': is not an ONNX model"));
  std::set<std::string> initializers;
  for (const auto& tensor : model.graph().initializer())
    initializers.insert(tensor.name());
  std::vector<InputInfo> inputs;
  for (const auto& input : model.graph().input())
    if (initializers.count(input.name()) == 0)
      inputs.push_back({input.name(), DeclaredShape(input), std::nullopt});
  for (InputInfo& input : inputs) {
    const std::vector<int64_t> declared = input.shape;
    FillOpenExtents(inputs.size() == 1 ? num_files : 1, how, input.shape);
    for (int64_t extent : input.shape)
      if (extent == 0)
        return absl::InvalidArgumentError(absl::StrCat(
            "'", path, "': input '", input.name, "' has shape (",
            Text(declared), "); give an image's size with --resize_dims"));
  }
  return inputs;
}

}  // namespace tpuc
