// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>

#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

// Ascending and not negative; all of them when none is given.
absl::StatusOr<std::vector<int64_t>> ReducedAxes(NodeContext& c,
                                                 int64_t input_since) {
  absl::StatusOr<std::vector<int64_t>> given = c.Axes(1, input_since);
  if (!given.ok()) return given;
  std::set<int64_t> axes;
  for (int64_t axis : *given) {
    absl::StatusOr<int64_t> normal = NormalAxis(axis, c.Rank(0));
    if (!normal.ok()) return c.node().Error(normal.status().message());
    axes.insert(*normal);
  }
  if (axes.empty() && c.node().Int("noop_with_empty_axes", 0) == 0) {
    for (int64_t axis = 0; axis < c.Rank(0); ++axis) axes.insert(axis);
  }
  return std::vector<int64_t>(axes.begin(), axes.end());
}

// Reduces `input`, of the shape of operand 0, and takes the logarithm of that.
absl::Status Reduce(NodeContext& c, mlir::Value input, const char* mode,
                    int64_t input_since, bool log = false) {
  absl::StatusOr<std::vector<int64_t>> axes = ReducedAxes(c, input_since);
  if (!axes.ok()) return axes.status();
  std::vector<int64_t> kept = c.Shape(0), dropped;
  for (int64_t axis : *axes) kept[axis] = 1;
  for (int64_t i = 0, next = 0; i < c.Rank(0); ++i) {
    const bool reduced =
        next < static_cast<int64_t>(axes->size()) && (*axes)[next] == i;
    if (reduced) ++next;
    if (!reduced) dropped.push_back(kept[i]);
  }
  const bool keep = c.node().Int("keepdims", 1) != 0;
  mlir::Value result = c.Create<top::ReduceOp>(
      log    ? ".reduced"
      : keep ? ""
             : ".kept",
      kept, input,
      {c.builder().getNamedAttr("mode", c.builder().getStringAttr(mode)),
       c.Attribute("axes", *axes)});
  if (log) result = c.Create<top::LogOp>(keep ? "" : ".kept", kept, result);
  c.SetOutput(keep ? result : c.Create<top::ReshapeOp>("", dropped, result));
  return absl::OkStatus();
}

absl::Status Reduce(NodeContext& c, const char* mode, int64_t input_since) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  return Reduce(c, *input, mode, input_since);
}

absl::Status ConvertReduceMean(NodeContext& c) { return Reduce(c, "mean", 18); }
absl::Status ConvertReduceSum(NodeContext& c) { return Reduce(c, "sum", 13); }
absl::Status ConvertReduceMax(NodeContext& c) { return Reduce(c, "max", 18); }
absl::Status ConvertReduceMin(NodeContext& c) { return Reduce(c, "min", 18); }
absl::Status ConvertReduceL2(NodeContext& c) { return Reduce(c, "l2", 18); }

absl::Status ConvertReduceL1(NodeContext& c) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  return Reduce(c, c.Create<top::AbsOp>(".abs", c.Shape(0), *input), "sum", 18);
}

absl::Status ConvertReduceSumSquare(NodeContext& c) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  return Reduce(c,
                c.Create<top::MulOp>(".square", c.Shape(0), {*input, *input}),
                "sum", 18);
}

absl::Status ConvertReduceLogSum(NodeContext& c) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  return Reduce(c, *input, "sum", 18, /*log=*/true);
}

absl::Status ConvertReduceLogSumExp(NodeContext& c) {
  absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  return Reduce(c, c.Create<top::ExpOp>(".exp", c.Shape(0), *input), "sum", 18,
                /*log=*/true);
}

}  // namespace

void RegisterReductions(Registry& registry) {
  registry["ReduceL1"] = ConvertReduceL1;
  registry["ReduceL2"] = ConvertReduceL2;
  registry["ReduceLogSum"] = ConvertReduceLogSum;
  registry["ReduceLogSumExp"] = ConvertReduceLogSumExp;
  registry["ReduceMax"] = ConvertReduceMax;
  registry["ReduceMean"] = ConvertReduceMean;
  registry["ReduceMin"] = ConvertReduceMin;
  registry["ReduceSum"] = ConvertReduceSum;
  registry["ReduceSumSquare"] = ConvertReduceSumSquare;
}

}  // namespace tpuc::onnx_import
