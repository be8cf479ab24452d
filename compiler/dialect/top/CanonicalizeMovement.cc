// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "compiler/dialect/top/canonicalize_util.h"

namespace tpuc::top {
namespace {

using llvm::ArrayRef;
using llvm::failure;
using llvm::LogicalResult;
using llvm::success;
using mlir::PatternRewriter;
using mlir::Value;

using Ints = std::vector<int64_t>;

// For a tensor that the network did not have: the name of none that it had.
mlir::Location NewName(mlir::Operation* op, const std::string& suffix) {
  return NameLocation(op->getContext(), getName(op) + suffix);
}

// Moves nothing -> Reshape: dimensions of extent 1 change their place, or all
// elements are taken.
template <typename Op>
struct BecomeReshape : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter& rewriter) const override {
    const ElementView view = ViewOf(op);
    const auto in = mlir::cast<mlir::RankedTensorType>(op.getInput().getType());
    if (!view.IsContiguous() || view.NumElements() != in.getNumElements())
      return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getOutput().getType(),
                                           op.getInput());
    return success();
  }
};

// Of a weight -> weight
template <typename Op>
struct MoveWeight : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter& rewriter) const override {
    const Tensor* data = ConstantOf(op.getInput());
    if (data == nullptr) return failure();
    rewriter.replaceOp(
        op, CreateWeight(
                rewriter, getName(op),
                ReadView(*data, ViewOf(op), ShapeOf(op.getOutput()).vec())));
    return success();
  }
};

// Permute(Permute(x)) -> Permute(x)
struct MergePermutes : mlir::OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter& rewriter) const override {
    auto inner = op.getInput().getDefiningOp<PermuteOp>();
    if (!inner) return failure();
    Ints order;
    for (int64_t d : op.getOrder()) order.push_back(inner.getOrder()[d]);
    rewriter.replaceOpWithNewOp<PermuteOp>(op, op.getOutput().getType(),
                                           inner.getInput(), order);
    return success();
  }
};

// Dimensions of two shapes of equal element counts, cut so finely that both
// shapes are made of whole pieces.
struct Pieces {
  Ints extents;
  std::vector<Ints> of[2];  // for each dimension of a shape, its pieces
};

// Nothing when a dimension would have to be cut at no whole number.
std::optional<Pieces> CutBoth(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  Pieces pieces;
  pieces.of[0].resize(a.size());
  pieces.of[1].resize(b.size());
  size_t i = 0, j = 0;
  int64_t left_a = 1, left_b = 1;  // of dimensions i - 1 and j - 1
  for (;;) {
    while (left_a == 1 && i < a.size()) left_a = a[i++];
    while (left_b == 1 && j < b.size()) left_b = b[j++];
    if (left_a == 1 || left_b == 1) return pieces;
    const int64_t piece = std::min(left_a, left_b);
    if (left_a % piece != 0 || left_b % piece != 0) return std::nullopt;
    const auto number = static_cast<int64_t>(pieces.extents.size());
    pieces.of[0][i - 1].push_back(number);
    pieces.of[1][j - 1].push_back(number);
    pieces.extents.push_back(piece);
    left_a /= piece;
    left_b /= piece;
  }
}

