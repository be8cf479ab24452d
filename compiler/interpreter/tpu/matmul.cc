// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/matmul.h"

#include <utility>
#include <vector>

#include "compiler/interpreter/tpu/evaluators.h"
#include "compiler/numerics/elementwise.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {

namespace {

using numerics::MatMul;
using numerics::MatMulOperands;
using numerics::MatMulSpec;

absl::Status Multiply(const MatMulSpec& spec, const MatMulOperands& operands,
                      int threads) {
  auto product = MatMul::Prepare(spec, operands);
  if (!product.ok()) return product.status();
  ParallelFor(threads, (*product)->NumTiles(), 1,
              [&](int64_t begin, int64_t end) { (*product)->Run(begin, end); });
  return absl::OkStatus();
}

// The columns [begin, end) of a matrix.
numerics::MatrixView Columns(numerics::MatrixView m, int64_t begin,
                             int64_t end) {
  m.col = {m.col.begin() + begin, m.col.begin() + end};
  return m;
}

// As one instruction, or as one for each piece of K between `cuts`, chained by
// res_add into the f32 result.
absl::Status MultiplyInPieces(MatMulSpec spec, const MatMulOperands& operands,
                              llvm::ArrayRef<int64_t> cuts, int threads) {
  std::vector<int64_t> ends(cuts.begin(), cuts.end());
  ends.push_back(spec.k);
  int64_t begin = 0;
  for (int64_t end : ends) {
    MatMulOperands piece;
    piece.left = Columns(operands.left, begin, end);
    piece.right = Transposed(Columns(Transposed(operands.right), begin, end));
    piece.result = operands.result;
    spec.k = end - begin;
    if (absl::Status status = Multiply(spec, piece, threads); !status.ok())
      return status;
    spec.accumulate = true;
    begin = end;
  }
  return absl::OkStatus();
}

absl::Status RoundSum(const Tensor& sum, Tensor& result) {
  numerics::ElementwiseSpec spec;
  spec.op = numerics::ArOp::kCast;
  spec.a = sum.dtype();
  spec.res = result.dtype();
  const auto cast = numerics::Elementwise::Create(spec);
  if (!cast.ok()) return cast.status();
  cast->Row(sum.NumElements(), result.raw(), 1, {sum.raw(), 1}, {}, {});
  return absl::OkStatus();
}

}  // namespace

absl::Status MultiplyBatches(tpu::MatMulOp op, const Values& values,
                             Tensor& result, int threads) {
  const Tensor& left = values[op.getInput()];
  const Tensor& right = values[op.getRight()];
  // Pieces are summed in f32 and rounded once.
  const bool rounds_at_end =
      !op.getIcCuts().empty() && result.dtype() != DType::kF32;
  Tensor sum;
  if (rounds_at_end) sum = Tensor(DType::kF32, result.shape());
  Tensor& target = rounds_at_end ? sum : result;
  MatMulSpec spec;
  spec.input = left.dtype();
  spec.result = target.dtype();
  spec.m = left.shape()[1];
  spec.k = left.shape()[2];
  spec.n = result.shape()[2];
  const auto matrix = [](const Tensor& tensor, int64_t index) {
    const int64_t rows = tensor.shape()[1], columns = tensor.shape()[2];
    const int64_t batch = tensor.shape()[0] == 1 ? 0 : index;
    const auto bytes = static_cast<int64_t>(SizeOf(tensor.dtype()));
    return numerics::DenseMatrix(
        static_cast<const char*>(tensor.raw()) + batch * rows * columns * bytes,
        tensor.dtype(), rows, columns);
  };
  const auto bytes = static_cast<int64_t>(SizeOf(target.dtype()));
  for (int64_t b = 0; b < result.shape()[0]; ++b) {
    MatMulOperands operands;
    operands.left = matrix(left, b);
    operands.right = matrix(right, b);
    if (op.getRightTranspose()) operands.right = Transposed(operands.right);
    operands.result = numerics::DenseMatrix(
        static_cast<char*>(target.raw()) + b * spec.m * spec.n * bytes,
        target.dtype(), spec.m, spec.n);
    if (absl::Status status =
            MultiplyInPieces(spec, operands, op.getIcCuts(), threads);
        !status.ok()) {
      return status;
    }
  }
  return rounds_at_end ? RoundSum(sum, result) : absl::OkStatus();
}

}  // namespace tpuc::interpreter
