// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::ArrayRef;
using llvm::FailureOr;
using mlir::Value;

namespace {

// exp(x - max) * (1 / sum), in f32, on [outer, length, inner].
FailureOr<Value> LowerSoftmax(top::SoftmaxOp op, Lowering& lowering) {
  const auto shape = Lowering::Shape(op.getOutput());
  const auto axis = static_cast<size_t>(op.getAxis());
  int64_t outer = 1, inner = 1;
  for (int64_t d : shape.take_front(axis)) outer *= d;
  for (int64_t d : shape.drop_front(axis + 1)) inner *= d;
  const int64_t length = shape[axis];
  const int64_t whole[] = {outer, length, inner};
  const int64_t reduced[] = {outer, 1, inner};
  const mlir::Type f32 = lowering.f32();

  const auto reduce = [&](const char* suffix, Value x, tpu::ReduceKind kind) {
    return lowering.CreateNamed<tpu::ReduceOp>(suffix, reduced, f32, x, kind,
                                               static_cast<uint64_t>(length),
                                               llvm::APFloat(1.0));
  };
  const auto binary = [&](const char* suffix, Value a, Value b,
                          tpu::BinaryKind kind) {
    return lowering.CreateNamed<tpu::BinaryOp>(suffix, whole, f32, a, b, kind,
                                               false, llvm::APFloat(-1.0));
  };
  const bool has_shape = shape == ArrayRef<int64_t>(whole);
  Value x = lowering.F32(op.getInput());
  if (!has_shape) {
    x = lowering.CreateNamed<tpu::ReshapeOp>("rows", whole, f32, x);
  }
  const Value max = reduce("max", x, tpu::ReduceKind::max);
  const Value shifted = binary("sub", x, max, tpu::BinaryKind::sub);
  const Value exp =
      lowering.CreateNamed<tpu::ExpOp>("exp", whole, f32, shifted);
  const Value sum = reduce("sum", exp, tpu::ReduceKind::sum);
  const Value reciprocal =
      lowering.ConstantOp("reciprocal", sum, tpu::BinaryKind::div, 1.0, true);
  const Value result =
      binary(has_shape ? "" : "mul", exp, reciprocal, tpu::BinaryKind::mul);
  if (has_shape) return result;
  return lowering.Create<tpu::ReshapeOp>(shape, f32, result);
}

}  // namespace

void AddSoftmaxLowerings(Lowerings& lowerings) {
  lowerings.Add<top::SoftmaxOp>(LowerSoftmax);
}

}  // namespace tpuc
