// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/group_sequence.h"

#include <algorithm>
#include <map>
#include <string>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/target/bm1684x/op_kernels.h"
#include "llvm/ADT/DenseMap.h"

namespace tpuc::bm1684x {
namespace {

class SequenceMaker {
 public:
  explicit SequenceMaker(llvm::ArrayRef<mlir::Operation*> ops) : ops_(ops) {
    for (size_t i = 0; i < ops.size(); ++i)
      positions_[ops[i]] = static_cast<int>(i);
  }

  Sequence Run() {
    for (size_t i = 0; i < ops_.size(); ++i) Add(static_cast<int>(i));
    return std::move(sequence_);
  }

 private:
  void Add(int i) {
    mlir::Operation* op = ops_[i];
    auto kernel = MakeKernel(op, Views::kNatural);
    if (kernel.ok() && (*kernel)->parts().size() != 1) kernel->reset();
    sequence_.kernels.push_back(kernel.ok() ? *std::move(kernel) : nullptr);
    GroupCandidate candidate;
    candidate.kernel = sequence_.kernels.back().get();
    for (size_t k = 0; k < op->getNumOperands(); ++k) {
      const mlir::Value value = op->getOperand(k);
      const int producer = Producer(value);
      candidate.producers.push_back(producer);
      candidate.is_reshaped.push_back(
          producer >= 0 && mlir::isa<tpu::ReshapeOp>(value.getDefiningOp()));
      candidate.tensors.push_back(Tensor(value, i, static_cast<int>(k)));
      if (producer < 0)
        candidate.barrier = std::max(candidate.barrier, Maker(value));
    }
    FindReaders(op->getResult(0), candidate);
    sequence_.candidates.push_back(std::move(candidate));
  }

  // A number for the tensor; a constant has one for each packing.
  int Tensor(mlir::Value value, int i, int k) {
    std::string packing;
    if (value.getDefiningOp<top::WeightOp>() && sequence_.kernels[i])
      packing = sequence_.kernels[i]->Packing(k);
    const auto [it, is_new] =
        numbers_.try_emplace({value.getAsOpaquePointer(), packing},
                             static_cast<int>(sequence_.readers.size()));
    if (is_new) sequence_.readers.push_back({i, k});
    return it->second;
  }

  // The operation of the sequence of which `value` is the result, as it is or
  // reshaped; -1: none.
  int Producer(mlir::Value value) const {
    while (auto reshape = value.getDefiningOp<tpu::ReshapeOp>())
      value = reshape.getInput();
    const auto it = positions_.find(value.getDefiningOp());
    return it == positions_.end() ? -1 : it->second;
  }

  // Which operation of the sequence makes the memory that `value`, the result
  // of an operation outside, may lie in; -1: none.
  int Maker(mlir::Value value) const {
    while (mlir::Operation* op = value.getDefiningOp()) {
      const auto it = positions_.find(op);
      if (it != positions_.end()) return it->second;
      if (op->getNumOperands() == 0) break;
      value = op->getOperand(0);
    }
    return -1;
  }

  void FindReaders(mlir::Value result, GroupCandidate& candidate) const {
    for (mlir::Operation* user : result.getUsers()) {
      const auto it = positions_.find(user);
      if (it != positions_.end())
        candidate.last_reader = std::max(candidate.last_reader, it->second);
      else if (mlir::isa<tpu::ReshapeOp>(user))
        FindReaders(user->getResult(0), candidate);
      else
        candidate.is_needed = true;
    }
  }

  llvm::ArrayRef<mlir::Operation*> ops_;
  llvm::DenseMap<mlir::Operation*, int> positions_;
  std::map<std::pair<const void*, std::string>, int>
      numbers_;  // only looked up
  Sequence sequence_;
};

}  // namespace

Sequence MakeSequence(llvm::ArrayRef<mlir::Operation*> ops) {
  return SequenceMaker(ops).Run();
}

}  // namespace tpuc::bm1684x
