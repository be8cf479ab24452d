// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/gates.h"

#include "compiler/dialect/top/TopOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace tpuc::quantization {
namespace {

bool IsWeight(mlir::Value value) {
  return value.getDefiningOp<top::WeightOp>() != nullptr;
}

// One number for each channel.
bool IsVector(mlir::Value value) {
  const auto shape = top::ShapeOf(value);
  return shape.size() >= 2 &&
         llvm::all_of(shape.drop_front(2), [](int64_t d) { return d == 1; });
}

// Of a tensor with planes.
bool HasPlanes(mlir::Value value) {
  return top::ShapeOf(value).size() > 2 && !IsVector(value);
}

}  // namespace

llvm::DenseSet<mlir::Operation*> GatesOf(mlir::func::FuncOp function) {
  llvm::DenseSet<mlir::Operation*> gates;
  llvm::SmallVector<mlir::Value> pending;
  function.walk([&](top::MulOp op) {
    if (HasPlanes(op.getRhs())) pending.push_back(op.getLhs());
    if (HasPlanes(op.getLhs())) pending.push_back(op.getRhs());
  });
  while (!pending.empty()) {
    const mlir::Value value = pending.pop_back_val();
    mlir::Operation* op = value.getDefiningOp();
    if (op == nullptr || mlir::isa<top::WeightOp, top::InputOp>(op) ||
        !IsVector(value))
      continue;
    llvm::SmallVector<mlir::Value> operands;
    for (mlir::Value operand : op->getOperands())
      if (!IsWeight(operand)) operands.push_back(operand);
    if (llvm::all_of(operands, IsVector) && gates.insert(op).second)
      pending.append(operands.begin(), operands.end());
  }
  return gates;
}

}  // namespace tpuc::quantization
