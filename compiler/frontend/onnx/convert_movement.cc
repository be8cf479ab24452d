// SPDX-License-Identifier: Apache-2.0
// Operators that move elements.
#include <utility>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/fold.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

using Ints = std::vector<int64_t>;

// Nothing that a network pads or repeats is larger; sums stay far from 64 bits.
constexpr int64_t kMostPad = int64_t{1} << 31;

// What a Slice takes; at first all.
struct Piece {
  explicit Piece(const Ints& all)
      : shape(all), starts(all.size(), 0), steps(all.size(), 1) {}

  Ints shape, starts, steps;
};

mlir::Value Slice(NodeContext& c, const std::string& suffix, mlir::Value input,
                  const Piece& piece) {
  return c.Create<top::SliceOp>(
      suffix, piece.shape, input,
      {c.Attribute("starts", piece.starts), c.Attribute("steps", piece.steps)});
}

mlir::Value Reshape(NodeContext& c, const std::string& suffix,
                    mlir::Value input, const Ints& shape) {
  return c.Create<top::ReshapeOp>(suffix, shape, input);
}

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
  Piece piece(c.Shape(0));
  for (size_t i = 0; i < ranges->size(); ++i) {
    piece.starts[i] = (*ranges)[i].start;
    piece.steps[i] = (*ranges)[i].step;
    piece.shape[i] = (*ranges)[i].count;
  }
  for (int64_t extent : piece.shape) {
    if (extent > 0) continue;
    return c.node().Error("takes no elements: the result has shape (",
                          absl::StrJoin(piece.shape, ", "), ")");
  }
  c.SetOutput(Slice(c, "", *input, piece));
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
  Piece piece(in);
  for (int i = 0; i < outputs; ++i) {
    piece.shape[*axis] = (*sizes)[i];
    if (c.node().HasOutput(i)) {
      c.SetOutput(
          c.CreateOutput<top::SliceOp>(i, piece.shape, *input,
                                       {c.Attribute("starts", piece.starts),
                                        c.Attribute("steps", piece.steps)}),
          i);
    }
    piece.starts[*axis] += piece.shape[*axis];
  }
  return absl::OkStatus();
}

// The index list as pieces at even distances, and their concatenation.
absl::Status Select(NodeContext& c, mlir::Value input, int64_t axis,
                    const Ints& indices, const Ints& result) {
  const Ints in = c.Shape(0);
  Ints chosen = in;
  chosen[axis] = static_cast<int64_t>(indices.size());
  std::vector<Piece> pieces;
  for (size_t i = 0; i < indices.size();) {
    Piece piece(in);
    int64_t& count = piece.shape[axis];
    count = 1;
    const int64_t step =
        i + 1 < indices.size() ? indices[i + 1] - indices[i] : 1;
    piece.starts[axis] = indices[i];
    for (++i; i < indices.size() && indices[i] == indices[i - 1] + step; ++i)
      ++count;
    if (count > 1) piece.steps[axis] = step;
    pieces.push_back(piece);
  }
  constexpr size_t kMostPieces = 256;
  if (pieces.size() > kMostPieces) {
    return c.node().Error("gathers ", pieces.size(),
                          " runs of elements; up to ", kMostPieces,
                          " are supported");
  }
  const bool is_last = chosen == result;
  std::vector<mlir::Value> values;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string suffix =
        pieces.size() == 1 ? (is_last ? "" : "_run") : absl::StrCat("_run", i);
    values.push_back(Slice(c, suffix, input, pieces[i]));
  }
  mlir::Value value = values[0];
  if (values.size() > 1)
    value = c.Create<top::ConcatOp>(is_last ? "" : "_runs", chosen, values,
                                    {c.Attribute("axis", axis)});
  c.SetOutput(is_last ? value : Reshape(c, "", value, result));
  return absl::OkStatus();
}

