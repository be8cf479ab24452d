// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "compiler/dialect/top/canonicalize_util.h"

namespace tpuc::top {
namespace {

using llvm::failure;
using llvm::LogicalResult;
using llvm::success;
using mlir::PatternRewriter;

// How many elements of a filter of this shape lie together for one output
// channel, and the channel of element `i`.
int64_t RunOfChannel(ConvOp, llvm::ArrayRef<int64_t> filter) {
  return filter[1] * filter[2] * filter[3];
}
int64_t OutputChannel(ConvOp op, llvm::ArrayRef<int64_t> filter, int64_t i) {
  return i / RunOfChannel(op, filter);
}
int64_t RunOfChannel(ConvTransposeOp, llvm::ArrayRef<int64_t> filter) {
  return filter[2] * filter[3];
}
int64_t OutputChannel(ConvTransposeOp op, llvm::ArrayRef<int64_t> filter,
                      int64_t i) {
  const int64_t plane = RunOfChannel(op, filter);
  const int64_t inputs = filter[0] / static_cast<int64_t>(op.getGroup());
  const int64_t group = i / (inputs * filter[1] * plane);
  return group * filter[1] + i / plane % filter[1];
}

// filter[oc, ...] *= scale[oc]; bias = bias * scale + offset. Replaces `last`
// (the affine map after the convolution) by a convolution under its name.
template <typename Conv>
LogicalResult FoldAffine(PatternRewriter& rewriter, Conv conv,
                         mlir::Operation* last, const std::vector<float>* scale,
                         const std::vector<float>& offset) {
  const Tensor* filter = ConstantOf(conv.getFilter());
  const Tensor* bias = ConstantOf(conv.getBias());
  if (conv.getDoRelu() || (conv.getBias() && bias == nullptr) ||
      (bias != nullptr && bias->dtype() != DType::kF32)) {
    return failure();
  }
  if (scale != nullptr &&
      (filter == nullptr || filter->dtype() != DType::kF32)) {
    return failure();
  }
  const int64_t channels = ShapeOf(conv.getOutput())[1];
  const std::string name = getName(last);
  std::vector<float> new_bias(channels);
  for (int64_t c = 0; c < channels; ++c) {
    const double b = bias == nullptr ? 0 : bias->data<float>()[c];
    const double s = scale == nullptr ? 1 : (*scale)[c];
    new_bias[c] = static_cast<float>(b * s + offset[c]);
  }
  mlir::Value filter_value = conv.getFilter();
  if (scale != nullptr) {
    Tensor scaled(DType::kF32, filter->shape());
    const float* from = filter->data<float>();
    float* to = scaled.data<float>();
    const int64_t run = RunOfChannel(conv, filter->shape());
    for (int64_t i = 0; i < filter->NumElements(); i += run) {
      const float s = (*scale)[OutputChannel(conv, filter->shape(), i)];
      for (int64_t j = i; j < i + run; ++j) to[j] = from[j] * s;
    }
    filter_value =
        NewWeight(rewriter, last, name + ".filter", std::move(scaled));
  }
  const mlir::Value bias_value =
      NewWeight(rewriter, last, name + ".bias", {channels}, new_bias);
  rewriter.setInsertionPoint(last);
  auto folded = rewriter.create<Conv>(
      last->getLoc(), last->getResult(0).getType(),
      mlir::ValueRange{conv.getInput(), filter_value, bias_value},
      conv->getAttrs());
  rewriter.replaceOp(last, folded);
  rewriter.eraseOp(conv);
  return success();
}

// Scale(Conv(x)) -> Conv(x)
struct FoldScale : mlir::OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScaleOp op,
                                PatternRewriter& rewriter) const override {
    return success(succeeded(Fold<ConvOp>(op, rewriter)) ||
                   succeeded(Fold<ConvTransposeOp>(op, rewriter)));
  }

 private:
  template <typename Conv>
  static LogicalResult Fold(ScaleOp op, PatternRewriter& rewriter) {
    auto conv = SingleUseProducer<Conv>(op.getInput());
    const auto shape = ShapeOf(op.getOutput());
    if (!conv) return failure();
    const Tensor* scale = ConstantOf(op.getScale());
    const Tensor* bias = ConstantOf(op.getBias());
    if (scale == nullptr || bias == nullptr || scale->dtype() != DType::kF32 ||
        bias->dtype() != DType::kF32) {
      return failure();
    }
    const std::vector<float> s(scale->data<float>(),
                               scale->data<float>() + shape[1]);
    const std::vector<float> b(bias->data<float>(),
                               bias->data<float>() + shape[1]);
    return FoldAffine(rewriter, conv, op, &s, b);
  }
};

// Conv(x) + bias[1, C, 1, 1] -> Conv(x, bias)
template <typename Conv>
struct FoldBias : mlir::OpRewritePattern<AddOp> {
  using mlir::OpRewritePattern<AddOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getDoRelu()) return failure();
    for (const bool swap : {false, true}) {
      auto conv = SingleUseProducer<Conv>(swap ? op.getRhs() : op.getLhs());
      if (!conv || conv.getOutput().getType() != op.getOutput().getType()) {
        continue;
      }
      const auto bias =
          PerChannel(swap ? op.getLhs() : op.getRhs(), ShapeOf(op.getOutput()));
      if (bias) return FoldAffine(rewriter, conv, op, nullptr, *bias);
    }
    return failure();
  }
};

// Conv(x) * s -> Conv(x), Conv(x) + b -> Conv(x)
template <typename Conv, typename Op>
struct FoldConst : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter& rewriter) const override {
    auto conv = SingleUseProducer<Conv>(op.getInput());
    if (!conv) return failure();
    const std::vector<float> constants(
        ShapeOf(op.getOutput())[1],
        static_cast<float>(ToDouble(op.getConstVal())));
    if constexpr (std::is_same_v<Op, AddConstOp>) {
      return FoldAffine(rewriter, conv, op, nullptr, constants);
    } else {
      const std::vector<float> zeros(constants.size());
      return FoldAffine(rewriter, conv, op, &constants, zeros);
    }
  }
};

}  // namespace

void ScaleOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                          mlir::MLIRContext* context) {
  patterns.add<FoldScale>(context);
}

void ConvOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                         mlir::MLIRContext* context) {
  // Before the general pattern that makes an AddConst of a splat.
  patterns.add<FoldBias<ConvOp>>(context, /*benefit=*/2);
  patterns.add<FoldConst<ConvOp, MulConstOp>, FoldConst<ConvOp, AddConstOp>>(
      context);
}

void ConvTransposeOp::getCanonicalizationPatterns(
    mlir::RewritePatternSet& patterns, mlir::MLIRContext* context) {
  patterns.add<FoldBias<ConvTransposeOp>>(context, /*benefit=*/2);
  patterns.add<FoldConst<ConvTransposeOp, MulConstOp>,
               FoldConst<ConvTransposeOp, AddConstOp>>(context);
}

}  // namespace tpuc::top
