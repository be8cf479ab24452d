// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

template <typename Op>
absl::Status Unary(NodeContext& c,
                   llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  c.SetOutput(c.Create<Op>("", c.Shape(0), *input, attributes));
  return absl::OkStatus();
}

absl::Status ConvertRelu(NodeContext& c) { return Unary<top::ReluOp>(c); }
absl::Status ConvertSigmoid(NodeContext& c) { return Unary<top::SigmoidOp>(c); }
absl::Status ConvertExp(NodeContext& c) { return Unary<top::ExpOp>(c); }
absl::Status ConvertHardSwish(NodeContext& c) {
  return Unary<top::HardSwishOp>(c);
}

absl::Status ConvertHardSigmoid(NodeContext& c) {
  return Unary<top::HardSigmoidOp>(
      c, {c.Attribute("alpha", double{c.node().Float("alpha", 0.2f)}),
          c.Attribute("beta", double{c.node().Float("beta", 0.5f)})});
}

// The limits are attributes before opset 11 and inputs since.
absl::Status ConvertClip(NodeContext& c) {
  constexpr float kMost = std::numeric_limits<float>::max();
  double min = c.node().Float("min", -kMost);
  double max = c.node().Float("max", kMost);
  if (c.node().opset() >= 11) {
    absl::StatusOr<double> low = c.Scalar(1, "min", -kMost);
    if (!low.ok()) return low.status();
    absl::StatusOr<double> high = c.Scalar(2, "max", kMost);
    if (!high.ok()) return high.status();
    min = *low;
    max = *high;
  }
  if (!(min <= max)) {
    return c.node().Error("min ", min, " is above max ", max);
  }
  return Unary<top::ClipOp>(c,
                            {c.Attribute("min", min), c.Attribute("max", max)});
}

// Before opset 13 the dimensions from `axis` (default 1) on are one row.
absl::Status ConvertSoftmax(NodeContext& c) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  const bool rows = c.node().opset() < 13;
  const std::vector<int64_t> shape = c.Shape(0);
  absl::StatusOr<int64_t> axis =
      NormalAxis(c.node().Int("axis", rows ? 1 : -1), c.Rank(0));
  if (!axis.ok()) return c.node().Error(axis.status().message());
  int64_t outer = 1, row = 1, last = 1;
  for (int64_t i = 0; i < c.Rank(0); ++i) {
    (i < *axis ? outer : row) *= shape[i];
    if (i > *axis) last *= shape[i];
  }
  if (!rows || last == 1) {
    c.SetOutput(c.Create<top::SoftmaxOp>("", shape, *input,
                                         c.Attribute("axis", *axis)));
    return absl::OkStatus();
  }
  const mlir::Value flat =
      c.Create<top::ReshapeOp>(".rows", {outer, row}, *input);
  const mlir::Value softmax = c.Create<top::SoftmaxOp>(
      ".softmax", {outer, row}, flat, c.Attribute("axis", int64_t{1}));
  c.SetOutput(c.Create<top::ReshapeOp>("", shape, softmax));
  return absl::OkStatus();
}

}  // namespace

void RegisterActivations(Registry& registry) {
  registry["Clip"] = ConvertClip;
  registry["Exp"] = ConvertExp;
  registry["HardSigmoid"] = ConvertHardSigmoid;
  registry["HardSwish"] = ConvertHardSwish;
  registry["Relu"] = ConvertRelu;
  registry["Sigmoid"] = ConvertSigmoid;
  registry["Softmax"] = ConvertSoftmax;
}

}  // namespace tpuc::onnx_import
