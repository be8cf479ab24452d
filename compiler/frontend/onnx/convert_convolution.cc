// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/registry.h"
#include "compiler/frontend/onnx/window.h"

namespace tpuc::onnx_import {
namespace {

// Input, filter of rank 4, and bias where there is one.
absl::StatusOr<std::vector<mlir::Value>> Operands(NodeContext& c) {
  std::vector<mlir::Value> operands;
  for (int i = 0; i < (c.node().HasInput(2) ? 3 : 2); ++i) {
    absl::StatusOr<mlir::Value> operand = c.Operand(i);
    if (!operand.ok()) return operand.status();
    operands.push_back(*operand);
  }
  const std::vector<int64_t> shape = c.Shape(1);
  if (shape.size() != 4) {
    return c.node().Error("filter has shape (", absl::StrJoin(shape, ", "),
                          "); only 2-D convolutions are supported");
  }
  return operands;
}

absl::Status Misfit(NodeContext& c, int64_t group) {
  return c.node().Error("filter (", absl::StrJoin(c.Shape(1), ", "), ") in ",
                        group, " groups does not fit an input of shape (",
                        absl::StrJoin(c.Shape(0), ", "), ")");
}

absl::Status ConvertConv(NodeContext& c) {
  absl::StatusOr<std::vector<mlir::Value>> operands = Operands(c);
  if (!operands.ok()) return operands.status();
  const std::vector<int64_t> in = c.Shape(0), shape = c.Shape(1);
  absl::StatusOr<Window> w = ReadWindow(c, {shape[2], shape[3]});
  if (!w.ok()) return w.status();
  const int64_t group = c.node().Int("group", 1);
  if (group < 1 || group > in[1] || shape[1] * group != in[1] ||
      shape[0] % group != 0) {
    return Misfit(c, group);
  }
  c.SetOutput(c.Create<top::ConvOp>(
      "", {in[0], shape[0], w->output[0], w->output[1]}, *operands,
      {c.Attribute("kernel_shape", w->kernel),
       c.Attribute("strides", w->strides), c.Attribute("pads", w->pads),
       c.Attribute("dilations", w->dilations), c.Attribute("group", group)}));
  return absl::OkStatus();
}

absl::Status ConvertConvTranspose(NodeContext& c) {
  absl::StatusOr<std::vector<mlir::Value>> operands = Operands(c);
  if (!operands.ok()) return operands.status();
  const std::vector<int64_t> in = c.Shape(0), shape = c.Shape(1);
  absl::StatusOr<TransposedWindow> w =
      ReadTransposedWindow(c, {shape[2], shape[3]});
  if (!w.ok()) return w.status();
  const int64_t group = c.node().Int("group", 1);
  if (group < 1 || group > in[1] || shape[0] != in[1] || in[1] % group != 0) {
    return Misfit(c, group);
  }
  c.SetOutput(c.Create<top::ConvTransposeOp>(
      "", {in[0], shape[1] * group, w->output[0], w->output[1]}, *operands,
      {c.Attribute("kernel_shape", w->kernel),
       c.Attribute("strides", w->strides), c.Attribute("pads", w->pads),
       c.Attribute("dilations", w->dilations),
       c.Attribute("output_padding", w->output_padding),
       c.Attribute("group", group)}));
  return absl::OkStatus();
}

}  // namespace

void RegisterConvolutions(Registry& registry) {
  registry["Conv"] = ConvertConv;
  registry["ConvTranspose"] = ConvertConvTranspose;
}

}  // namespace tpuc::onnx_import
