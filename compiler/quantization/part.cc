// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/part.h"

#include <utility>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/quantization/fake_quantize.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace tpuc::quantization {
namespace {

std::optional<LayerWeights> SecondOperandOf(mlir::Operation* op) {
  if (auto conv = mlir::dyn_cast<top::ConvOp>(op))
    return LayerWeights{conv.getFilter(), 0};
  if (auto conv = mlir::dyn_cast<top::ConvTransposeOp>(op))
    return LayerWeights{conv.getFilter(), 1};
  if (auto product = mlir::dyn_cast<top::MatMulOp>(op)) {
    const int64_t rank =
        static_cast<int64_t>(top::ShapeOf(product.getRight()).size());
    return LayerWeights{product.getRight(),
                        product.getRightTranspose() ? rank - 2 : rank - 1};
  }
  return std::nullopt;
}

}  // namespace

std::optional<LayerWeights> WeightsOf(mlir::Operation* op) {
  const auto weights = SecondOperandOf(op);
  if (!weights || top::ConstantOf(weights->value) == nullptr ||
      top::ConstantOf(op->getOperand(0)) != nullptr)
    return std::nullopt;
  return weights;
}

ScratchWeights::~ScratchWeights() {
  for (const std::string& name : names_) getWeights(context_).Erase(name);
}

mlir::Value ScratchWeights::Add(mlir::OpBuilder& builder, Tensor tensor) {
  auto weight = top::CreateWeight(builder, "rounded", std::move(tensor));
  names_.push_back(getName(weight));
  return weight.getOutput();
}

mlir::OwningOpRef<mlir::ModuleOp> CopyPart(llvm::ArrayRef<mlir::Operation*> ops,
                                           llvm::ArrayRef<mlir::Value> results,
                                           ScratchWeights* scratch) {
  llvm::DenseSet<mlir::Value> computed;
  llvm::SetVector<mlir::Value> inputs, constants;
  llvm::DenseMap<mlir::Value, int64_t> rounded;
  for (mlir::Operation* op : ops) {
    for (mlir::Value operand : op->getOperands()) {
      if (operand.getDefiningOp<top::WeightOp>()) {
        constants.insert(operand);
      } else if (!computed.contains(operand)) {
        inputs.insert(operand);
      }
    }
    computed.insert(op->getResults().begin(), op->getResults().end());
    if (scratch == nullptr) continue;
    if (const auto weights = WeightsOf(op))
      rounded[weights->value] = weights->axis;
  }

  mlir::MLIRContext* context = results[0].getContext();
  mlir::OpBuilder builder(context);
  const mlir::Location unknown = builder.getUnknownLoc();
  auto module = mlir::ModuleOp::create(unknown);
  builder.setInsertionPointToEnd(module.getBody());
  const auto types = [](auto values) {
    std::vector<mlir::Type> types;
    for (mlir::Value value : values) types.push_back(value.getType());
    return types;
  };
  auto function = builder.create<mlir::func::FuncOp>(
      unknown, "main",
      builder.getFunctionType(types(inputs.getArrayRef()), types(results)));
  builder.setInsertionPointToStart(function.addEntryBlock());
  mlir::IRMapping mapping;
  for (auto [value, argument] :
       llvm::zip(inputs.getArrayRef(), function.getArguments())) {
    auto input = builder.create<top::InputOp>(
        NameLocation(context, getName(value)), value.getType(), argument);
    mapping.map(value, input.getOutput());
  }
  for (mlir::Value value : constants) {
    const auto it = rounded.find(value);
    if (it == rounded.end()) {
      builder.clone(*value.getDefiningOp(), mapping);
    } else {
      mapping.map(value, scratch->Add(builder, FakeQuantizeChannels(
                                                   *top::ConstantOf(value),
                                                   it->second)));
    }
  }
  for (mlir::Operation* op : ops) builder.clone(*op, mapping);
  std::vector<mlir::Value> returned;
  for (mlir::Value value : results) returned.push_back(mapping.lookup(value));
  builder.create<mlir::func::ReturnOp>(unknown, returned);
  return module;
}

}  // namespace tpuc::quantization
