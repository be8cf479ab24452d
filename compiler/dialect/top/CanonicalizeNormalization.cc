// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "compiler/dialect/top/canonicalize_util.h"

namespace tpuc::top {
namespace {

using llvm::failure;
using llvm::LogicalResult;
using llvm::success;
using mlir::PatternRewriter;
using mlir::Value;

// The mean of `input` over its dimensions from `axis` on.
struct RowMean {
  Value input;
  int64_t axis;

  bool operator==(const RowMean& other) const {
    return input == other.input && axis == other.axis;
  }
};

std::optional<RowMean> MatchRowMean(Value value) {
  auto reduce = value.getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getMode() != "mean" || reduce.getAxes().empty())
    return std::nullopt;
  const int64_t rank = static_cast<int64_t>(ShapeOf(value).size());
  const int64_t axis = reduce.getAxes().front();
  // Ascending, so all from the first to the last.
  if (rank - axis != static_cast<int64_t>(reduce.getAxes().size()))
    return std::nullopt;
  return RowMean{reduce.getInput(), axis};
}

// x - mean(x)
std::optional<RowMean> MatchCentered(Value value) {
  auto sub = value.getDefiningOp<SubOp>();
  if (!sub || sub.getDoRelu()) return std::nullopt;
  const auto mean = MatchRowMean(sub.getRhs());
  if (!mean || mean->input != sub.getLhs()) return std::nullopt;
  return mean;
}

// sqrt(mean((x - mean(x))^2) + epsilon), the square written as a product.
struct Deviation {
  RowMean of;
  llvm::APFloat epsilon;
};

std::optional<Deviation> MatchDeviation(Value value) {
  auto sqrt = value.getDefiningOp<SqrtOp>();
  auto add = sqrt ? sqrt.getInput().getDefiningOp<AddConstOp>() : nullptr;
  const auto variance = add ? MatchRowMean(add.getInput()) : std::nullopt;
  auto square =
      variance ? variance->input.getDefiningOp<MulOp>() : MulOp(nullptr);
  if (!square || square.getDoRelu()) return std::nullopt;
  const auto left = MatchCentered(square.getLhs());
  const auto right = MatchCentered(square.getRhs());
  if (!left || !right || !(*left == *right) || left->axis != variance->axis)
    return std::nullopt;
  return Deviation{*left, add.getConstVal()};
}

LogicalResult ReplaceByNorm(PatternRewriter& rewriter, mlir::Operation* op,
                            Value centered, Value deviation) {
  const auto divisor = MatchDeviation(deviation);
  const auto dividend = MatchCentered(centered);
  if (!divisor || !dividend || !(divisor->of == *dividend)) return failure();
  rewriter.replaceOpWithNewOp<LayerNormOp>(
      op, op->getResult(0).getType(), dividend->input, mlir::ValueRange(),
      rewriter.getI64IntegerAttr(dividend->axis),
      rewriter.getF64FloatAttr(ToDouble(divisor->epsilon)));
  return success();
}

// (x - mean(x)) / deviation
struct NormFromDiv : mlir::OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DivOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu()) return failure();
    return ReplaceByNorm(rewriter, op, op.getLhs(), op.getRhs());
  }
};

// (x - mean(x)) * (1 / deviation)
struct NormFromMul : mlir::OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu()) return failure();
    for (const auto& [a, b] : {std::pair(op.getLhs(), op.getRhs()),
                               std::pair(op.getRhs(), op.getLhs())}) {
      auto reciprocal = b.getDefiningOp<ReciprocalOp>();
      if (reciprocal &&
          succeeded(ReplaceByNorm(rewriter, op, a, reciprocal.getInput()))) {
        return success();
      }
    }
    return failure();
  }
};

// Norm(x) * w -> Norm(x, w), then Norm(x, w) + b -> Norm(x, w, b).
template <typename Op, unsigned kOperands>
struct FoldAffine : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu()) return failure();
    for (const auto& [a, b] : {std::pair(op.getLhs(), op.getRhs()),
                               std::pair(op.getRhs(), op.getLhs())}) {
      auto norm = SingleUseProducer<LayerNormOp>(a);
      if (!norm || norm.getAffine().size() != kOperands ||
          norm.getOutput().getType() != op.getOutput().getType()) {
        continue;
      }
      const Value operand = RowWeight(rewriter, op, norm, b);
      if (!operand) continue;
      llvm::SmallVector<Value> affine(norm.getAffine());
      affine.push_back(operand);
      rewriter.setInsertionPoint(op);
      rewriter.replaceOpWithNewOp<LayerNormOp>(
          op, op.getOutput().getType(), norm.getInput(), affine,
          norm.getAxisAttr(), norm.getEpsilonAttr());
      rewriter.eraseOp(norm);
      return success();
    }
    return failure();
  }

 private:
  // A constant that is the same for every row, of a row's shape; else null.
  static Value RowWeight(PatternRewriter& rewriter, Op op, LayerNormOp norm,
                         Value value) {
    const Tensor* data = ConstantOf(value);
    if (data == nullptr || data->dtype() != DType::kF32) return {};
    const auto row = ShapeOf(norm.getInput()).drop_front(norm.getAxis());
    llvm::ArrayRef<int64_t> shape = data->shape();
    if (shape == row) return value;
    while (shape.size() > row.size() && shape.front() == 1)
      shape = shape.drop_front();
    if (shape != row) return {};
    const float* values = data->data<float>();
    return NewWeight(rewriter, op, getName(value) + ".row", row.vec(),
                     {values, values + data->NumElements()});
  }
};

}  // namespace

void LayerNormOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                              mlir::MLIRContext* context) {
  patterns.add<NormFromDiv, NormFromMul>(context);
  // Before the general patterns that make constants of splats.
  patterns.add<FoldAffine<MulOp, 0>, FoldAffine<AddOp, 1>>(context,
                                                           /*benefit=*/2);
}

}  // namespace tpuc::top
