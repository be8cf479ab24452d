// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/top/interpreter.h"

#include "compiler/interpreter/top/evaluators.h"

namespace tpuc::interpreter {

const Evaluators& TopEvaluators() {
  static const Evaluators* evaluators = [] {
    auto* table = new Evaluators;
    table->Add<top::ConvOp>(EvalConv);
    table->Add<top::ConvTransposeOp>(EvalConvTranspose);
    table->Add<top::MatMulOp>(EvalMatMul);
    table->Add<top::MaxPoolOp>(EvalMaxPool);
    table->Add<top::AvgPoolOp>(EvalAvgPool);
    table->Add<top::ScaleOp>(EvalScale);
    table->Add<top::AddOp>(EvalAdd);
    table->Add<top::SubOp>(EvalSub);
    table->Add<top::MulOp>(EvalMul);
    table->Add<top::DivOp>(EvalDiv);
    table->Add<top::ReshapeOp>(EvalReshape);
    table->Add<top::PermuteOp>(EvalPermute);
    table->Add<top::SliceOp>(EvalSlice);
    table->Add<top::PadOp>(EvalPad);
    table->Add<top::ConcatOp>(EvalConcat);
    table->Add<top::ResizeOp>(EvalResize);
    table->Add<top::AddConstOp>(EvalAddConst);
    table->Add<top::MulConstOp>(EvalMulConst);
    table->Add<top::ReluOp>(EvalRelu);
    table->Add<top::ClipOp>(EvalClip);
    table->Add<top::HardSigmoidOp>(EvalHardSigmoid);
    table->Add<top::HardSwishOp>(EvalHardSwish);
    table->Add<top::SigmoidOp>(EvalSigmoid);
    table->Add<top::ExpOp>(EvalExp);
    table->Add<top::SoftmaxOp>(EvalSoftmax);
    return table;
  }();
  return *evaluators;
}

absl::Status CheckFloat(mlir::Operation* op) {
  for (mlir::Value operand : op->getOperands()) {
    if (top::ElementTypeOf(operand).isF32()) continue;
    return absl::UnimplementedError("only f32 operands can be evaluated");
  }
  return absl::OkStatus();
}

absl::StatusOr<TensorMap> RunTop(mlir::ModuleOp module, const TensorMap& inputs,
                                 const RunOptions& options) {
  return Run(module, TopEvaluators(), inputs, options);
}

}  // namespace tpuc::interpreter
