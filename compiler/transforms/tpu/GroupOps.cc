// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuGroupOps.h"
#include "compiler/target/bm1684x/group_plan.h"
#include "compiler/target/bm1684x/group_search.h"
#include "compiler/target/bm1684x/group_sequence.h"
#include "compiler/target/bm1684x/op_kernels.h"
#include "compiler/target/bm1684x/program.h"
#include "compiler/transforms/tpu/Passes.h"
#include "compiler/transforms/tpu/memory_attributes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc::tpu {

#define GEN_PASS_DEF_GROUPOPS
#include "compiler/transforms/tpu/Passes.h.inc"

namespace {

// Constants as kernels want them.
class PackedConstants {
 public:
  explicit PackedConstants(mlir::OpBuilder& builder) : builder_(builder) {}

  // Other values as they are.
  mlir::Value Packed(mlir::Value value, const bm1684x::Kernel& kernel,
                     int operand) {
    auto weight = value.getDefiningOp<top::WeightOp>();
    const std::string packing = kernel.Packing(operand);
    if (!weight || packing == "plain") return value;
    const std::string name = getName(value);
    auto [it, is_new] = packed_.try_emplace({name, packing});
    if (is_new) {
      mlir::OpBuilder::InsertionGuard guard(builder_);
      builder_.setInsertionPointAfter(weight);
      it->second =
          top::CreateWeight(builder_, name + "." + packing,
                            kernel.PackConstant(operand, top::DataOf(weight)));
    }
    return it->second;
  }

 private:
  mlir::OpBuilder& builder_;
  std::map<std::pair<std::string, std::string>, mlir::Value> packed_;
};

// How an operation runs by itself.
struct Alone {
  std::unique_ptr<bm1684x::Kernel> kernel;
  bm1684x::SlicePlan slices;
};

absl::StatusOr<Alone> PlanAlone(mlir::Operation* op, int64_t capacity) {
  auto kernel = bm1684x::MakeKernel(op, bm1684x::Views::kFlat);
  if (!kernel.ok()) return kernel.status();
  auto slices = bm1684x::PlanSlices(**kernel, capacity);
  if (!slices.ok()) return slices.status();
  return Alone{*std::move(kernel), *std::move(slices)};
}

class Grouper {
 public:
  explicit Grouper(mlir::func::FuncOp function)
      : builder_(function), constants_(builder_) {}

  // Replaces the operation by a group of it.
  void Group(mlir::Operation* op, const Alone& alone) {
    const std::vector<GroupTile> tiles = bm1684x::TilesOf(alone.slices);
    std::vector<Load> loads;
    for (size_t k = 0; k < op->getNumOperands(); ++k)
      loads.push_back(
          {constants_.Packed(op->getOperand(k), *alone.kernel, k), {{op, k}}});
    mlir::MLIRContext* context = op->getContext();
    Make({op}, {op->getResult(0)}, loads, TilesAttr(context, tiles),
         OrdersAttr(context, tiles),
         bm1684x::BuffersOf(*alone.kernel, alone.slices),
         mlir::DenseI64ArrayAttr());
  }

  // Replaces operations [first, last] by a group of them.
  void Group(llvm::ArrayRef<mlir::Operation*> ops,
             const bm1684x::Sequence& sequence,
             const bm1684x::GroupRange& range) {
    std::vector<int> tensors;
    const auto graph = bm1684x::MakeGraph(sequence.candidates, range.first,
                                          range.last, &tensors);
    std::vector<Load> loads(tensors.size());
    llvm::SmallVector<mlir::Operation*> grouped;
    llvm::SmallVector<mlir::Value> results;
    for (size_t s = 0; s < graph->stages.size(); ++s) {
      const bm1684x::GroupStage& stage = graph->stages[s];
      mlir::Operation* op = ops[range.first + s];
      grouped.push_back(op);
      if (stage.is_stored) results.push_back(op->getResult(0));
      for (size_t k = 0; k < stage.operands.size(); ++k) {
        if (stage.operands[k].load < 0) continue;
        Load& load = loads[stage.operands[k].load];
        if (load.readers.empty())
          load.source = constants_.Packed(op->getOperand(k), *stage.kernel, k);
        load.readers.push_back({op, k});
      }
    }
    mlir::MLIRContext* context = builder_.getContext();
    Make(grouped, results, loads, mlir::ArrayAttr::get(context, {}),
         mlir::ArrayAttr::get(context, {}), bm1684x::BuffersOf(*range.plan),
         mlir::DenseI64ArrayAttr::get(context,
                                      bm1684x::SlicesOf(range.plan->tiling)));
  }

 private:
  // A tensor that a group reads, and the operands that are it.
  struct Load {
    mlir::Value source;
    std::vector<std::pair<mlir::Operation*, size_t>> readers;
  };

