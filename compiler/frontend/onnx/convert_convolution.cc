// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/registry.h"
#include "compiler/frontend/onnx/window.h"

namespace tpuc::onnx_import {
namespace {

absl::Status ConvertConv(NodeContext& c) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  absl::StatusOr<mlir::Value> filter = c.Operand(1);
  if (!filter.ok()) return filter.status();
  std::vector<mlir::Value> operands = {*input, *filter};
  if (c.node().HasInput(2)) {
    absl::StatusOr<mlir::Value> bias = c.Operand(2);
    if (!bias.ok()) return bias.status();
    operands.push_back(*bias);
  }
  const std::vector<int64_t> in = c.Shape(0), shape = c.Shape(1);
  if (shape.size() != 4) {
    return c.node().Error("filter has shape (", absl::StrJoin(shape, ", "),
                          "); only 2-D convolutions are supported");
  }
  absl::StatusOr<Window> w = ReadWindow(c, {shape[2], shape[3]});
  if (!w.ok()) return w.status();
  const int64_t group = c.node().Int("group", 1);
  if (group < 1 || shape[1] * group != in[1] || shape[0] % group != 0) {
    return c.node().Error("filter (", absl::StrJoin(shape, ", "), ") in ",
                          group, " groups does not fit an input of shape (",
                          absl::StrJoin(in, ", "), ")");
  }
  c.SetOutput(c.Create<top::ConvOp>(
      "", {in[0], shape[0], w->output[0], w->output[1]}, operands,
      {c.Attribute("kernel_shape", w->kernel),
       c.Attribute("strides", w->strides), c.Attribute("pads", w->pads),
       c.Attribute("dilations", w->dilations), c.Attribute("group", group)}));
  return absl::OkStatus();
}

}  // namespace

void RegisterConvolutions(Registry& registry) {
  registry["Conv"] = ConvertConv;
}

}  // namespace tpuc::onnx_import
