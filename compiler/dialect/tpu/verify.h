// SPDX-License-Identifier: Apache-2.0
// What the verifiers of operations on floats and on quantized tensors share.
// Each emits an error at the operation that says what was found.
#pragma once

#include <cstdint>

#include "compiler/dialect/tpu/TpuOps.h"

namespace tpuc::tpu {

inline constexpr int64_t kMostValue = INT32_MAX;

llvm::LogicalResult VerifyRank(mlir::Operation *op, mlir::Value value,
                               size_t rank, llvm::StringRef what);

llvm::LogicalResult VerifyShape(mlir::Operation *op, mlir::Value value,
                                llvm::ArrayRef<int64_t> expected,
                                llvm::StringRef what);

// `count` values, each in [least, most].
llvm::LogicalResult VerifyRange(mlir::Operation *op,
                                llvm::ArrayRef<int64_t> values, size_t count,
                                int64_t least, int64_t most,
                                llvm::StringRef what);

// Cuts of a sum over `channels`: ascending multiples of `step` in between.
llvm::LogicalResult VerifyCuts(mlir::Operation *op,
                               llvm::ArrayRef<int64_t> cuts, int64_t channels,
                               int64_t step);

// Operands that broadcast, aligned at their last dimensions, and the result.
template <typename Op>
llvm::LogicalResult VerifyBroadcast(Op op) {
  const llvm::ArrayRef<int64_t> a = ShapeOf(op.getLhs());
  const llvm::ArrayRef<int64_t> b = ShapeOf(op.getRhs());
  const size_t rank = std::max(a.size(), b.size());
  llvm::SmallVector<int64_t> expected(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t x = i < rank - a.size() ? 1 : a[i - (rank - a.size())];
    const int64_t y = i < rank - b.size() ? 1 : b[i - (rank - b.size())];
    if (x != y && x != 1 && y != 1) {
      return op.emitOpError()
             << "operands do not broadcast: " << op.getLhs().getType()
             << " and " << op.getRhs().getType();
    }
    expected[i] = x == 1 ? y : x;
  }
  return VerifyShape(op, op.getOutput(), expected, "output");
}

// Operand ranks and attributes of a convolution.
template <typename Op>
llvm::LogicalResult VerifyConvOperands(Op op) {
  if (failed(VerifyRank(op, op.getInput(), 4, "input")) ||
      failed(VerifyRank(op, op.getFilter(), 4, "filter")) ||
      failed(VerifyRange(op, op.getStrides(), 2, 1, kMostValue, "strides")) ||
      failed(
          VerifyRange(op, op.getDilations(), 2, 1, kMostValue, "dilations")) ||
      failed(VerifyRange(op, op.getInserts(), 2, 0, kMostValue, "inserts"))) {
    return llvm::failure();
  }
  return VerifyRange(op, op.getPads(), 4, 0, kMostValue, "pads");
}

// The result's shape, of operands that are right.
template <typename Op>
llvm::LogicalResult VerifyConvOutput(Op op) {
  const llvm::ArrayRef<int64_t> in = ShapeOf(op.getInput());
  const llvm::ArrayRef<int64_t> filter = ShapeOf(op.getFilter());
  const llvm::ArrayRef<int64_t> pads =
      op.getPads();  // top, left, bottom, right
  int64_t out[2];
  for (int i = 0; i < 2; ++i) {
    out[i] = WindowOutput(in[2 + i], pads[i], pads[2 + i], filter[2 + i],
                          op.getDilations()[i], op.getStrides()[i],
                          op.getInserts()[i]);
    if (out[i] < 1)
      return op.emitOpError("kernel is larger than the padded input");
  }
  return VerifyShape(op, op.getOutput(), {in[0], filter[0], out[0], out[1]},
                     "output");
}

// Operand rank, attributes and the result's shape of a pooling.
template <typename Op>
llvm::LogicalResult VerifyPool(Op op) {
  if (failed(VerifyRank(op, op.getInput(), 4, "input")) ||
      failed(VerifyRange(op, op.getKernelShape(), 2, 1, kMostValue,
                         "kernel_shape")) ||
      failed(VerifyRange(op, op.getStrides(), 2, 1, kMostValue, "strides")) ||
      failed(VerifyRange(op, op.getPads(), 4, 0, kMostValue, "pads"))) {
    return llvm::failure();
  }
  const llvm::ArrayRef<int64_t> in = ShapeOf(op.getInput());
  const llvm::ArrayRef<int64_t> pads =
      op.getPads();  // top, left, bottom, right
  int64_t out[2];
  for (int i = 0; i < 2; ++i) {
    out[i] = WindowOutput(in[2 + i], pads[i], pads[2 + i],
                          op.getKernelShape()[i], 1, op.getStrides()[i]);
    if (out[i] < 1)
      return op.emitOpError("window is larger than the padded input");
  }
  return VerifyShape(op, op.getOutput(), {in[0], in[1], out[0], out[1]},
                     "output");
}

}  // namespace tpuc::tpu
