// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "compiler/conversion/top_to_tpu/lowering.h"
#include "compiler/dialect/top/resize.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// Moves nothing, so it takes any type.
FailureOr<Value> LowerReshape(top::ReshapeOp op, Lowering& lowering) {
  const Value x = lowering.Moved(op.getInput());
  return lowering.Create<tpu::ReshapeOp>(Lowering::Shape(op.getOutput()),
                                         tpu::ElementTypeOf(x), x);
}

FailureOr<Value> LowerPermute(top::PermuteOp op, Lowering& lowering) {
  const Value x = lowering.Moved(op.getInput());
  return lowering.Create<tpu::PermuteOp>(
      Lowering::Shape(op.getOutput()), tpu::ElementTypeOf(x), x, op.getOrder());
}

// Elements that lie apart along the last dimension are chosen in local memory:
// DMA would move them one by one. So are the rows, where those lie apart, too.
FailureOr<Value> LowerSlice(top::SliceOp op, Lowering& lowering) {
  Value x = lowering.Moved(op.getInput());
  const mlir::Type element = tpu::ElementTypeOf(x);
  const llvm::ArrayRef<int64_t> in = Lowering::Shape(op.getInput());
  const llvm::ArrayRef<int64_t> out = Lowering::Shape(op.getOutput());
  const size_t rank = in.size();
  if (rank == 0 || out.back() == 1 || op.getSteps().back() == 1)
    return lowering.Create<tpu::SliceOp>(out, element, x, op.getStarts(),
                                         op.getSteps());
  std::vector<int64_t> starts = op.getStarts().vec(),
                       steps = op.getSteps().vec(), shape = out.vec();
  const auto choose = [&](size_t axis) {
    std::vector<int64_t> indices;
    for (int64_t i = 0; i < out[axis]; ++i)
      indices.push_back(starts[axis] + i * steps[axis]);
    starts[axis] = 0;
    steps[axis] = 1;
    shape[axis] = in[axis];
    return indices;
  };
  const std::vector<int64_t> columns = choose(rank - 1);
  std::vector<int64_t> rows = {0};
  int64_t inner = 1;  // dimensions that are columns or rows
  if (rank > 1 && steps[rank - 2] != 1) {
    rows = choose(rank - 2);
    ++inner;
  }
  // A whole dimension may be read backwards.
  if (in != llvm::ArrayRef<int64_t>(shape) ||
      llvm::any_of(steps, [](int64_t step) { return step != 1; }))
    x = lowering.CreateNamed<tpu::SliceOp>("slice", shape, element, x, starts,
                                           steps);
  int64_t outer = 1;
  for (size_t i = 0; i + inner < rank; ++i) outer *= out[i];
  x = lowering.CreateNamed<tpu::ReshapeOp>(
      "planes",
      llvm::ArrayRef<int64_t>{1, outer, inner > 1 ? in[rank - 2] : 1,
                              in[rank - 1]},
      element, x);
  x = lowering.CreateNamed<tpu::IndexSelectOp>(
      "select",
      llvm::ArrayRef<int64_t>{1, outer, static_cast<int64_t>(rows.size()),
                              out[rank - 1]},
      element, x, rows, columns);
  return lowering.Create<tpu::ReshapeOp>(out, element, x);
}

// Constants in front and behind, along one dimension after the other.
FailureOr<Value> LowerPad(top::PadOp op, Lowering& lowering) {
  Value x = lowering.Any(op.getInput());
  const double value = op.getValue().convertToDouble();
  if (!lowering.FitsStorage(value)) x = lowering.Cast(x, lowering.f32());
  const mlir::Type element = tpu::ElementTypeOf(x);
  std::vector<int64_t> shape = Lowering::Shape(op.getInput()).vec();
  const size_t rank = shape.size();
  std::vector<size_t> axes;
  for (size_t i = 0; i < rank; ++i)
    if (op.getPads()[i] + op.getPads()[rank + i] > 0) axes.push_back(i);
  for (size_t axis : axes) {
    const std::string name = "axis" + std::to_string(axis);
    const auto constant = [&](const char* which, int64_t count) {
      std::vector<int64_t> block = shape;
      block[axis] = count;
      Tensor data(DType::kF32, block);
      std::fill_n(data.data<float>(), data.NumElements(),
                  static_cast<float>(value));
      return lowering.Constant(name + which, element, data);
    };
    const int64_t before = op.getPads()[axis],
                  after = op.getPads()[rank + axis];
    std::vector<Value> pieces;
    if (before > 0) pieces.push_back(constant("_before", before));
    pieces.push_back(x);
    if (after > 0) pieces.push_back(constant("_after", after));
    shape[axis] += before + after;
    x = lowering.CreateNamed<tpu::ConcatOp>(axis == axes.back() ? "" : name,
                                            shape, element, pieces, axis);
  }
  if (!axes.empty()) return x;
  return lowering.Create<tpu::ReshapeOp>(shape, element, x);
}