absl::Status ConvertGather(NodeContext& c) {
  const absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  const absl::StatusOr<int64_t> axis =
      NormalAxis(c.node().Int("axis", 0), c.Rank(0));
  if (!axis.ok()) return c.node().Error(axis.status().message());
  absl::StatusOr<Ints> indices = c.Ints(1, "indices");
  if (!indices.ok()) return indices.status();
  const Ints in = c.Shape(0);
  for (int64_t& index : *indices) {
    const int64_t extent = in[*axis];
    if (index < -extent || index >= extent) {
      return c.node().Error("index ", index, " is out of range for ", extent,
                            " elements");
    }
    if (index < 0) index += extent;
  }
  if (indices->empty()) return c.node().Error("takes no elements");
  Ints result(in.begin(), in.begin() + *axis);
  for (int64_t extent : c.Shape(1)) result.push_back(extent);
  result.insert(result.end(), in.begin() + *axis + 1, in.end());
  return Select(c, *input, *axis, *indices, result);
}

// Elements of the result that lie before and behind each dimension; negative
// ones are cut off.
absl::StatusOr<Ints> Pads(NodeContext& c) {
  const int64_t rank = c.Rank(0);
  absl::StatusOr<Ints> given =
      c.node().opset() < 11 ? c.node().Ints("pads", {}) : c.Ints(1, "pads");
  if (!given.ok()) return given.status();
  Ints axes;
  if (c.node().HasInput(3)) {
    absl::StatusOr<Ints> named = c.Ints(3, "axes");
    if (!named.ok()) return named.status();
    axes = *std::move(named);
  } else {
    for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  }
  if (given->size() != 2 * axes.size()) {
    return c.node().Error(given->size(), " pads are given for ", axes.size(),
                          " dimensions");
  }
  Ints pads(2 * rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const absl::StatusOr<int64_t> axis = NormalAxis(axes[i], rank);
    if (!axis.ok()) return c.node().Error(axis.status().message());
    pads[*axis] = (*given)[i];
    pads[rank + *axis] = (*given)[axes.size() + i];
  }
  return pads;
}

// What lies `count` elements wide in front of (or behind) `extent` elements.
Piece Border(const Ints& shape, int64_t axis, int64_t count, bool behind,
             const std::string& mode) {
  Piece piece(shape);
  const int64_t last = shape[axis] - 1;
  piece.shape[axis] = count;
  if (mode == "edge") {
    piece.steps[axis] = 0;
    piece.starts[axis] = behind ? last : 0;
  } else if (mode == "reflect") {
    piece.steps[axis] = -1;
    piece.starts[axis] = behind ? last - 1 : count;
  } else {  // wrap
    piece.starts[axis] = behind ? 0 : last + 1 - count;
  }
  return piece;
}

// Borders made of the input's elements, along one dimension after the other.
absl::Status PadWithElements(NodeContext& c, mlir::Value x, const Ints& pads,
                             const std::string& mode) {
  const auto rank = static_cast<int64_t>(pads.size() / 2);
  Ints axes;
  for (int64_t i = 0; i < rank; ++i)
    if (pads[i] + pads[rank + i] > 0) axes.push_back(i);
  for (int64_t axis : axes) {
    Ints shape = top::ShapeOf(x).vec();
    const int64_t extent = shape[axis];
    const std::string name = absl::StrCat("_axis", axis);
    std::vector<mlir::Value> parts;
    for (bool behind : {false, true}) {
      const int64_t count = pads[behind ? rank + axis : axis];
      if (behind) parts.push_back(x);
      if (count == 0) continue;
      if ((mode == "reflect" && count >= extent) ||
          (mode == "wrap" && count > extent)) {
        return c.node().Error("pad ", count, " of mode ", mode,
                              " is more than ", extent, " elements give");
      }
      parts.push_back(Slice(c,
                            absl::StrCat(name, behind ? "_behind" : "_before"),
                            x, Border(shape, axis, count, behind, mode)));
    }
    shape[axis] += pads[axis] + pads[rank + axis];
    x = c.Create<top::ConcatOp>(axis == axes.back() ? "" : name, shape, parts,
                                {c.Attribute("axis", axis)});
  }
  c.SetOutput(x);
  return absl::OkStatus();
}