  void Make(llvm::ArrayRef<mlir::Operation*> ops,
            llvm::ArrayRef<mlir::Value> results, llvm::ArrayRef<Load> loads,
            mlir::ArrayAttr tiles, mlir::ArrayAttr orders,
            const std::vector<GroupBuffer>& buffers,
            mlir::DenseI64ArrayAttr slices) {
    mlir::Operation* last = ops.back();
    MoveReadersBehind(ops);
    builder_.setInsertionPointAfter(last);
    llvm::SmallVector<mlir::Type> types;
    for (mlir::Value result : results) types.push_back(result.getType());
    auto group = builder_.create<GroupOp>(
        last->getLoc(), types, tiles, orders,
        BuffersAttr(builder_.getContext(), buffers), slices);
    builder_.createBlock(&group.getBody());
    for (const Load& load : loads) {
      const auto& [reader, operand] = load.readers[0];
      auto op = builder_.create<LoadOp>(reader->getLoc(),
                                        reader->getOperand(operand).getType(),
                                        load.source, mlir::IntegerAttr());
      for (const auto& [other, k] : load.readers) other->setOperand(k, op);
    }
    for (mlir::Operation* op : ops) {
      op->remove();
      TakeReshapes(op);
      builder_.insert(op);
    }
    for (size_t r = 0; r < results.size(); ++r)
      mlir::Value(results[r])
          .replaceUsesWithIf(group.getResult(r), [&](mlir::OpOperand& use) {
            return use.getOwner()->getBlock() != &group.getBody().front();
          });
    builder_.create<StoreOp>(last->getLoc(), results,
                             mlir::DenseI64ArrayAttr());
  }

  // Reshapes between operations of a group stand in it, those that others read
  // too also behind it.
  void TakeReshapes(mlir::Operation* op) {
    for (mlir::OpOperand& operand : op->getOpOperands()) {
      mlir::Value source = operand.get();
      while (auto reshape = source.getDefiningOp<ReshapeOp>())
        source = reshape.getInput();
      if (source == operand.get() ||
          source.getParentBlock() != builder_.getInsertionBlock())
        continue;
      mlir::Operation* outside = operand.get().getDefiningOp();
      operand.set(builder_.create<ReshapeOp>(outside->getLoc(),
                                             operand.get().getType(), source));
      while (outside != nullptr && outside->use_empty() &&
             mlir::isa<ReshapeOp>(outside)) {
        mlir::Operation* next = outside->getOperand(0).getDefiningOp();
        outside->erase();
        outside = next;
      }
    }
  }

  // Reshapes of results between the operations have to follow the group.
  static void MoveReadersBehind(llvm::ArrayRef<mlir::Operation*> ops) {
    llvm::SmallPtrSet<mlir::Operation*, 32> group(ops.begin(), ops.end());
    mlir::Operation* behind = ops.back();
    llvm::SmallPtrSet<mlir::Operation*, 8> moved;
    for (mlir::Operation* op = ops.front(); op != ops.back();) {
      mlir::Operation* next = op->getNextNode();
      const bool reads =
          !group.contains(op) &&
          llvm::any_of(op->getOperands(), [&](mlir::Value operand) {
            return group.contains(operand.getDefiningOp()) ||
                   moved.contains(operand.getDefiningOp());
          });
      if (reads) {
        op->moveAfter(behind);
        behind = op;
        moved.insert(op);
      }
      op = next;
    }
  }

  mlir::OpBuilder builder_;
  PackedConstants constants_;
};

class GroupOpsPass : public impl::GroupOpsBase<GroupOpsPass> {
  using GroupOpsBase::GroupOpsBase;

  void runOnOperation() override {
    getOperation().walk([&](mlir::func::FuncOp function) { Run(function); });
  }

  void Run(mlir::func::FuncOp function) {
    llvm::SmallVector<mlir::Operation*> ops, weights;
    for (mlir::Operation& op : function.getBody().getOps()) {
      if (mlir::isa<top::WeightOp>(op)) weights.push_back(&op);
      if (mlir::isa<TpuDialect>(op.getDialect()) && !mlir::isa<GroupOp>(op) &&
          !IsAlias(&op))
        ops.push_back(&op);
    }
    // All failures in one go.
    std::vector<Alone> alone;
    for (mlir::Operation* op : ops) {
      auto plan = PlanAlone(op, laneBytes);
      if (plan.ok()) {
        alone.push_back(*std::move(plan));
      } else {
        op->emitError("'") << tpuc::getName(op)
                           << "': " << std::string(plan.status().message());
        signalPassFailure();
      }
    }
    if (alone.size() < ops.size()) return;
    const bm1684x::Sequence sequence = bm1684x::MakeSequence(ops);
    Grouper grouper(function);
    for (const bm1684x::GroupRange& range : Ranges(sequence, alone)) {
      if (range.plan)
        grouper.Group(ops, sequence, range);
      else
        grouper.Group(ops[range.first], alone[range.first]);
    }
    // Constants of which only the packed form is read.
    for (mlir::Operation* weight : weights)
      if (weight->use_empty()) weight->erase();
  }

  std::vector<bm1684x::GroupRange> Ranges(const bm1684x::Sequence& sequence,
                                          const std::vector<Alone>& alone) {
    std::vector<bm1684x::GroupRange> ranges;
    if (separate) {
      for (int i = 0; i < static_cast<int>(alone.size()); ++i)
        ranges.push_back({i, i, std::nullopt});
      return ranges;
    }
    std::vector<int64_t> cycles;
    for (const Alone& plan : alone)
      cycles.push_back(bm1684x::EstimateCycles(*plan.kernel, plan.slices));
    return bm1684x::FindGroups(sequence.candidates, cycles, laneBytes);
  }
};

}  // namespace
}  // namespace tpuc::tpu
