// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// An operand in `type`; a weight that doesn't fit is an error at `op`.
Value Operand(mlir::Operation* op, Value value, mlir::Type type,
              Lowering& lowering) {
  if (value.getDefiningOp<top::WeightOp>()) {
    return lowering.Weight(op, value, type, "", nullptr);
  }
  return lowering.As(value, type);
}

template <typename Op, tpu::BinaryKind kind>
FailureOr<Value> LowerBinary(Op op, Lowering& lowering) {
  // The chip divides in f32 only.
  const mlir::Type type = kind == tpu::BinaryKind::div
                              ? lowering.f32()
                              : lowering.TypeFor({op.getLhs(), op.getRhs()});
  const Value lhs = Operand(op, op.getLhs(), type, lowering);
  const Value rhs = Operand(op, op.getRhs(), type, lowering);
  if (!lhs || !rhs) return failure();
  return lowering.Create<tpu::BinaryOp>(Lowering::Shape(op.getOutput()), type,
                                        lhs, rhs, kind, op.getDoRelu(),
                                        op.getReluLimit());
}

template <typename Op, tpu::BinaryKind kind>
FailureOr<Value> LowerConst(Op op, Lowering& lowering) {
  const double constant = op.getConstVal().convertToDouble();
  const Value x = lowering.As(op.getInput(), lowering.FitsStorage(constant)
                                                 ? lowering.storage()
                                                 : lowering.f32());
  return lowering.ConstantOp("", x, kind, constant);
}

// max(x, 0) + min(x, 0) * slope
FailureOr<Value> LowerPRelu(top::PReluOp op, Lowering& lowering) {
  const auto shape = Lowering::Shape(op.getOutput());
  const mlir::Type type = lowering.TypeFor({op.getInput(), op.getSlope()});
  const Value x = Operand(op, op.getInput(), type, lowering);
  const Value slope = Operand(op, op.getSlope(), type, lowering);
  if (!x || !slope) return failure();
  const Value positive = lowering.ConstantOp("max", x, tpu::BinaryKind::max, 0);
  const Value negative = lowering.ConstantOp("min", x, tpu::BinaryKind::min, 0);
  const llvm::APFloat no_limit(-1.0);
  const Value scaled = lowering.CreateNamed<tpu::BinaryOp>(
      "mul", shape, type, negative, slope, tpu::BinaryKind::mul, false,
      no_limit);
  return lowering.Create<tpu::BinaryOp>(shape, type, positive, scaled,
                                        tpu::BinaryKind::add, false, no_limit);
}

}  // namespace

void AddElementwiseLowerings(Lowerings& lowerings) {
  using Kind = tpu::BinaryKind;
  lowerings.Add<top::AddOp>(LowerBinary<top::AddOp, Kind::add>);
  lowerings.Add<top::SubOp>(LowerBinary<top::SubOp, Kind::sub>);
  lowerings.Add<top::MulOp>(LowerBinary<top::MulOp, Kind::mul>);
  lowerings.Add<top::DivOp>(LowerBinary<top::DivOp, Kind::div>);
  lowerings.Add<top::MaxOp>(LowerBinary<top::MaxOp, Kind::max>);
  lowerings.Add<top::MinOp>(LowerBinary<top::MinOp, Kind::min>);
  lowerings.Add<top::PReluOp>(LowerPRelu);
  lowerings.Add<top::AddConstOp>(LowerConst<top::AddConstOp, Kind::add>);
  lowerings.Add<top::MulConstOp>(LowerConst<top::MulConstOp, Kind::mul>);
}

}  // namespace tpuc
