// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <utility>

#include "compiler/dialect/top/canonicalize_util.h"

namespace tpuc::top {
namespace {

using llvm::failure;
using llvm::LogicalResult;
using llvm::success;
using mlir::PatternRewriter;

// x op splat -> AddConst or MulConst, which need no weight in memory. Not
// when the splat is what gives the result its shape.
template <typename Op>
struct SplatToConst : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu()) return failure();
    constexpr bool kCommutes =
        std::is_same_v<Op, AddOp> || std::is_same_v<Op, MulOp>;
    for (const bool swap : {false, true}) {
      if (swap && !kCommutes) break;
      const mlir::Value x = swap ? op.getRhs() : op.getLhs();
      const auto splat = SplatOf(swap ? op.getLhs() : op.getRhs());
      if (!splat || x.getType() != op.getOutput().getType()) continue;
      if constexpr (std::is_same_v<Op, AddOp> || std::is_same_v<Op, SubOp>) {
        const double value = std::is_same_v<Op, SubOp> ? -*splat : *splat;
        rewriter.replaceOpWithNewOp<AddConstOp>(
            op, x.getType(), x, rewriter.getF64FloatAttr(value));
      } else {
        const double value = std::is_same_v<Op, DivOp> ? 1.0 / *splat : *splat;
        if (!std::isfinite(value)) return failure();
        rewriter.replaceOpWithNewOp<MulConstOp>(
            op, x.getType(), x, rewriter.getF64FloatAttr(value));
      }
      return success();
    }
    return failure();
  }
};

// x * y / c with a constant that is a full tensor: x * (1 / c).
struct DivToMul : mlir::OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DivOp op,
                                PatternRewriter& rewriter) const override {
    const Tensor* divisor = ConstantOf(op.getRhs());
    if (divisor == nullptr || divisor->dtype() != DType::kF32 ||
        SplatOf(op.getRhs())) {
      return failure();
    }
    std::vector<float> values(divisor->NumElements());
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = 1.0f / divisor->data<float>()[i];
      if (!std::isfinite(values[i])) return failure();
    }
    const mlir::Value factor = NewWeight(rewriter, op, getName(op) + ".factor",
                                         divisor->shape(), values);
    rewriter.replaceOpWithNewOp<MulOp>(op, op.getOutput().getType(),
                                       op.getLhs(), factor, op.getDoReluAttr(),
                                       op.getReluLimitAttr());
    return success();
  }
};

// Max(x, splat) and Min(x, splat) -> Clip(x)
template <typename Op>
struct SplatToClip : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu()) return failure();
    for (const auto& [x, bound] : {std::pair(op.getLhs(), op.getRhs()),
                                   std::pair(op.getRhs(), op.getLhs())}) {
      const auto splat = SplatOf(bound);
      if (!splat || x.getType() != op.getOutput().getType()) continue;
      constexpr double kMost = std::numeric_limits<float>::max();
      constexpr bool kIsMax = std::is_same_v<Op, MaxOp>;
      rewriter.replaceOpWithNewOp<ClipOp>(
          op, x.getType(), x,
          rewriter.getF64FloatAttr(kIsMax ? *splat : -kMost),
          rewriter.getF64FloatAttr(kIsMax ? kMost : *splat));
      return success();
    }
    return failure();
  }
};

// 1 / x
struct DivToReciprocal : mlir::OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DivOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu() || SplatOf(op.getLhs()) != 1.0f ||
        op.getRhs().getType() != op.getOutput().getType()) {
      return failure();
    }
    rewriter.replaceOpWithNewOp<ReciprocalOp>(op, op.getOutput().getType(),
                                              op.getRhs());
    return success();
  }
};

// x * 1, x + 0 -> x, as a reshape, which keeps the name where that is needed.
template <typename Op>
struct DropNeutral : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter& rewriter) const override {
    constexpr double kNeutral = std::is_same_v<Op, MulConstOp> ? 1 : 0;
    if (ToDouble(op.getConstVal()) != kNeutral) return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getOutput().getType(),
                                           op.getInput());
    return success();
  }
};

// x * sigmoid(x)
struct SiLUFromProduct : mlir::OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu()) return failure();
    for (const auto& [x, gate] : {std::pair(op.getLhs(), op.getRhs()),
                                  std::pair(op.getRhs(), op.getLhs())}) {
      auto sigmoid = gate.getDefiningOp<SigmoidOp>();
      if (!sigmoid || sigmoid.getInput() != x) continue;
      rewriter.replaceOpWithNewOp<SiLUOp>(op, op.getOutput().getType(), x);
      return success();
    }
    return failure();
  }
};

// Relu(Op(x)) -> Op(x) {do_relu}
template <typename Op>
LogicalResult FuseRelu(ReluOp relu, PatternRewriter& rewriter) {
  auto producer = SingleUseProducer<Op>(relu.getInput());
  if (!producer || producer.getDoRelu()) return failure();
  auto fused =
      rewriter.create<Op>(relu.getLoc(), relu.getOutput().getType(),
                          producer->getOperands(), producer->getAttrs());
  fused.setDoRelu(true);
  fused.setReluLimitAttr(relu.getReluLimitAttr());
  rewriter.replaceOp(relu, fused);
  rewriter.eraseOp(producer);
  return success();
}

