// SPDX-License-Identifier: Apache-2.0
// Operators that move elements.
#include <utility>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

using Ints = std::vector<int64_t>;

absl::Status ConvertTranspose(NodeContext& c) {
  const absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  const absl::StatusOr<Ints> order = TransposeOrder(c.node(), c.Rank(0));
  if (!order.ok()) return c.node().Error(order.status().message());
  const Ints in = c.Shape(0);
  Ints shape;
  for (int64_t d : *order) shape.push_back(in[d]);
  c.SetOutput(c.Create<top::PermuteOp>("", shape, *input,
                                       {c.Attribute("order", *order)}));
  return absl::OkStatus();
}

// Attributes before opset 10, inputs since.
absl::StatusOr<Ints> SliceArgument(NodeContext& c, int i, const char* name) {
  if (c.node().opset() < 10) return c.node().Ints(name, {});
  if (i > 2 && !c.node().HasInput(i)) return Ints();
  return c.Ints(i, name);
}

absl::Status ConvertSlice(NodeContext& c) {
  const absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  constexpr const char* kNames[] = {"starts", "ends", "axes", "steps"};
  Ints arguments[4];
  for (int i = 0; i < 4; ++i) {
    absl::StatusOr<Ints> argument = SliceArgument(c, i + 1, kNames[i]);
    if (!argument.ok()) return argument.status();
    arguments[i] = *std::move(argument);
  }
  const auto ranges = SliceRanges(c.Shape(0), arguments[0], arguments[1],
                                  arguments[2], arguments[3]);
  if (!ranges.ok()) return c.node().Error(ranges.status().message());
  Ints starts, steps, shape;
  for (const SliceRange& range : *ranges) {
    starts.push_back(range.start);
    steps.push_back(range.step);
    shape.push_back(range.count);
  }
  for (int64_t extent : shape) {
    if (extent > 0) continue;
    return c.node().Error("takes no elements: the result has shape (",
                          absl::StrJoin(shape, ", "), ")");
  }
  c.SetOutput(c.Create<top::SliceOp>(
      "", shape, *input,
      {c.Attribute("starts", starts), c.Attribute("steps", steps)}));
  return absl::OkStatus();
}

// What each output of a Split has along the axis: given by an attribute before
// opset 13 and by an input since, or equal pieces, the last one smaller.
absl::StatusOr<Ints> SplitSizes(NodeContext& c, int64_t extent) {
  if (c.node().opset() < 13 && c.node().Has("split"))
    return c.node().Ints("split", {});
  if (c.node().opset() >= 13 && c.node().HasInput(1)) return c.Ints(1, "split");
  const int64_t outputs = c.node().proto().output_size();
  const int64_t piece = (extent + outputs - 1) / outputs;
  Ints sizes(outputs, piece);
  sizes.back() = extent - (outputs - 1) * piece;
  return sizes;
}

absl::Status ConvertSplit(NodeContext& c) {
  const absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  const absl::StatusOr<int64_t> axis =
      NormalAxis(c.node().Int("axis", 0), c.Rank(0));
  if (!axis.ok()) return c.node().Error(axis.status().message());
  const Ints in = c.Shape(0);
  const absl::StatusOr<Ints> sizes = SplitSizes(c, in[*axis]);
  if (!sizes.ok()) return sizes.status();
  int64_t sum = 0;
  bool positive = true;
  for (int64_t size : *sizes) {
    positive &= size > 0 && size <= in[*axis];
    if (positive) sum += size;
  }
  const int outputs = c.node().proto().output_size();
  if (!positive || sum != in[*axis] ||
      static_cast<int>(sizes->size()) != outputs) {
    return c.node().Error("cannot split ", in[*axis], " elements into ",
                          outputs, " pieces of (", absl::StrJoin(*sizes, ", "),
                          ")");
  }
  Ints starts(in.size(), 0);
  const Ints steps(in.size(), 1);
  for (int i = 0; i < outputs; ++i) {
    Ints shape = in;
    shape[*axis] = (*sizes)[i];
    if (c.node().HasOutput(i)) {
      c.SetOutput(c.CreateOutput<top::SliceOp>(i, shape, *input,
                                               {c.Attribute("starts", starts),
                                                c.Attribute("steps", steps)}),
                  i);
    }
    starts[*axis] += shape[*axis];
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterMovements(Registry& registry) {
  registry["Slice"] = ConvertSlice;
  registry["Split"] = ConvertSplit;
  registry["Transpose"] = ConvertTranspose;
}

}  // namespace tpuc::onnx_import
