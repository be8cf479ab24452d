// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <vector>

#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::ArrayRef;
using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

using Kind = tpu::BinaryKind;

Value Binary(const char* suffix, ArrayRef<int64_t> shape, Value a, Value b,
             Kind kind, Lowering& lowering) {
  return lowering.CreateNamed<tpu::BinaryOp>(suffix, shape,
                                             tpu::ElementTypeOf(a), a, b, kind,
                                             false, llvm::APFloat(-1.0));
}

Value Reshape(const char* suffix, ArrayRef<int64_t> shape, Value x,
              Lowering& lowering) {
  return lowering.CreateNamed<tpu::ReshapeOp>(suffix, shape,
                                              tpu::ElementTypeOf(x), x);
}

// Over the middle of [outer, length, inner].
Value ReduceMiddle(const char* suffix, Value x, tpu::ReduceKind kind,
                   double scale, Lowering& lowering) {
  const auto shape = tpu::ShapeOf(x);
  const int64_t reduced[] = {shape[0], 1, shape[2]};
  return lowering.CreateNamed<tpu::ReduceOp>(
      suffix, reduced, tpu::ElementTypeOf(x), x, kind,
      static_cast<uint64_t>(shape[1]), llvm::APFloat(scale));
}

// Neighbouring dimensions that are reduced, or are not.
struct Run {
  int64_t size;
  bool is_reduced;
};

std::vector<Run> RunsOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  std::vector<Run> runs;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    const bool is_reduced = llvm::is_contained(axes, static_cast<int64_t>(d));
    if (!runs.empty() && runs.back().is_reduced == is_reduced)
      runs.back().size *= shape[d];
    else
      runs.push_back({shape[d], is_reduced});
  }
  return runs;
}

// Reduces one run after the other, the last one first. A mean divides at each.
Value ReduceRuns(Value x, std::vector<Run> runs, tpu::ReduceKind kind,
                 bool is_mean, Lowering& lowering) {
  for (size_t r = runs.size(); r-- > 0;) {
    if (!runs[r].is_reduced) continue;
    int64_t outer = 1, inner = 1;
    for (size_t i = 0; i < r; ++i) outer *= runs[i].size;
    for (size_t i = r + 1; i < runs.size(); ++i) inner *= runs[i].size;
    const int64_t length = runs[r].size;
    x = Reshape("rows", {outer, length, inner}, x, lowering);
    x = ReduceMiddle("reduced", x, kind,
                     is_mean ? 1.0 / static_cast<double>(length) : 1.0,
                     lowering);
    runs[r].size = 1;
  }
  return x;
}

// min(x) = -max(-x); the others as they are said. Sums of many terms, and of
// squares, in f32.
FailureOr<Value> LowerReduce(top::ReduceOp op, Lowering& lowering) {
  const auto in = Lowering::Shape(op.getInput());
  const auto out = Lowering::Shape(op.getOutput());
  const llvm::StringRef mode = op.getMode();
  int64_t terms = 1;
  for (int64_t axis : op.getAxes()) terms *= in[axis];
  const bool is_extreme = mode == "max" || mode == "min", is_l2 = mode == "l2";
  const mlir::Type type =
      is_l2 || terms > kMaxTermsIn16Bits ? lowering.f32() : lowering.storage();
  Value x = is_extreme ? lowering.Any(op.getInput())
                       : lowering.As(op.getInput(), type);
  if (!x) return failure();
  if (mode == "min") x = lowering.ConstantOp("neg", x, Kind::mul, -1);
  if (is_l2) x = Binary("square", in, x, x, Kind::mul, lowering);
  x = ReduceRuns(x, RunsOf(in, op.getAxes()),
                 is_extreme ? tpu::ReduceKind::max : tpu::ReduceKind::sum,
                 mode == "mean", lowering);
  if (mode == "min") x = lowering.ConstantOp("min", x, Kind::mul, -1);
  if (is_l2) x = SquareRoot("root", x, lowering);
  return Reshape("", out, x, lowering);
}

// A constant row, or a computed one, as [length, 1].
Value Column(mlir::Operation* op, Value value, int64_t length,
             Lowering& lowering) {
  const std::vector<int64_t> shape = {length, 1};
  if (value.getDefiningOp<top::WeightOp>()) {
    return lowering.Weight(
        op, value, lowering.f32(), "column",
        [&](const Tensor& data) { return data.Reshaped(shape); });
  }
  return Reshape("column", shape, lowering.F32(value), lowering);
}

