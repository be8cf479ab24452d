// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <utility>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuGroupOps.h"
#include "compiler/target/bm1684x/group_plan.h"
#include "compiler/target/bm1684x/op_kernels.h"
#include "compiler/transforms/tpu/Passes.h"
#include "compiler/transforms/tpu/memory_attributes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc::tpu {

#define GEN_PASS_DEF_GROUPOPS
#include "compiler/transforms/tpu/Passes.h.inc"

namespace {

class Grouper {
 public:
  // `capacity`: bytes of a lane that a group may take.
  Grouper(mlir::func::FuncOp function, int64_t capacity)
      : builder_(function), capacity_(capacity) {}

  // Replaces `op` by a group of it.
  llvm::LogicalResult Group(mlir::Operation* op) {
    auto kernel = bm1684x::MakeKernel(op);
    if (!kernel.ok()) return Error(op, kernel.status());
    auto plan = bm1684x::PlanSlices(**kernel, capacity_);
    if (!plan.ok()) return Error(op, plan.status());
    builder_.setInsertionPoint(op);
    llvm::SmallVector<mlir::Value> sources;
    for (size_t k = 0; k < op->getNumOperands(); ++k)
      sources.push_back(Packed(op->getOperand(k), **kernel, k));
    const std::vector<GroupTile> tiles = bm1684x::TilesOf(*plan);
    mlir::MLIRContext* context = op->getContext();
    auto group = builder_.create<GroupOp>(
        op->getLoc(), op->getResultTypes(), TilesAttr(context, tiles),
        OrdersAttr(context, tiles),
        BuffersAttr(context, bm1684x::BuffersOf(**kernel, *plan)));
    op->replaceAllUsesWith(group);
    builder_.createBlock(&group.getBody());
    for (size_t k = 0; k < sources.size(); ++k) {
      const mlir::Value operand = op->getOperand(k);
      auto load = builder_.create<LoadOp>(op->getLoc(), operand.getType(),
                                          sources[k], mlir::IntegerAttr());
      op->setOperand(k, load);
    }
    op->remove();
    builder_.insert(op);
    builder_.create<StoreOp>(op->getLoc(), op->getResults(),
                             mlir::DenseI64ArrayAttr());
    return llvm::success();
  }

 private:
  static llvm::LogicalResult Error(mlir::Operation* op,
                                   const absl::Status& status) {
    return op->emitError("'")
           << getName(op) << "': " << std::string(status.message());
  }

  // The constant as the kernel wants it; other values as they are.
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

  mlir::OpBuilder builder_;
  int64_t capacity_;
  std::map<std::pair<std::string, std::string>, mlir::Value> packed_;
};

class GroupOpsPass : public impl::GroupOpsBase<GroupOpsPass> {
  using GroupOpsBase::GroupOpsBase;

  void runOnOperation() override {
    getOperation().walk([&](mlir::func::FuncOp function) {
      llvm::SmallVector<mlir::Operation*> ops, weights;
      for (mlir::Operation& op : function.getBody().getOps()) {
        if (mlir::isa<top::WeightOp>(op)) weights.push_back(&op);
        if (mlir::isa<TpuDialect>(op.getDialect()) && !mlir::isa<GroupOp>(op) &&
            !IsAlias(&op))
          ops.push_back(&op);
      }
      Grouper grouper(function, laneBytes);
      // All failures in one go.
      for (mlir::Operation* op : ops)
        if (mlir::failed(grouper.Group(op))) signalPassFailure();
      // Constants of which only the packed form is read.
      for (mlir::Operation* weight : weights)
        if (weight->use_empty()) weight->erase();
    });
  }
};

}  // namespace
}  // namespace tpuc::tpu
