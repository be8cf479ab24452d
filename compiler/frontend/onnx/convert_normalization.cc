// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

// y = gamma * (x - mean) / sqrt(var + eps) + beta, as x * scale + bias.
absl::Status ConvertBatchNormalization(NodeContext& c) {
  const Node& node = c.node();
  if (node.Int("training_mode", 0) != 0) {
    return node.Error("training_mode is not supported; export for inference");
  }
  // Before opset 9 statistics could be those of each element of an image.
  if (node.Int("spatial", 1) == 0) {
    return node.Error(
        "spatial = 0 is not supported (statistics by channel are)");
  }
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  if (c.Rank(0) < 2) {
    return node.Error("input has rank ", c.Rank(0), ", expected 2 or more");
  }
  const int64_t channels = c.Shape(0)[1];
  const float* data[5] = {};
  constexpr const char* kNames[] = {"", "scale", "B", "mean", "var"};
  for (int i = 1; i < 5; ++i) {
    const Tensor* tensor = c.Constant(i);
    if (tensor == nullptr || tensor->dtype() != DType::kF32 ||
        tensor->shape() != std::vector<int64_t>{channels}) {
      return node.Error(kNames[i], " (input ", i, ") must be ", channels,
                        " constant floats");
    }
    data[i] = tensor->data<float>();
  }
  const double epsilon = node.Float("epsilon", 1e-5f);
  Tensor scale(DType::kF32, {channels}), bias(DType::kF32, {channels});
  for (int64_t i = 0; i < channels; ++i) {
    const double s = data[1][i] / std::sqrt(data[4][i] + epsilon);
    scale.data<float>()[i] = static_cast<float>(s);
    bias.data<float>()[i] = static_cast<float>(data[2][i] - data[3][i] * s);
  }
  const mlir::Value s = c.Weight(".scale", std::move(scale));
  const mlir::Value b = c.Weight(".bias", std::move(bias));
  c.SetOutput(c.Create<top::ScaleOp>("", c.Shape(0), {*input, s, b}));
  return absl::OkStatus();
}

absl::Status ConvertLayerNormalization(NodeContext& c) {
  absl::StatusOr<int64_t> axis =
      NormalAxis(c.node().Int("axis", -1), c.Rank(0));
  if (!axis.ok()) return c.node().Error(axis.status().message());
  const std::vector<int64_t> shape = c.Shape(0);
  const std::vector<int64_t> row(shape.begin() + *axis, shape.end());
  std::vector<mlir::Value> operands;
  for (int i = 0; i < (c.node().HasInput(2) ? 3 : 2); ++i) {
    absl::StatusOr<mlir::Value> operand = c.Operand(i);
    if (!operand.ok()) return operand.status();
    operands.push_back(*operand);
    if (i > 0 && c.Shape(i) != row) {
      return c.node().Error(i == 1 ? "Scale" : "B", " has shape (",
                            absl::StrJoin(c.Shape(i), ", "), "), expected (",
                            absl::StrJoin(row, ", "), ")");
    }
  }
  c.SetOutput(c.Create<top::LayerNormOp>(
      "", shape, operands,
      {c.Attribute("axis", *axis),
       c.Attribute("epsilon", double{c.node().Float("epsilon", 1e-5f)})}));
  return absl::OkStatus();
}

absl::Status ConvertLRN(NodeContext& c) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  const int64_t size = c.node().Int("size", 0);
  if (size < 1) return c.node().Error("size is ", size, ", expected 1 or more");
  if (c.Rank(0) < 2) {
    return c.node().Error("input has rank ", c.Rank(0), ", expected 2 or more");
  }
  c.SetOutput(c.Create<top::LRNOp>(
      "", c.Shape(0), *input,
      {c.Attribute("size", size),
       c.Attribute("alpha", double{c.node().Float("alpha", 1e-4f)}),
       c.Attribute("beta", double{c.node().Float("beta", 0.75f)}),
       c.Attribute("bias", double{c.node().Float("bias", 1.0f)})}));
  return absl::OkStatus();
}

}  // namespace

void RegisterNormalizations(Registry& registry) {
  registry["BatchNormalization"] = ConvertBatchNormalization;
  registry["LRN"] = ConvertLRN;
  registry["LayerNormalization"] = ConvertLayerNormalization;
}

}  // namespace tpuc::onnx_import
