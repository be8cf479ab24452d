// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/isa/codes.h"
#include "compiler/target/bm1684x/op_kernels.h"
#include "compiler/target/bm1684x/slicing.h"
#include "compiler/transforms/tpu/JoinGroups.h"
#include "compiler/transforms/tpu/Passes.h"
#include "compiler/transforms/tpu/memory_attributes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc::tpu {

#define GEN_PASS_DEF_SELECTFORMS
#include "compiler/transforms/tpu/Passes.h.inc"

namespace {

using bm1684x::CeilDiv;
using bm1684x::RoundUp;
using llvm::LogicalResult;
using llvm::success;

// Input channels of a group that the 16-bit adder sums at once, or that a cube
// of an 8-bit filter holds; accumulation may be cut between groups
// (docs/isa/bm1684x.md, c.2).
int64_t ChannelGroup(mlir::Value input) {
  return QuantizationOf(input) ? 64 : 32;
}

// Whether one pass over slices in local memory does the operation.
absl::Status Fits(mlir::Operation* op) {
  auto kernel = bm1684x::MakeKernel(op, bm1684x::Views::kFlat);
  if (!kernel.ok()) return kernel.status();
  return bm1684x::PlanSlices(**kernel, isa::kLaneBytes).status();
}

LogicalResult Error(mlir::Operation* op, const absl::Status& status,
                    llvm::StringRef remedy) {
  auto diagnostic = op->emitError("'");
  diagnostic << getName(op) << "': " << std::string(status.message());
  if (!remedy.empty()) diagnostic << "; " << remedy;
  return diagnostic;
}

// Copies `rows` x `cols` taps into the middle of larger ones.
template <typename T>
void CopyTaps(const Tensor& from, Tensor& to, int64_t dh, int64_t dw) {
  const std::vector<int64_t>& f = from.shape();
  const std::vector<int64_t>& t = to.shape();
  const T* source = from.data<T>();
  T* target = to.data<T>();
  for (int64_t i = 0; i < f[0] * f[1]; ++i) {
    for (int64_t h = 0; h < f[2]; ++h) {
      std::copy_n(source + (i * f[2] + h) * f[3], f[3],
                  target + (i * t[2] + h + dh) * t[3] + dw);
    }
  }
}

class FormSelector {
 public:
  explicit FormSelector(mlir::ModuleOp module) : builder_(module) {
    module.walk([&](mlir::Operation* op) { names_.insert(getName(op)); });
  }

  void Interleave(Conv2DOp op) {
    const std::string name = UniqueName(getName(op) + "_interleaved");
    if (!InterleaveGroups(op, builder_, name)) names_.erase(name);
  }

  LogicalResult Select(mlir::Operation* op) {
    if (auto conv = mlir::dyn_cast<Conv2DOp>(op)) return SelectConv(conv);
    if (auto conv = mlir::dyn_cast<QuantizedConv2DOp>(op))
      return SelectConv(conv);
    if (auto matmul = mlir::dyn_cast<MatMulOp>(op))
      return CutChannels(matmul, ShapeOf(matmul.getInput()).back());
    if (auto matmul = mlir::dyn_cast<QuantizedMatMulOp>(op))
      return CutChannels(matmul, ShapeOf(matmul.getInput()).back());
    if (auto reduce = mlir::dyn_cast<ReduceOp>(op))
      return SplitReduction(reduce);
    return RequireFit(op);
  }

 private:
  static LogicalResult RequireFit(mlir::Operation* op) {
    const absl::Status fits = Fits(op);
    return fits.ok() ? success() : Error(op, fits, "");
  }

  template <typename Op>
  LogicalResult SelectConv(Op op) {
    WidenFilter(op);
    JoinGroups(op, builder_);
    return op.getForm() == ConvForm::conv
               ? CutChannels(op, ShapeOf(op.getFilter())[1])
               : RequireFit(op);
  }