absl::Status ConvertPad(NodeContext& c) {
  const absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  const std::string mode = c.node().String("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" &&
      mode != "wrap") {
    return c.node().Error("mode '", mode,
                          "' is none of constant, edge, reflect, wrap");
  }
  absl::StatusOr<Ints> pads = Pads(c);
  if (!pads.ok()) return pads.status();
  const absl::StatusOr<double> value = c.node().opset() < 11
                                           ? c.node().Float("value", 0)
                                           : c.Scalar(2, "constant_value", 0);
  if (!value.ok()) return value.status();
  const int64_t rank = c.Rank(0);
  Piece rest(c.Shape(0));
  bool cuts = false, widens = false;
  for (int64_t i = 0; i < 2 * rank; ++i) {
    int64_t& pad = (*pads)[i];
    if (pad > kMostPad || pad < -kMostPad)
      return c.node().Error("pad ", pad, " is too large");
    widens |= pad > 0;
    if (pad >= 0) continue;
    cuts = true;
    if (-pad >= rest.shape[i % rank]) {
      return c.node().Error("pads cut off all ", c.Shape(0)[i % rank],
                            " elements along dimension ", i % rank);
    }
    rest.shape[i % rank] += pad;
    if (i < rank) rest.starts[i] = -pad;
    pad = 0;
  }
  if (!cuts && !widens) {
    c.AliasOutput();
    return absl::OkStatus();
  }
  mlir::Value x = *input;
  if (cuts) x = Slice(c, widens ? "_cut" : "", x, rest);
  if (widens && mode != "constant") return PadWithElements(c, x, *pads, mode);
  if (widens) {
    Ints shape = rest.shape;
    for (int64_t i = 0; i < 2 * rank; ++i) shape[i % rank] += (*pads)[i];
    x = c.Create<top::PadOp>(
        "", shape, x,
        {c.Attribute("pads", *pads), c.Attribute("value", *value)});
  }
  c.SetOutput(x);
  return absl::OkStatus();
}

absl::Status ConvertTile(NodeContext& c) {
  const absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  const absl::StatusOr<Ints> repeats = c.Ints(1, "repeats");
  if (!repeats.ok()) return repeats.status();
  const Ints in = c.Shape(0);
  if (repeats->size() != in.size()) {
    return c.node().Error(repeats->size(), " repeats are given for ", in.size(),
                          " dimensions");
  }
  // A dimension of 1 in front of each that is repeated.
  Ints spread, result;
  for (size_t i = 0; i < in.size(); ++i) {
    const int64_t repeat = (*repeats)[i];
    if (repeat < 1 || repeat > kMostPad)
      return c.node().Error("cannot repeat ", repeat, " times");
    if (repeat > 1) spread.push_back(1);
    spread.push_back(in[i]);
    result.push_back(in[i] * repeat);
  }
  if (result == in) {
    c.AliasOutput();
    return absl::OkStatus();
  }
  Piece piece(spread);
  for (size_t i = 0, d = 0; i < in.size(); ++i, ++d) {
    if ((*repeats)[i] == 1) continue;
    piece.shape[d] = (*repeats)[i];
    piece.steps[d] = 0;
    ++d;
  }
  const mlir::Value x = Reshape(c, "_spread", *input, spread);
  c.SetOutput(Reshape(c, "", Slice(c, "_repeat", x, piece), result));
  return absl::OkStatus();
}