struct FuseReluIntoProducer : mlir::OpRewritePattern<ReluOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReluOp op,
                                PatternRewriter& rewriter) const override {
    return success(succeeded(FuseRelu<ConvOp>(op, rewriter)) ||
                   succeeded(FuseRelu<ConvTransposeOp>(op, rewriter)) ||
                   succeeded(FuseRelu<MatMulOp>(op, rewriter)) ||
                   succeeded(FuseRelu<AddOp>(op, rewriter)) ||
                   succeeded(FuseRelu<SubOp>(op, rewriter)) ||
                   succeeded(FuseRelu<MulOp>(op, rewriter)) ||
                   succeeded(FuseRelu<DivOp>(op, rewriter)) ||
                   succeeded(FuseRelu<MaxOp>(op, rewriter)) ||
                   succeeded(FuseRelu<MinOp>(op, rewriter)));
  }
};

// Clip(x, 0, m) -> Relu(x) with a limit. A limit of 0 is still a limit.
struct ClipToRelu : mlir::OpRewritePattern<ClipOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ClipOp op,
                                PatternRewriter& rewriter) const override {
    const double max = ToDouble(op.getMax());
    if (ToDouble(op.getMin()) != 0 || max < 0) return failure();
    const bool unlimited = max >= std::numeric_limits<float>::max();
    rewriter.replaceOpWithNewOp<ReluOp>(
        op, op.getOutput().getType(), op.getInput(),
        rewriter.getF64FloatAttr(unlimited ? -1.0 : max));
    return success();
  }
};

// Whether `value` is clip(x + 3, 0, 6), also after fusions.
bool IsShiftedRelu6(mlir::Value value, mlir::Value x) {
  auto relu = value.getDefiningOp<ReluOp>();
  if (!relu || ToDouble(relu.getReluLimit()) != 6) return false;
  auto add = relu.getInput().getDefiningOp<AddConstOp>();
  return add && add.getInput() == x && ToDouble(add.getConstVal()) == 3;
}

bool IsSixth(const llvm::APFloat& value) {
  return static_cast<float>(ToDouble(value)) == 1.0f / 6.0f;
}

// Whether `value` is relu6(x + 3) / 6 in any spelling.
bool IsHardSigmoid(mlir::Value value, mlir::Value x) {
  if (auto scale = value.getDefiningOp<MulConstOp>()) {
    return IsSixth(scale.getConstVal()) && IsShiftedRelu6(scale.getInput(), x);
  }
  auto op = value.getDefiningOp<HardSigmoidOp>();
  return op && op.getInput() == x && IsSixth(op.getAlpha()) &&
         ToDouble(op.getBeta()) == 0.5;
}

// (x * relu6(x + 3)) / 6
struct HardSwishFromScaledProduct : mlir::OpRewritePattern<MulConstOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulConstOp op,
                                PatternRewriter& rewriter) const override {
    auto mul = op.getInput().getDefiningOp<MulOp>();
    if (!IsSixth(op.getConstVal()) || !mul || mul.getDoRelu()) return failure();
    for (const auto& [x, gate] : {std::pair(mul.getLhs(), mul.getRhs()),
                                  std::pair(mul.getRhs(), mul.getLhs())}) {
      if (!IsShiftedRelu6(gate, x)) continue;
      rewriter.replaceOpWithNewOp<HardSwishOp>(op, op.getOutput().getType(), x);
      return success();
    }
    return failure();
  }
};

// x * (relu6(x + 3) / 6), (x / 6) * relu6(x + 3), x * hardsigmoid(x)
struct HardSwishFromProduct : mlir::OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu()) return failure();
    for (const auto& [a, b] : {std::pair(op.getLhs(), op.getRhs()),
                               std::pair(op.getRhs(), op.getLhs())}) {
      mlir::Value x;
      if (IsHardSigmoid(b, a)) {
        x = a;
      } else if (auto sixth = a.getDefiningOp<MulConstOp>();
                 sixth && IsSixth(sixth.getConstVal()) &&
                 IsShiftedRelu6(b, sixth.getInput())) {
        x = sixth.getInput();
      }
      if (!x) continue;
      rewriter.replaceOpWithNewOp<HardSwishOp>(op, op.getOutput().getType(), x);
      return success();
    }
    return failure();
  }
};

}  // namespace

void AddOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                        mlir::MLIRContext* context) {
  patterns.add<SplatToConst<AddOp>>(context);
}
void SubOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                        mlir::MLIRContext* context) {
  patterns.add<SplatToConst<SubOp>>(context);
}
void MulOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                        mlir::MLIRContext* context) {
  patterns.add<SplatToConst<MulOp>, HardSwishFromProduct, SiLUFromProduct>(
      context);
}
void DivOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                        mlir::MLIRContext* context) {
  patterns.add<SplatToConst<DivOp>, DivToMul, DivToReciprocal>(context);
}
void MaxOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                        mlir::MLIRContext* context) {
  patterns.add<SplatToClip<MaxOp>>(context);
}
void MinOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                        mlir::MLIRContext* context) {
  patterns.add<SplatToClip<MinOp>>(context);
}
void AddConstOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                             mlir::MLIRContext* context) {
  patterns.add<DropNeutral<AddConstOp>>(context);
}
void MulConstOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                             mlir::MLIRContext* context) {
  patterns.add<HardSwishFromScaledProduct, DropNeutral<MulConstOp>>(context);
}
void ReluOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                         mlir::MLIRContext* context) {
  patterns.add<FuseReluIntoProducer>(context);
}
void ClipOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                         mlir::MLIRContext* context) {
  patterns.add<ClipToRelu>(context);
}

}  // namespace tpuc::top