// In f32 when one of the inputs is or a constant among them asks for it, so
// that nothing is rounded by being moved.
FailureOr<Value> LowerConcat(top::ConcatOp op, Lowering& lowering) {
  mlir::Type type = lowering.TypeFor(op.getInputs());
  for (Value input : op.getInputs()) {
    if (!input.getDefiningOp<top::WeightOp>() &&
        tpu::ElementTypeOf(lowering.Any(input)).isF32())
      type = lowering.f32();
  }
  std::vector<Value> inputs;
  for (Value input : op.getInputs()) {
    inputs.push_back(lowering.As(input, type));
    if (!inputs.back()) return failure();
  }
  return lowering.Create<tpu::ConcatOp>(Lowering::Shape(op.getOutput()), type,
                                        inputs, op.getAxis());
}

// Builds the steps of a Resize, one axis after the other.
class ResizeLowering {
 public:
  explicit ResizeLowering(top::ResizeOp op, Lowering& lowering)
      : op_(op), lowering_(lowering) {}

  FailureOr<Value> Run() {
    const top::Interpolation rows = InterpolationAlong(op_, 0);
    const top::Interpolation columns = InterpolationAlong(op_, 1);
    if (rows.IsNearest()) {
      const Value x = lowering_.Moved(op_.getInput());
      return Select("", x, rows.indices[0], columns.indices[0]);
    }
    const auto in = Lowering::Shape(op_.getInput());
    std::vector<int> axes;  // columns first
    if (!columns.IsIdentity(in[3])) axes.push_back(1);
    if (!rows.IsIdentity(in[2])) axes.push_back(0);
    if (axes.empty()) {
      const Value x = lowering_.Moved(op_.getInput());
      return Select("", x, All(in[2]), All(in[3]));
    }
    Value x = lowering_.As(op_.getInput(), lowering_.stepwise());
    for (size_t i = 0; i < axes.size(); ++i) {
      x = Sum(i + 1 == axes.size() ? "" : "columns", x,
              axes[i] == 0 ? rows : columns, axes[i]);
    }
    return x;
  }

 private:
  static std::vector<int64_t> All(int64_t extent) {
    std::vector<int64_t> indices(extent);
    std::iota(indices.begin(), indices.end(), 0);
    return indices;
  }

  Value Select(const std::string& suffix, Value x,
               const std::vector<int64_t>& rows,
               const std::vector<int64_t>& columns) {
    const auto in = tpu::ShapeOf(x);
    return lowering_.CreateNamed<tpu::IndexSelectOp>(
        suffix,
        llvm::ArrayRef<int64_t>{in[0], in[1], static_cast<int64_t>(rows.size()),
                                static_cast<int64_t>(columns.size())},
        tpu::ElementTypeOf(x), x, rows, columns);
  }

  // The sum over taps of chosen rows or columns times their weights.
  Value Sum(const std::string& suffix, Value x, const top::Interpolation& taps,
            int axis) {
    const auto in = tpu::ShapeOf(x);
    const mlir::Type type = tpu::ElementTypeOf(x);
    Value sum;
    for (size_t t = 0; t < taps.indices.size(); ++t) {
      const auto name = [&](const char* what) {
        return (axis == 0 ? "row" : "column") + std::to_string(t) + what;
      };
      const std::vector<int64_t>& indices = taps.indices[t];
      const int64_t extent = static_cast<int64_t>(indices.size());
      const Value chosen =
          axis == 0 ? Select(name("_select"), x, indices, All(in[3]))
                    : Select(name("_select"), x, All(in[2]), indices);
      const std::vector<int64_t> shape = {1, 1, axis == 0 ? extent : 1,
                                          axis == 0 ? 1 : extent};
      const Value weight = lowering_.Constant(
          name("_weight"), type, Tensor(DType::kF32, shape, taps.weights[t]));
      const Value product =
          Binary(name("_mul"), chosen, weight, tpu::BinaryKind::mul);
      const bool last = t + 1 == taps.indices.size();
      sum = t == 0 ? product
                   : Binary(last ? suffix : name("_add"), sum, product,
                            tpu::BinaryKind::add);
    }
    return sum;
  }

  Value Binary(const std::string& suffix, Value a, Value b,
               tpu::BinaryKind kind) {
    return lowering_.CreateNamed<tpu::BinaryOp>(
        suffix, tpu::ShapeOf(a), tpu::ElementTypeOf(a), a, b, kind, false,
        llvm::APFloat(-1.0));
  }

  top::ResizeOp op_;
  Lowering& lowering_;
};

FailureOr<Value> LowerResize(top::ResizeOp op, Lowering& lowering) {
  return ResizeLowering(op, lowering).Run();
}

}  // namespace

void AddShapeLowerings(Lowerings& lowerings) {
  lowerings.Add<top::ReshapeOp>(LowerReshape);
  lowerings.Add<top::PermuteOp>(LowerPermute);
  lowerings.Add<top::SliceOp>(LowerSlice);
  lowerings.Add<top::PadOp>(LowerPad);
  lowerings.Add<top::ConcatOp>(LowerConcat);
  lowerings.Add<top::ResizeOp>(LowerResize);
}

}  // namespace tpuc