// Permute(Reshape(Permute(x))) -> Reshape(Permute(Reshape(x))), where the
// reshape in the middle splits and joins dimensions without tearing one apart.
struct MergePermutesAcrossReshape : mlir::OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter& rewriter) const override {
    auto middle = SingleUseProducer<ReshapeOp>(op.getInput());
    if (!middle) return failure();
    auto inner = SingleUseProducer<PermuteOp>(middle.getInput());
    if (!inner) return failure();
    const auto pieces =
        CutBoth(ShapeOf(middle.getInput()), ShapeOf(middle.getOutput()));
    if (!pieces) return failure();
    // Where each piece lies in x, whose dimension inner.order[k] is k.
    const size_t rank = inner.getOrder().size();
    std::vector<Ints> of_input(rank);
    for (size_t k = 0; k < rank; ++k)
      of_input[inner.getOrder()[k]] = pieces->of[0][k];
    Ints shape, place(pieces->extents.size());
    for (const Ints& dimension : of_input) {
      for (int64_t piece : dimension) {
        place[piece] = static_cast<int64_t>(shape.size());
        shape.push_back(pieces->extents[piece]);
      }
    }
    Ints order, moved;
    for (int64_t d : op.getOrder()) {
      for (int64_t piece : pieces->of[1][d]) {
        order.push_back(place[piece]);
        moved.push_back(pieces->extents[piece]);
      }
    }
    const mlir::Type element = ElementTypeOf(op.getInput());
    const auto type = [&](ArrayRef<int64_t> of) {
      return mlir::RankedTensorType::get(of, element);
    };
    const Value cut = rewriter.create<ReshapeOp>(NewName(op, "_cut"),
                                                 type(shape), inner.getInput());
    if (ShapeOf(op.getOutput()) == ArrayRef<int64_t>(moved)) {
      rewriter.replaceOpWithNewOp<PermuteOp>(op, op.getOutput().getType(), cut,
                                             order);
      return success();
    }
    const Value permuted = rewriter.create<PermuteOp>(NewName(op, "_permuted"),
                                                      type(moved), cut, order);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getOutput().getType(),
                                           permuted);
    return success();
  }
};

// Slice(Slice(x)) -> Slice(x)
struct MergeSlices : mlir::OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter& rewriter) const override {
    auto inner = op.getInput().getDefiningOp<SliceOp>();
    if (!inner) return failure();
    Ints starts, steps;
    for (size_t i = 0; i < op.getStarts().size(); ++i) {
      const int64_t step = inner.getSteps()[i];
      starts.push_back(inner.getStarts()[i] + op.getStarts()[i] * step);
      steps.push_back(op.getSteps()[i] * step);
    }
    rewriter.replaceOpWithNewOp<SliceOp>(op, op.getOutput().getType(),
                                         inner.getInput(), starts, steps);
    return success();
  }
};

// Slice(Concat(..)) -> Slice of the only input that it takes elements from.
struct SliceOneOfConcat : mlir::OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter& rewriter) const override {
    auto concat = op.getInput().getDefiningOp<ConcatOp>();
    if (!concat) return failure();
    const auto axis = static_cast<size_t>(concat.getAxis());
    Ints starts = op.getStarts().vec();
    const int64_t last = starts[axis] + (ShapeOf(op.getOutput())[axis] - 1) *
                                            op.getSteps()[axis];
    const auto [least, most] = std::minmax(starts[axis], last);
    int64_t begin = 0;
    for (Value input : concat.getInputs()) {
      const int64_t end = begin + ShapeOf(input)[axis];
      if (least >= begin && most < end) {
        starts[axis] -= begin;
        rewriter.replaceOpWithNewOp<SliceOp>(op, op.getOutput().getType(),
                                             input, starts, op.getSteps());
        return success();
      }
      begin = end;
    }
    return failure();
  }
};

// Concat(x) -> x, as a reshape, which keeps the name where that is needed.
struct DropSingle : mlir::OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getInputs().size() != 1) return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getOutput().getType(),
                                           op.getInputs()[0]);
    return success();
  }
};

// Rows and columns of zeros, or of what never wins a maximum, become the
// window's own padding as long as no window lies wholly in it.
bool IsPadding(PadOp pad, ArrayRef<int64_t> own, ArrayRef<int64_t> kernel,
               ArrayRef<int64_t> dilations, llvm::SmallVector<int64_t>* sum) {
  const ArrayRef<int64_t> pads = pad.getPads();
  if (pads.size() != 8 || pads[0] + pads[1] + pads[4] + pads[5] != 0)
    return false;
  const int64_t more[] = {pads[2], pads[3], pads[6], pads[7]};
  for (int i = 0; i < 4; ++i) {
    sum->push_back(own[i] + more[i]);
    const int64_t extent = (kernel[i % 2] - 1) * dilations[i % 2] + 1;
    if (sum->back() >= extent) return false;
  }
  return true;
}

