// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// The data as [K, N], whatever its leading ones and order.
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

// Leading dimensions become rows of one matrix.
FailureOr<Value> LowerMatMul(top::MatMulOp op, Lowering& lowering) {
  if (!op.getRight().getDefiningOp<top::WeightOp>()) {
    return op.emitOpError(
        "can only be lowered with a constant right side; the product of two "
        "activations has no lowering yet");
  }
  const auto right_shape = Lowering::Shape(op.getRight());
  int64_t batches = 1;
  for (int64_t d : right_shape.drop_back(2)) batches *= d;
  if (right_shape.size() < 2 || batches != 1) {
    return op.emitOpError() << "can only be lowered with one right matrix for "
                               "all batches, found "
                            << op.getRight().getType();
  }
  if (op.getBias() && !op.getBias().getDefiningOp<top::WeightOp>()) {
    return op.emitOpError("can only be lowered with a constant bias");
  }
  const auto in_shape = Lowering::Shape(op.getInput());
  const auto out_shape = Lowering::Shape(op.getOutput());
  if (in_shape.size() < 2) {
    return op.emitOpError(
        "can only be lowered with an input of rank 2 or more");
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
      tpu::MatMulForm::conv, llvm::ArrayRef<int64_t>(), op.getDoRelu(),
      op.getReluLimit());
  if (is_matrix) return product;
  return lowering.Create<tpu::ReshapeOp>(out_shape, storage, product);
}

}  // namespace

void AddMatMulLowerings(Lowerings& lowerings) {
  lowerings.Add<top::MatMulOp>(LowerMatMul);
}

}  // namespace tpuc
