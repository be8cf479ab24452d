// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/geometry.h"
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// Matrices of an operand of rank 2 or more.
int64_t Batches(Value value) {
  int64_t batches = 1;
  for (int64_t d : Lowering::Shape(value).drop_back(2)) batches *= d;
  return batches;
}

// The operand as [batches, rows, columns].
Value Matrices(const char* suffix, Value value, int64_t batches,
               Lowering& lowering) {
  const Value stored = lowering.Stored(value);
  if (!stored) return {};
  const auto shape = tpu::ShapeOf(stored);
  const int64_t elements =
      mlir::cast<mlir::RankedTensorType>(stored.getType()).getNumElements();
  const int64_t columns = shape.back();
  const int64_t matrices[] = {batches, elements / batches / columns, columns};
  if (shape == llvm::ArrayRef<int64_t>(matrices)) return stored;
  return lowering.CreateNamed<tpu::ReshapeOp>(
      suffix, matrices, tpu::ElementTypeOf(stored), stored);
}

// Products of the matrices of two batches. One right matrix for all multiplies
// their rows as one matrix's. A bias is added in f32, which the sums then stay
// in.
FailureOr<Value> LowerBatches(top::MatMulOp op, Lowering& lowering) {
  const auto out_shape = Lowering::Shape(op.getOutput());
  int64_t batches = Batches(op.getOutput());
  int64_t left = Batches(op.getInput()), right = Batches(op.getRight());
  if ((left != batches && left != 1) || (right != batches && right != 1)) {
    return op.emitOpError()
           << "can only be lowered where the batch of one operand is the "
              "result's and that of the other too, or one matrix; found "
           << op.getInput().getType() << " and " << op.getRight().getType();
  }
  if (right == 1) left = batches = 1;
  const Value x = Matrices("left", op.getInput(), left, lowering);
  const Value y = Matrices("right", op.getRight(), right, lowering);
  if (!x || !y) return failure();
  const bool has_bias = op.getBias() != nullptr;
  const mlir::Type type = has_bias ? lowering.f32() : lowering.storage();
  const int64_t shape[] = {batches, tpu::ShapeOf(x)[1], out_shape.back()};
  const bool has_shape = out_shape == llvm::ArrayRef<int64_t>(shape);
  const char* last = has_shape ? "" : "matrices";
  Value product = lowering.CreateNamed<tpu::MatMulOp>(
      has_bias ? "product" : last, shape, type, x, y, Value(),
      op.getRightTranspose(),
      lowering.is_16bit() ? tpu::MatMulForm::mm2 : tpu::MatMulForm::left_conv,
      llvm::ArrayRef<int64_t>(), !has_bias && op.getDoRelu(),
      op.getReluLimit());
  if (has_bias) {
    product = lowering.CreateNamed<tpu::BinaryOp>(
        last, shape, type, product, lowering.F32(op.getBias()),
        tpu::BinaryKind::add, op.getDoRelu(), op.getReluLimit());
  }
  if (has_shape) return product;
  return lowering.Create<tpu::ReshapeOp>(out_shape, type, product);
}

// With a constant right side leading dimensions become rows of one matrix.
FailureOr<Value> LowerMatMul(top::MatMulOp op, Lowering& lowering) {
  const auto in_shape = Lowering::Shape(op.getInput());
  const auto out_shape = Lowering::Shape(op.getOutput());
  const auto right_shape = Lowering::Shape(op.getRight());
  if (in_shape.size() < 2 || right_shape.size() < 2) {
    return op.emitOpError(
        "can only be lowered with operands of rank 2 or more");
  }
  if (!op.getRight().getDefiningOp<top::WeightOp>() ||
      Batches(op.getRight()) != 1) {
    return LowerBatches(op, lowering);
  }
  if (op.getBias() && !op.getBias().getDefiningOp<top::WeightOp>()) {
    return op.emitOpError("can only be lowered with a constant bias");
  }
  const bool transposed = op.getRightTranspose();
  const mlir::Type storage = lowering.storage();
  const int64_t k = in_shape.back(), n = out_shape.back();
  int64_t m = 1;
  for (int64_t d : in_shape.drop_back()) m *= d;

  const std::string form = transposed               ? "transposed"
                           : right_shape.size() > 2 ? "matrix"
                                                    : "";
  const Value right = lowering.Weight(
      op, op.getRight(), storage, form,
      [&](const Tensor& data) { return RightMatrix(data, transposed); });
  Value bias;
  if (op.getBias()) {
    bias = lowering.Weight(op, op.getBias(), lowering.f32(), "", nullptr);
  }
  if (!right || (op.getBias() && !bias)) return failure();

  Value input = lowering.Stored(op.getInput());
  const bool is_matrix = in_shape.size() == 2;
  if (!is_matrix) {
    input =
        lowering.CreateNamed<tpu::ReshapeOp>("rows", {m, k}, storage, input);
  }
  const Value product = lowering.CreateNamed<tpu::MatMulOp>(
      is_matrix ? "" : "matrix", {m, n}, storage, input, right, bias,
      /*right_transpose=*/false, tpu::MatMulForm::conv,
      llvm::ArrayRef<int64_t>(), op.getDoRelu(), op.getReluLimit());
  if (is_matrix) return product;
  return lowering.Create<tpu::ReshapeOp>(out_shape, storage, product);
}

}  // namespace

Tensor RightMatrix(const Tensor& data, bool transposed) {
  const std::vector<int64_t>& shape = data.shape();
  const int64_t rows = shape[shape.size() - 2], cols = shape.back();
  if (!transposed) return data.Reshaped({rows, cols});
  Tensor result(DType::kF32, {cols, rows});
  const float* from = data.data<float>();
  float* to = result.data<float>();
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c) to[c * rows + r] = from[r * cols + c];
  }
  return result;
}

void AddMatMulLowerings(Lowerings& lowerings) {
  lowerings.Add<top::MatMulOp>(LowerMatMul);
}

}  // namespace tpuc
