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

// 1 / (exp(0 - x) + 1), in f32 (docs/isa/bm1684x.md f).
FailureOr<Value> LowerSigmoid(top::SigmoidOp op, Lowering& lowering) {
  const auto shape = Lowering::Shape(op.getOutput());
  const Value negative = lowering.ConstantOp("neg", lowering.F32(op.getInput()),
                                             Kind::sub, 0, true);
  const Value exp =
      lowering.CreateNamed<tpu::ExpOp>("exp", shape, lowering.f32(), negative);
  const Value sum = lowering.ConstantOp("add", exp, Kind::add, 1);
  return lowering.ConstantOp("", sum, Kind::div, 1, true);
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
  lowerings.Add<top::ExpOp>(LowerExp);
}

}  // namespace tpuc