absl::Status ConvertExpand(NodeContext& c) {
  const absl::StatusOr<mlir::Value> input = c.Operand(0);
  if (!input.ok()) return input.status();
  const absl::StatusOr<Ints> to = c.Ints(1, "shape");
  if (!to.ok()) return to.status();
  Ints in = c.Shape(0);
  const auto result = top::BroadcastShape(in, *to);
  bool positive = result.has_value();
  for (int64_t extent : *to) positive &= extent > 0;
  if (!positive) {
    return c.node().Error("cannot expand (", absl::StrJoin(in, ", "), ") to (",
                          absl::StrJoin(*to, ", "), ")");
  }
  if (*result == in) {
    c.AliasOutput();
    return absl::OkStatus();
  }
  mlir::Value x = *input;
  bool repeats = false;
  const size_t added = result->size() - in.size();
  in.insert(in.begin(), added, 1);
  Piece piece(in);
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] == (*result)[i]) continue;
    piece.shape[i] = (*result)[i];
    piece.steps[i] = 0;
    repeats = true;
  }
  if (added > 0) x = Reshape(c, repeats ? "_rank" : "", x, in);
  c.SetOutput(repeats ? Slice(c, "", x, piece) : x);
  return absl::OkStatus();
}

// Split into `split`, permuted, joined to `result`.
absl::Status Rearrange(NodeContext& c, const Ints& split, const Ints& order,
                       const Ints& result) {
  mlir::Value x = Reshape(c, "_split", *c.Operand(0), split);
  Ints moved;
  for (int64_t d : order) moved.push_back(split[d]);
  x = c.Create<top::PermuteOp>("_moved", moved, x,
                               {c.Attribute("order", order)});
  c.SetOutput(Reshape(c, "", x, result));
  return absl::OkStatus();
}

absl::Status ConvertDepthToSpace(NodeContext& c) {
  if (const auto input = c.Operand(0); !input.ok()) return input.status();
  const int64_t b = c.node().Int("blocksize", 0);
  const Ints in = c.Shape(0);
  if (in.size() != 4 || b < 1 || b > in[1] || in[1] % (b * b) != 0) {
    return c.node().Error("blocks of ", b, "x", b,
                          " do not fit an input of shape (",
                          absl::StrJoin(in, ", "), ")");
  }
  const int64_t channels = in[1] / (b * b);
  const Ints result = {in[0], channels, in[2] * b, in[3] * b};
  const std::string mode = c.node().String("mode", "DCR");
  if (mode == "DCR")
    return Rearrange(c, {in[0], b, b, channels, in[2], in[3]},
                     {0, 3, 4, 1, 5, 2}, result);
  if (mode == "CRD")
    return Rearrange(c, {in[0], channels, b, b, in[2], in[3]},
                     {0, 1, 4, 2, 5, 3}, result);
  return c.node().Error("mode '", mode, "' is none of DCR, CRD");
}

absl::Status ConvertSpaceToDepth(NodeContext& c) {
  if (const auto input = c.Operand(0); !input.ok()) return input.status();
  const int64_t b = c.node().Int("blocksize", 0);
  const Ints in = c.Shape(0);
  if (in.size() != 4 || b < 1 || in[2] % b != 0 || in[3] % b != 0) {
    return c.node().Error("blocks of ", b, "x", b,
                          " do not fit an input of shape (",
                          absl::StrJoin(in, ", "), ")");
  }
  const int64_t h = in[2] / b, w = in[3] / b;
  return Rearrange(c, {in[0], in[1], h, b, w, b}, {0, 3, 5, 1, 2, 4},
                   {in[0], in[1] * b * b, h, w});
}

}  // namespace

void RegisterMovements(Registry& registry) {
  registry["DepthToSpace"] = ConvertDepthToSpace;
  registry["Expand"] = ConvertExpand;
  registry["Gather"] = ConvertGather;
  registry["Pad"] = ConvertPad;
  registry["Slice"] = ConvertSlice;
  registry["SpaceToDepth"] = ConvertSpaceToDepth;
  registry["Split"] = ConvertSplit;
  registry["Tile"] = ConvertTile;
  registry["Transpose"] = ConvertTranspose;
}

}  // namespace tpuc::onnx_import