// Conv(Pad(x)), MaxPool(Pad(x)), AvgPool(Pad(x)) -> the same of x
template <typename Op>
struct TakePadding : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter& rewriter) const override {
    auto pad = op.getInput().template getDefiningOp<PadOp>();
    if (!pad) return failure();
    const double value = ToDouble(pad.getValue());
    constexpr int64_t kOnes[] = {1, 1};
    ArrayRef<int64_t> dilations = kOnes;
    if constexpr (std::is_same_v<Op, ConvOp>) dilations = op.getDilations();
    if constexpr (std::is_same_v<Op, MaxPoolOp>) {
      if (value > std::numeric_limits<float>::lowest()) return failure();
    } else if (value != 0) {
      return failure();
    }
    if constexpr (std::is_same_v<Op, AvgPoolOp>) {
      const bool has_own =
          llvm::any_of(op.getPads(), [](int64_t p) { return p != 0; });
      if (has_own && !op.getCountIncludePad()) return failure();
    }
    llvm::SmallVector<int64_t> pads;
    if (!IsPadding(pad, op.getPads(), op.getKernelShape(), dilations, &pads))
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(pad.getInput());
      op.setPads(pads);
      if constexpr (std::is_same_v<Op, AvgPoolOp>) op.setCountIncludePad(true);
    });
    return success();
  }
};

// Pad by nothing -> Reshape, which keeps the name where that is needed.
struct DropPad : mlir::OpRewritePattern<PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PadOp op,
                                PatternRewriter& rewriter) const override {
    if (op.getInput().getType() != op.getOutput().getType()) return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getOutput().getType(),
                                           op.getInput());
    return success();
  }
};

// Whether `b` takes what follows `a` along `axis`, of the same tensor.
bool Continues(SliceOp a, SliceOp b, size_t axis) {
  if (!a || !b || a.getInput() != b.getInput() ||
      a.getSteps() != b.getSteps()) {
    return false;
  }
  for (size_t i = 0; i < a.getStarts().size(); ++i) {
    const int64_t taken = i == axis ? ShapeOf(a.getOutput())[i] : 0;
    if (b.getStarts()[i] != a.getStarts()[i] + taken * a.getSteps()[i])
      return false;
  }
  return true;
}

// Concat(.., Slice(x), Slice(x), ..) -> Concat(.., Slice(x), ..) where the
// second continues the first.
struct JoinSlices : mlir::OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter& rewriter) const override {
    const auto axis = static_cast<size_t>(op.getAxis());
    for (size_t k = 0; k + 1 < op.getInputs().size(); ++k) {
      auto first = op.getInputs()[k].getDefiningOp<SliceOp>();
      auto second = op.getInputs()[k + 1].getDefiningOp<SliceOp>();
      if (!Continues(first, second, axis)) continue;
      Ints shape = ShapeOf(first.getOutput()).vec();
      shape[axis] += ShapeOf(second.getOutput())[axis];
      llvm::SmallVector<Value> inputs(op.getInputs());
      inputs[k] = rewriter.create<SliceOp>(
          NewName(op, "_slice" + std::to_string(k)),
          mlir::RankedTensorType::get(shape, ElementTypeOf(first.getInput())),
          first.getInput(), first.getStarts(), first.getSteps());
      inputs.erase(inputs.begin() + k + 1);
      rewriter.replaceOpWithNewOp<ConcatOp>(op, op.getOutput().getType(),
                                            inputs, op.getAxis());
      return success();
    }
    return failure();
  }
};

}  // namespace

void ConcatOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                           mlir::MLIRContext* context) {
  patterns.add<DropSingle, JoinSlices>(context);
}

void PermuteOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                            mlir::MLIRContext* context) {
  patterns.add<BecomeReshape<PermuteOp>, MoveWeight<PermuteOp>, MergePermutes,
               MergePermutesAcrossReshape>(context);
}

void SliceOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                          mlir::MLIRContext* context) {
  patterns.add<BecomeReshape<SliceOp>, MoveWeight<SliceOp>, MergeSlices,
               SliceOneOfConcat>(context);
}

// What a window takes from its producer belongs to the producer's patterns.
void PadOp::getCanonicalizationPatterns(mlir::RewritePatternSet& patterns,
                                        mlir::MLIRContext* context) {
  patterns.add<DropPad, TakePadding<ConvOp>, TakePadding<MaxPoolOp>,
               TakePadding<AvgPoolOp>>(context);
}

}  // namespace tpuc::top
