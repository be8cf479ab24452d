// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

template <typename Op>
absl::Status ConvertBinary(NodeContext& c) {
  absl::StatusOr<mlir::Value> lhs = c.Operand(0);
  if (!lhs.ok()) return lhs.status();
  absl::StatusOr<mlir::Value> rhs = c.Operand(1);
  if (!rhs.ok()) return rhs.status();
  const auto shape = top::BroadcastShape(c.Shape(0), c.Shape(1));
  if (!shape) {
    return c.node().Error("shapes (", absl::StrJoin(c.Shape(0), ", "),
                          ") and (", absl::StrJoin(c.Shape(1), ", "),
                          ") do not broadcast");
  }
  c.SetOutput(c.Create<Op>("", *shape, {*lhs, *rhs}));
  return absl::OkStatus();
}

}  // namespace

void RegisterElementwise(Registry& registry) {
  registry["Add"] = ConvertBinary<top::AddOp>;
  registry["Div"] = ConvertBinary<top::DivOp>;
  registry["Mul"] = ConvertBinary<top::MulOp>;
  registry["Sub"] = ConvertBinary<top::SubOp>;
}

}  // namespace tpuc::onnx_import