// Everything in f32, on [rows, length, 1].
FailureOr<Value> LowerLayerNorm(top::LayerNormOp op, Lowering& lowering) {
  const auto shape = Lowering::Shape(op.getOutput());
  int64_t rows = 1, length = 1;
  for (int64_t d : shape.take_front(op.getAxis())) rows *= d;
  for (int64_t d : shape.drop_front(op.getAxis())) length *= d;
  const int64_t whole[] = {rows, length, 1};
  const double scale = 1.0 / static_cast<double>(length);
  const auto mean = [&](const char* suffix, Value x) {
    return ReduceMiddle(suffix, x, tpu::ReduceKind::sum, scale, lowering);
  };
  const Value x = Reshape("rows", whole, lowering.F32(op.getInput()), lowering);
  const Value centered =
      Binary("centered", whole, x, mean("mean", x), Kind::sub, lowering);
  const Value square =
      Binary("square", whole, centered, centered, Kind::mul, lowering);
  const Value variance =
      lowering.ConstantOp("epsilon", mean("variance", square), Kind::add,
                          op.getEpsilon().convertToDouble());
  const Value factor = lowering.CreateNamed<tpu::RsqrtOp>(
      "rsqrt", tpu::ShapeOf(variance), lowering.f32(), variance);
  Value result = Binary("normal", whole, centered, factor, Kind::mul, lowering);
  for (size_t i = 0; i < op.getAffine().size(); ++i) {
    const Value operand = Column(op, op.getAffine()[i], length, lowering);
    if (!operand) return failure();
    result =
        i == 0 ? Binary("scaled", whole, result, operand, Kind::mul, lowering)
               : Binary("shifted", whole, result, operand, Kind::add, lowering);
  }
  return Reshape("", shape, result, lowering);
}

// [C, C, 1, 1]: `factor` where an input channel is among those around the
// output channel.
Tensor Band(int64_t channels, int64_t size, double factor) {
  Tensor band(DType::kF32, {channels, channels, 1, 1});
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t first = std::max<int64_t>(c - (size - 1) / 2, 0);
    const int64_t last = std::min(c + size / 2, channels - 1);
    for (int64_t k = first; k <= last; ++k)
      band.data<float>()[c * channels + k] = static_cast<float>(factor);
  }
  return band;
}

// x * t^-beta; t is the sum over channels as a 1x1 convolution of the squares.
FailureOr<Value> LowerLRN(top::LRNOp op, Lowering& lowering) {
  const double beta = op.getBeta().convertToDouble();
  const auto shape = Lowering::Shape(op.getOutput());
  const int64_t n = shape[0], channels = shape[1];
  int64_t pixels = 1;
  for (int64_t d : shape.drop_front(2)) pixels *= d;
  const int64_t whole[] = {n, channels, 1, pixels};
  const mlir::Type f32 = lowering.f32();
  const int64_t size = op.getSize();
  const Value band = lowering.Constant(
      "band", f32,
      Band(channels, size,
           op.getAlpha().convertToDouble() / static_cast<double>(size)));
  const Value bias = lowering.Constant(
      "bias", f32,
      Tensor(
          DType::kF32, {channels},
          std::vector<float>(
              channels, static_cast<float>(op.getBias().convertToDouble()))));
  const Value x =
      Reshape("pixels", whole, lowering.F32(op.getInput()), lowering);
  const Value square = Binary("square", whole, x, x, Kind::mul, lowering);
  static constexpr int64_t kOnes[] = {1, 1}, kZeros[] = {0, 0, 0, 0};
  const Value t = lowering.CreateNamed<tpu::Conv2DOp>(
      "sum", whole, f32, square, band, bias, kOnes, kZeros, kOnes,
      ArrayRef<int64_t>(kZeros).take_front(2), uint64_t{1}, tpu::ConvForm::conv,
      /*interleave=*/false, ArrayRef<int64_t>(), false, llvm::APFloat(-1.0));
  Value power;
  if (beta == 1) {
    power = lowering.ConstantOp("power", t, Kind::div, 1, true);
  } else if (beta != 0.5 && beta != 0.75) {
    const Value log = lowering.CreateNamed<tpu::LogOp>("log", whole, f32, t);
    power = lowering.CreateNamed<tpu::ExpOp>(
        "power", whole, f32,
        lowering.ConstantOp("exponent", log, Kind::mul, -beta));
  } else {
    const auto rsqrt = [&](const char* suffix, Value v) {
      return lowering.CreateNamed<tpu::RsqrtOp>(suffix, whole, f32, v);
    };
    power = rsqrt("rsqrt", t);  // t^-1/2
    if (beta == 0.75) {
      // t^-1 * t^1/4
      const Value root = rsqrt("root", power);
      const Value inverse =
          Binary("inverse", whole, power, power, Kind::mul, lowering);
      power = Binary("power", whole, inverse, root, Kind::mul, lowering);
    }
  }
  return Reshape("", shape,
                 Binary("normal", whole, x, power, Kind::mul, lowering),
                 lowering);
}

}  // namespace

Value SquareRoot(const char* suffix, Value x, Lowering& lowering) {
  const auto shape = tpu::ShapeOf(x);
  const mlir::Type f32 = lowering.f32();
  const Value limited = lowering.CreateNamed<tpu::ClipOp>(
      "limited", shape, f32, x, llvm::APFloat(0.0),
      llvm::APFloat(double{std::numeric_limits<float>::max()}));
  const Value inverse =
      lowering.CreateNamed<tpu::RsqrtOp>("rsqrt", shape, f32, limited);
  return Binary(suffix, shape, limited, inverse, Kind::mul, lowering);
}

void AddReductionLowerings(Lowerings& lowerings) {
  lowerings.Add<top::ReduceOp>(LowerReduce);
  lowerings.Add<top::LayerNormOp>(LowerLayerNorm);
  lowerings.Add<top::LRNOp>(LowerLRN);
}

}  // namespace tpuc
