// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::FailureOr;
using mlir::Value;

namespace {

using Kind = tpu::BinaryKind;

Value Clip(const char* suffix, Value x, double min, double max,
           Lowering& lowering) {
  return lowering.CreateNamed<tpu::ClipOp>(
      suffix, tpu::ShapeOf(x), tpu::ElementTypeOf(x), x, llvm::APFloat(min),
      llvm::APFloat(max));
}

// Clamping keeps the operand's type: it cannot lose what that type holds.
FailureOr<Value> LowerRelu(top::ReluOp op, Lowering& lowering) {
  const Value x = lowering.Any(op.getInput());
  const double limit = op.getReluLimit().convertToDouble();
  if (limit >= 0) return Clip("", x, 0, limit, lowering);
  return lowering.ConstantOp("", x, Kind::max, 0);
}

FailureOr<Value> LowerClip(top::ClipOp op, Lowering& lowering) {
  return Clip("", lowering.Any(op.getInput()), op.getMin().convertToDouble(),
              op.getMax().convertToDouble(), lowering);
}

FailureOr<Value> LowerHardSigmoid(top::HardSigmoidOp op, Lowering& lowering) {
  const Value x = lowering.As(op.getInput(), lowering.stepwise());
  const Value scaled =
      lowering.ConstantOp("mul", x, Kind::mul, op.getAlpha().convertToDouble());
  const Value shifted = lowering.ConstantOp("add", scaled, Kind::add,
                                            op.getBeta().convertToDouble());
  return Clip("", shifted, 0, 1, lowering);
}

// x * clip(x + 3, 0, 6) * (1/6), docs/isa/bm1684x.md f. In f16 the product of
// the first two factors would overflow from x = 10917 on, so there the last
// factor comes first.
FailureOr<Value> LowerHardSwish(top::HardSwishOp op, Lowering& lowering) {
  const mlir::Type type = lowering.stepwise();
  const Value x = lowering.As(op.getInput(), type);
  const auto shape = Lowering::Shape(op.getOutput());
  const Value shifted = lowering.ConstantOp("add", x, Kind::add, 3);
  const Value gate = Clip("clip", shifted, 0, 6, lowering);
  const auto multiply = [&](const char* suffix, Value factor) {
    return lowering.CreateNamed<tpu::BinaryOp>(
        suffix, shape, type, x, factor, Kind::mul, false, llvm::APFloat(-1.0));
  };
  if (type.isF16()) {
    return multiply("", lowering.ConstantOp("scale", gate, Kind::mul, 1.0 / 6));
  }
  return lowering.ConstantOp("", multiply("mul", gate), Kind::mul, 1.0 / 6);
}

Value Exp(Value x, Lowering& lowering) {
  return lowering.CreateNamed<tpu::ExpOp>("exp", tpu::ShapeOf(x),
                                          lowering.f32(), x);
}

// 1 / (exp(0 - x) + 1) of an f32 value (docs/isa/bm1684x.md f).
Value Sigmoid(const char* suffix, Value x, Lowering& lowering) {
  const Value negative = lowering.ConstantOp("neg", x, Kind::sub, 0, true);
  const Value sum =
      lowering.ConstantOp("add", Exp(negative, lowering), Kind::add, 1);
  return lowering.ConstantOp(suffix, sum, Kind::div, 1, true);
}

FailureOr<Value> LowerSigmoid(top::SigmoidOp op, Lowering& lowering) {
  return Sigmoid("", lowering.F32(op.getInput()), lowering);
}

Value Binary(const char* suffix, Value a, Value b, Kind kind,
             Lowering& lowering) {
  return lowering.CreateNamed<tpu::BinaryOp>(suffix, tpu::ShapeOf(a),
                                             tpu::ElementTypeOf(a), a, b, kind,
                                             false, llvm::APFloat(-1.0));
}

FailureOr<Value> LowerSiLU(top::SiLUOp op, Lowering& lowering) {
  const Value x = lowering.F32(op.getInput());
  return Binary("", x, Sigmoid("sigmoid", x, lowering), Kind::mul, lowering);
}

// 1 - 2 / (exp(2x) + 1)
FailureOr<Value> LowerTanh(top::TanhOp op, Lowering& lowering) {
  const Value twice =
      lowering.ConstantOp("mul", lowering.F32(op.getInput()), Kind::mul, 2);
  const Value sum =
      lowering.ConstantOp("add", Exp(twice, lowering), Kind::add, 1);
  const Value quotient = lowering.ConstantOp("div", sum, Kind::div, 2, true);
  return lowering.ConstantOp("", quotient, Kind::sub, 1, true);
}

// max(x, 0) + alpha * (exp(min(x, 0)) - 1)
FailureOr<Value> LowerElu(top::EluOp op, Lowering& lowering) {
  const Value x = lowering.F32(op.getInput());
  const Value positive = lowering.ConstantOp("max", x, Kind::max, 0);
  const Value negative = lowering.ConstantOp("min", x, Kind::min, 0);
  const Value less =
      lowering.ConstantOp("sub", Exp(negative, lowering), Kind::sub, 1);
  const Value scaled = lowering.ConstantOp("mul", less, Kind::mul,
                                           op.getAlpha().convertToDouble());
  return Binary("", positive, scaled, Kind::add, lowering);
}

// The larger of x and alpha * x, the smaller where alpha is above 1.
FailureOr<Value> LowerLeakyRelu(top::LeakyReluOp op, Lowering& lowering) {
  const double alpha = op.getAlpha().convertToDouble();
  const Value x = lowering.As(op.getInput(), lowering.FitsStorage(alpha)
                                                 ? lowering.storage()
                                                 : lowering.f32());
  const Value scaled = lowering.ConstantOp("mul", x, Kind::mul, alpha);
  return Binary("", x, scaled, alpha > 1 ? Kind::min : Kind::max, lowering);
}

// Clears the sign, which any type can do.
FailureOr<Value> LowerAbs(top::AbsOp op, Lowering& lowering) {
  const Value x = lowering.Any(op.getInput());
  return lowering.Create<tpu::AbsOp>(tpu::ShapeOf(x), tpu::ElementTypeOf(x), x);
}

FailureOr<Value> LowerSqrt(top::SqrtOp op, Lowering& lowering) {
  return SquareRoot("", lowering.F32(op.getInput()), lowering);
}

FailureOr<Value> LowerReciprocal(top::ReciprocalOp op, Lowering& lowering) {
  return lowering.ConstantOp("", lowering.F32(op.getInput()), Kind::div, 1,
                             true);
}

FailureOr<Value> LowerLog(top::LogOp op, Lowering& lowering) {
  return lowering.Create<tpu::LogOp>(Lowering::Shape(op.getOutput()),
                                     lowering.f32(),
                                     lowering.F32(op.getInput()));
}

// max(x, 0) + ln(1 + exp(0 - |x|))
FailureOr<Value> LowerSoftplus(top::SoftplusOp op, Lowering& lowering) {
  const Value x = lowering.F32(op.getInput());
  const Value size = lowering.CreateNamed<tpu::AbsOp>("abs", tpu::ShapeOf(x),
                                                      lowering.f32(), x);
  const Value negative = lowering.ConstantOp("neg", size, Kind::sub, 0, true);
  const Value sum =
      lowering.ConstantOp("add", Exp(negative, lowering), Kind::add, 1);
  const Value log = lowering.CreateNamed<tpu::LogOp>("log", tpu::ShapeOf(x),
                                                     lowering.f32(), sum);
  const Value positive = lowering.ConstantOp("max", x, Kind::max, 0);
  return Binary("", positive, log, Kind::add, lowering);
}

// sign(x) * (1 - t * exp(p(t) - x^2)) with t = 1 / (1 + |x| / 2) of an f32
// value (docs/isa/bm1684x.md f). The sign is that of x where |x| is normal.
Value Erf(const char* suffix, Value x, Lowering& lowering) {
  constexpr double kLarge = 1e38;
  const auto shape = tpu::ShapeOf(x);
  const mlir::Type f32 = lowering.f32();
  const Value size = lowering.CreateNamed<tpu::AbsOp>("abs", shape, f32, x);
  const Value half = lowering.ConstantOp("half", size, Kind::mul, 0.5);
  const Value sum = lowering.ConstantOp("one", half, Kind::add, 1);
  const Value t = lowering.ConstantOp("t", sum, Kind::div, 1, true);
  const Value series =
      lowering.CreateNamed<tpu::ErfSeriesOp>("series", shape, f32, t);
  const Value square = Binary("square", x, x, Kind::mul, lowering);
  const Value power = Binary("power", series, square, Kind::sub, lowering);
  const Value tail =
      Binary("tail", t, Exp(power, lowering), Kind::mul, lowering);
  const Value upper = lowering.ConstantOp("upper", tail, Kind::sub, 1, true);
  const Value sign =
      Clip("sign", lowering.ConstantOp("large", x, Kind::mul, kLarge), -1, 1,
           lowering);
  return Binary(suffix, upper, sign, Kind::mul, lowering);
}

FailureOr<Value> LowerErf(top::ErfOp op, Lowering& lowering) {
  return Erf("", lowering.F32(op.getInput()), lowering);
}

// (erf(x * sqrt(1/2)) + 1) * (x / 2)
FailureOr<Value> LowerGelu(top::GeluOp op, Lowering& lowering) {
  const Value x = lowering.F32(op.getInput());
  const Value scaled = lowering.ConstantOp("scaled", x, Kind::mul, 0.70710677);
  const Value gate =
      lowering.ConstantOp("gate", Erf("erf", scaled, lowering), Kind::add, 1);
  const Value half = lowering.ConstantOp("half_x", x, Kind::mul, 0.5);
  return Binary("", gate, half, Kind::mul, lowering);
}

FailureOr<Value> LowerExp(top::ExpOp op, Lowering& lowering) {
  return lowering.Create<tpu::ExpOp>(Lowering::Shape(op.getOutput()),
                                     lowering.f32(),
                                     lowering.F32(op.getInput()));
}

}  // namespace

void AddActivationLowerings(Lowerings& lowerings) {
  lowerings.Add<top::ReluOp>(LowerRelu);
  lowerings.Add<top::ClipOp>(LowerClip);
  lowerings.Add<top::HardSigmoidOp>(LowerHardSigmoid);
  lowerings.Add<top::HardSwishOp>(LowerHardSwish);
  lowerings.Add<top::SigmoidOp>(LowerSigmoid);
  lowerings.Add<top::SiLUOp>(LowerSiLU);
  lowerings.Add<top::TanhOp>(LowerTanh);
  lowerings.Add<top::EluOp>(LowerElu);
  lowerings.Add<top::LeakyReluOp>(LowerLeakyRelu);
  lowerings.Add<top::AbsOp>(LowerAbs);
  lowerings.Add<top::SqrtOp>(LowerSqrt);
  lowerings.Add<top::ReciprocalOp>(LowerReciprocal);
  lowerings.Add<top::LogOp>(LowerLog);
  lowerings.Add<top::SoftplusOp>(LowerSoftplus);
  lowerings.Add<top::ErfOp>(LowerErf);
  lowerings.Add<top::GeluOp>(LowerGelu);
  lowerings.Add<top::ExpOp>(LowerExp);
}

}  // namespace tpuc
