// SPDX-License-Identifier: Apache-2.0
#include "compiler/transforms/tpu/JoinGroups.h"

#include <cstring>
#include <string>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/isa/codes.h"
#include "compiler/target/bm1684x/cost.h"

namespace tpuc::tpu {
namespace {

// The filter of one output channel stays this small, so that joining never
// keeps a convolution from fitting into local memory.
constexpr int64_t kMostFilterBytes = isa::kBankBytes;

// [OC, IC, KH, KW] -> [OC, joined * IC, KH, KW]: the groups, `channels` output
// channels each, take turns in the input channels.
Tensor JoinedFilter(const Tensor& filter, int64_t joined, int64_t channels) {
  std::vector<int64_t> shape = filter.shape();
  shape[1] *= joined;
  Tensor result(filter.dtype(), shape);
  const size_t bytes = filter.SizeInBytes() / shape[0];
  for (int64_t o = 0; o < shape[0]; ++o) {
    const int64_t turn = o / channels % joined;
    std::memcpy(static_cast<char*>(result.raw()) + (o * joined + turn) * bytes,
                static_cast<const char*>(filter.raw()) + o * bytes, bytes);
  }
  return result;
}

template <typename Op>
int64_t Cycles(Op op, DType dtype, int64_t joined) {
  const auto filter = ShapeOf(op.getFilter()), out = ShapeOf(op.getOutput());
  const auto group = static_cast<int64_t>(op.getGroup());
  bm1684x::GroupedConvolution conv;
  conv.groups = group / joined;
  conv.ic = filter[1] * joined;
  conv.output = {out[0], out[1] / conv.groups, out[2], out[3]};
  conv.kernel_h = filter[2];
  conv.kernel_w = filter[3];
  conv.dtype = dtype;
  return bm1684x::ConvolutionCycles(conv);
}

template <typename Op>
void Join(Op op, mlir::OpBuilder& builder) {
  auto weight = op.getFilter().template getDefiningOp<top::WeightOp>();
  const auto group = static_cast<int64_t>(op.getGroup());
  if (!weight || group == 1 || op.getForm() != ConvForm::conv ||
      !op.getIcCuts().empty()) {
    return;
  }
  const Tensor& filter = top::DataOf(weight);
  const int64_t bytes =
      static_cast<int64_t>(filter.SizeInBytes()) / filter.shape()[0];
  int64_t best = 1, best_cycles = Cycles(op, filter.dtype(), 1);
  for (int64_t joined = 2; joined <= group; ++joined) {
    if (group % joined != 0 || bytes * joined > kMostFilterBytes) continue;
    const int64_t cycles = Cycles(op, filter.dtype(), joined);
    if (cycles >= best_cycles) continue;
    best = joined;
    best_cycles = cycles;
  }
  if (best == 1) return;
  builder.setInsertionPoint(op);
  op.getFilterMutable().assign(top::CreateWeight(
      builder, getName(weight) + "_joined" + std::to_string(best),
      JoinedFilter(filter, best, filter.shape()[0] / group)));
  op.setGroup(group / best);
}

}  // namespace

void JoinGroups(Conv2DOp op, mlir::OpBuilder& builder) {
  if (!op.getInterleave()) Join(op, builder);
}

void JoinGroups(QuantizedConv2DOp op, mlir::OpBuilder& builder) {
  Join(op, builder);
}

bool InterleaveGroups(Conv2DOp op, mlir::OpBuilder& builder,
                      const std::string& conv_name) {
  const auto group = static_cast<int64_t>(op.getGroup());
  if (group == 1 || op.getForm() != ConvForm::conv || op.getInterleave() ||
      !op->hasOneUse()) {
    return false;
  }
  auto reshape = mlir::dyn_cast<ReshapeOp>(*op->user_begin());
  if (!reshape || !reshape->hasOneUse()) return false;
  auto permute = mlir::dyn_cast<PermuteOp>(*reshape->user_begin());
  if (!permute) return false;
  const auto out = ShapeOf(op.getOutput());
  const ElementView turns = Simplified(PermutedView(
      {out[0], group, out[1] / group, out[2] * out[3]}, {0, 2, 1, 3}));
  const ElementView found = Simplified(ViewOf(permute));
  if (found.shape != turns.shape || found.strides != turns.strides)
    return false;
  op.setInterleave(true);
  op->setLoc(NameLocation(op.getContext(), conv_name));
  builder.setInsertionPoint(permute);
  permute.replaceAllUsesWith(
      builder
          .create<ReshapeOp>(permute.getLoc(), permute.getOutput().getType(),
                             op.getOutput())
          .getOutput());
  permute.erase();
  reshape.erase();
  return true;
}

}  // namespace tpuc::tpu
