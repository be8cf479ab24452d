// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/canonicalize_util.h"
#include "mlir/IR/OpDefinition.h"

namespace tpuc::top {
namespace {

using llvm::failure;
using llvm::LogicalResult;
using llvm::success;
using mlir::PatternRewriter;

// Reshape(Reshape(x)) -> Reshape(x)
struct MergeReshapes : mlir::OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter& rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ReshapeOp>();
    if (!inner) return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getOutput().getType(),
                                           inner.getInput());
    return success();
  }
};

// Reshape to the same shape -> nothing, unless it is there to give an output
// of the network its name.
struct DropIdentity : mlir::OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getInput().getType() != op.getOutput().getType()) return failure();
    for (mlir::Operation* user : op->getUsers()) {
      if (user->hasTrait<mlir::OpTrait::IsTerminator>()) return failure();
    }
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

// Reshape(weight) -> weight
struct FoldWeight : mlir::OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter& rewriter) const override {
    const Tensor* data = ConstantOf(op.getInput());
    if (data == nullptr) return failure();
    auto weight = CreateWeight(rewriter, getName(op),
                               data->Reshaped(ShapeOf(op.getOutput()).vec()));
    rewriter.replaceOp(op, weight);
    return success();
  }
};

}  // namespace

void ReshapeOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                            mlir::MLIRContext* context) {
  patterns.add<MergeReshapes, DropIdentity, FoldWeight>(context);
}

}  // namespace tpuc::top