  // A window that can lie wholly in the padding, or between two elements that
  // inserted zeros hold apart, gets taps of zero until it can't: the same
  // result from more products.
  template <typename Op>
  void WidenFilter(Op op) {
    auto weight = op.getFilter().template getDefiningOp<top::WeightOp>();
    const llvm::ArrayRef<int64_t> filter = ShapeOf(op.getFilter());
    const llvm::ArrayRef<int64_t> pads = op.getPads();
    std::vector<int64_t> more(2), new_pads = pads.vec();
    for (int axis = 0; axis < 2; ++axis) {
      const int64_t dilation = op.getDilations()[axis];
      const int64_t extent = (filter[2 + axis] - 1) * dilation + 1;
      const int64_t pad = std::max(pads[axis], pads[axis + 2]);
      // Taps on both sides, each moves the window by one dilation.
      if (pad >= extent) more[axis] = CeilDiv(pad - extent + 1, dilation);
      const int64_t apart = op.getInserts()[axis] + 1;
      if (apart > extent) {
        more[axis] =
            std::max(more[axis], CeilDiv(apart - extent, 2 * dilation));
      }
      new_pads[axis] += more[axis] * dilation;
      new_pads[axis + 2] += more[axis] * dilation;
    }
    if (!weight || (more[0] == 0 && more[1] == 0)) return;
    const Tensor& old = top::DataOf(weight);
    Tensor wide(old.dtype(), {filter[0], filter[1], filter[2] + 2 * more[0],
                              filter[3] + 2 * more[1]});
    if (SizeOf(old.dtype()) == 1)
      CopyTaps<int8_t>(old, wide, more[0], more[1]);
    else if (SizeOf(old.dtype()) == 2)
      CopyTaps<uint16_t>(old, wide, more[0], more[1]);
    else
      CopyTaps<float>(old, wide, more[0], more[1]);
    builder_.setInsertionPoint(op);
    op.getFilterMutable().assign(
        top::CreateWeight(builder_, getName(weight) + "_wide", wide));
    op.setPads(new_pads);
  }

  // The fewest equal cuts of the sum over input channels with which the
  // operation fits.
  template <typename Op>
  LogicalResult CutChannels(Op op, int64_t channels) {
    absl::Status fits = Fits(op);
    if (fits.ok()) return success();
    if (ElementTypeOf(op.getInput()).isF32()) {
      return Error(op, fits,
                   "a sum in f32 can't be cut into parts, in F16 or BF16 it "
                   "can");
    }
    const std::vector<int64_t> given = op.getIcCuts().vec();
    const int64_t group = ChannelGroup(op.getInput());
    int64_t last = channels;
    for (int64_t pieces = 2; last > group; ++pieces) {
      const int64_t piece = RoundUp(CeilDiv(channels, pieces), group);
      if (piece >= last) continue;
      last = piece;
      std::vector<int64_t> cuts;
      for (int64_t cut = piece; cut < channels; cut += piece)
        cuts.push_back(cut);
      op.setIcCuts(cuts);
      fits = Fits(op);
      if (fits.ok()) return success();
    }
    op.setIcCuts(given);
    return Error(op, fits, "");
  }

  // Reduces parts that fit, a multiple of the number of lanes, then what they
  // gave.
  LogicalResult SplitReduction(ReduceOp op) {
    const absl::Status fits = Fits(op);
    if (fits.ok()) return success();
    const llvm::ArrayRef<int64_t> in = ShapeOf(op.getInput());
    const int64_t length = in[1];
    if (static_cast<int64_t>(op.getChunk()) < length)
      return Error(op, fits, "");
    for (int64_t parts = isa::kLanes; parts < length; parts *= 2) {
      const int64_t chunk = CeilDiv(length, parts);
      const int64_t count = CeilDiv(length, chunk);
      builder_.setInsertionPoint(op);
      auto first = builder_.create<ReduceOp>(
          NameLocation(op.getContext(), UniqueName(getName(op) + "_parts")),
          mlir::RankedTensorType::get({in[0], count, in[2]},
                                      ElementTypeOf(op.getInput())),
          op.getInput(), op.getKind(), chunk, op.getScale());
      if (!Fits(first).ok()) {
        names_.erase(getName(first));
        first.erase();
        continue;
      }
      op.getInputMutable().assign(first);
      op.setChunk(count);
      op.setScale(llvm::APFloat(1.0));
      return SplitReduction(op);
    }
    return Error(op, fits, "");
  }

  std::string UniqueName(const std::string& name) {
    std::string unique = name;
    for (int i = 1; !names_.insert(unique).second; ++i)
      unique = name + "_" + std::to_string(i);
    return unique;
  }

  mlir::OpBuilder builder_;
  std::set<std::string> names_;
};

class SelectFormsPass : public impl::SelectFormsBase<SelectFormsPass> {
  void runOnOperation() override {
    FormSelector selector(getOperation());
    getOperation().walk([&](mlir::func::FuncOp function) {
      for (Conv2DOp conv :
           llvm::make_early_inc_range(function.getBody().getOps<Conv2DOp>()))
        selector.Interleave(conv);
      llvm::SmallVector<mlir::Operation*> ops, weights;
      for (mlir::Operation& op : function.getBody().getOps()) {
        if (mlir::isa<top::WeightOp>(op)) weights.push_back(&op);
        if (mlir::isa<TpuDialect>(op.getDialect()) && !mlir::isa<GroupOp>(op) &&
            !IsAlias(&op))
          ops.push_back(&op);
      }
      // All failures in one go.
      for (mlir::Operation* op : ops)
        if (mlir::failed(selector.Select(op))) signalPassFailure();
      // Filters that were replaced.
      for (mlir::Operation* weight : weights)
        if (weight->use_empty()) weight->erase();
    });
  }
};

}  // namespace
}  // namespace tpuc::tpu
