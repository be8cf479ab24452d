// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/canonicalize_util.h"

namespace tpuc::top {
namespace {

using llvm::failure;
using llvm::LogicalResult;
using llvm::success;
using mlir::PatternRewriter;

// MatMul(x, w) + b -> MatMul(x, w, b) where b is constant along all but the
// last dimension.
struct FoldBias : mlir::OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu()) return failure();
    for (const bool swap : {false, true}) {
      auto matmul =
          SingleUseProducer<MatMulOp>(swap ? op.getRhs() : op.getLhs());
      const Tensor* bias = ConstantOf(swap ? op.getLhs() : op.getRhs());
      if (!matmul || ConstantOf(matmul.getRight()) == nullptr ||
          matmul.getBias() || matmul.getDoRelu() ||
          matmul.getOutput().getType() != op.getOutput().getType() ||
          bias == nullptr || bias->dtype() != DType::kF32) {
        continue;
      }
      const int64_t n = ShapeOf(op.getOutput()).back();
      const bool splat = bias->NumElements() == 1;
      if (!splat && (bias->NumElements() != n || bias->shape().back() != n)) {
        continue;
      }
      std::vector<float> values(n);
      for (int64_t i = 0; i < n; ++i) {
        values[i] = bias->data<float>()[splat ? 0 : i];
      }
      const mlir::Value weight =
          NewWeight(rewriter, op, getName(op) + ".bias", {n}, values);
      rewriter.setInsertionPoint(op);
      auto folded = rewriter.create<MatMulOp>(
          op.getLoc(), op.getOutput().getType(),
          mlir::ValueRange{matmul.getInput(), matmul.getRight(), weight},
          matmul->getAttrs());
      rewriter.replaceOp(op, folded);
      rewriter.eraseOp(matmul);
      return success();
    }
    return failure();
  }
};

// Whether `order` exchanges the last two dimensions and nothing else.
bool IsTranspose(llvm::ArrayRef<int64_t> order) {
  const auto rank = static_cast<int64_t>(order.size());
  if (rank < 2) return false;
  for (int64_t d = 0; d < rank - 2; ++d)
    if (order[d] != d) return false;
  return order[rank - 1] == rank - 2;
}

// MatMul(x, transposed y) -> MatMul(x, y) that transposes.
struct TakeTransposed : mlir::OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter& rewriter) const override {
    auto permute = op.getRight().getDefiningOp<PermuteOp>();
    if (!permute || !IsTranspose(permute.getOrder())) return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getRightMutable().assign(permute.getInput());
      op.setRightTranspose(!op.getRightTranspose());
    });
    return success();
  }
};

}  // namespace

void MatMulOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                           mlir::MLIRContext* context) {
  // Before the general pattern that makes an AddConst of a splat.
  patterns.add<FoldBias>(context, /*benefit=*/2);
  patterns.add<TakeTransposed>(context);
}

}  // namespace tpuc::top
