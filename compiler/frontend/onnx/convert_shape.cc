// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/registry.h"
#include "compiler/frontend/onnx/tensor_proto.h"

namespace tpuc::onnx_import {
namespace {

absl::Status Reshape(NodeContext& c,
                     absl::StatusOr<std::vector<int64_t>> shape) {
  if (!shape.ok()) return c.node().Error(shape.status().message());
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  c.SetOutput(c.Create<top::ReshapeOp>("", *std::move(shape), *input));
  return absl::OkStatus();
}

absl::Status ConvertReshape(NodeContext& c) {
  absl::StatusOr<std::vector<int64_t>> shape = c.Ints(1, "shape");
  if (!shape.ok()) return shape.status();
  return Reshape(
      c, ReshapeShape(c.Shape(0), *shape, c.node().Int("allowzero", 0) != 0));
}

absl::Status ConvertFlatten(NodeContext& c) {
  const std::vector<int64_t> in = c.Shape(0);
  const int64_t rank = c.Rank(0);
  const int64_t axis = c.node().Int("axis", 1);
  if (axis < -rank || axis > rank) {
    return c.node().Error("axis ", axis, " is out of range for rank ", rank);
  }
  int64_t sizes[2] = {1, 1};
  for (int64_t i = 0; i < rank; ++i) {
    sizes[i < (axis < 0 ? axis + rank : axis) ? 0 : 1] *= in[i];
  }
  return Reshape(c, std::vector<int64_t>{sizes[0], sizes[1]});
}

absl::Status ConvertSqueeze(NodeContext& c) {
  absl::StatusOr<std::vector<int64_t>> axes = c.Axes(1, 13);
  if (!axes.ok()) return axes.status();
  return Reshape(c, SqueezeShape(c.Shape(0), *axes));
}

absl::Status ConvertUnsqueeze(NodeContext& c) {
  absl::StatusOr<std::vector<int64_t>> axes = c.Axes(1, 13);
  if (!axes.ok()) return axes.status();
  return Reshape(c, UnsqueezeShape(c.Shape(0), *axes));
}

absl::Status ConvertIdentity(NodeContext& c) {
  c.AliasOutput();
  return absl::OkStatus();
}

absl::Status ConvertDropout(NodeContext& c) {
  if (c.node().HasInput(2)) {
    const Tensor* training = c.Constant(2);
    if (training == nullptr || training->dtype() != DType::kBool ||
        training->NumElements() != 1 || training->data<uint8_t>()[0] != 0) {
      return c.node().Error("training_mode must be the constant false");
    }
  }
  c.AliasOutput();
  return absl::OkStatus();
}

// Every value of the network is f32 here.
absl::Status ConvertCast(NodeContext& c) {
  const int to = static_cast<int>(c.node().Int("to", 0));
  if (to != onnx::TensorProto::FLOAT) {
    return c.node().Error("a cast of a computed tensor to ", OnnxTypeName(to),
                          " is not supported (float is)");
  }
  c.AliasOutput();
  return absl::OkStatus();
}

absl::Status ConvertConcat(NodeContext& c) {
  if (absl::StatusOr<mlir::Value> input = c.Operand(0); !input.ok()) {
    return input.status();
  }
  const std::vector<int64_t> first = c.Shape(0);
  // Before opset 4 the axis had a default.
  absl::StatusOr<int64_t> axis = NormalAxis(c.node().Int("axis", 1), c.Rank(0));
  if (!axis.ok()) return c.node().Error(axis.status().message());
  std::vector<int64_t> shape = first;
  shape[*axis] = 0;
  std::vector<mlir::Value> operands;
  for (int i = 0; i < c.node().num_inputs(); ++i) {
    absl::StatusOr<mlir::Value> operand = c.Operand(i);
    if (!operand.ok()) return operand.status();
    operands.push_back(*operand);
    std::vector<int64_t> other = c.Shape(i);
    if (other.size() == first.size()) {
      shape[*axis] += other[*axis];
      other[*axis] = shape[*axis];
    }
    if (other != shape) {
      return c.node().Error("inputs of shapes (", absl::StrJoin(first, ", "),
                            ") and (", absl::StrJoin(c.Shape(i), ", "),
                            ") differ in more than dimension ", *axis);
    }
  }
  c.SetOutput(c.Create<top::ConcatOp>("", shape, operands,
                                      {c.Attribute("axis", *axis)}));
  return absl::OkStatus();
}

}  // namespace

void RegisterShapes(Registry& registry) {
  registry["Cast"] = ConvertCast;
  registry["Concat"] = ConvertConcat;
  registry["Dropout"] = ConvertDropout;
  registry["Flatten"] = ConvertFlatten;
  registry["Identity"] = ConvertIdentity;
  registry["Reshape"] = ConvertReshape;
  registry["Squeeze"] = ConvertSqueeze;
  registry["Unsqueeze"] = ConvertUnsqueeze;
}

}  // namespace tpuc::onnx_import
