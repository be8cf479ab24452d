// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/top/interpreter.h"

#include "compiler/interpreter/top/evaluators.h"

namespace tpuc::interpreter {

const Evaluators& TopEvaluators() {
  static const Evaluators* evaluators = [] {
    auto* table = new Evaluators;
    table->AddKernel<top::ConvOp>(PrepareConv);
    table->AddKernel<top::ConvTransposeOp>(PrepareConvTranspose);
    table->AddKernel<top::MatMulOp>(PrepareMatMul);
    table->AddKernel<top::MaxPoolOp>(PrepareMaxPool);
    table->AddKernel<top::AvgPoolOp>(PrepareAvgPool);
    table->Add<top::ReduceOp>(EvalReduce);
    table->Add<top::LayerNormOp>(EvalLayerNorm);
    table->Add<top::LRNOp>(EvalLRN);
    table->AddKernel<top::ScaleOp>(PrepareScale);
    table->AddKernel<top::AddOp>(PrepareAdd);
    table->AddPointwise<top::AddOp>(MakeAdd);
    table->AddKernel<top::SubOp>(PrepareSub);
    table->AddPointwise<top::SubOp>(MakeSub);
    table->AddKernel<top::MulOp>(PrepareMul);
    table->AddPointwise<top::MulOp>(MakeMul);
    table->AddKernel<top::DivOp>(PrepareDiv);
    table->AddPointwise<top::DivOp>(MakeDiv);
    table->AddKernel<top::MaxOp>(PrepareMax);
    table->AddPointwise<top::MaxOp>(MakeMax);
    table->AddKernel<top::MinOp>(PrepareMin);
    table->AddPointwise<top::MinOp>(MakeMin);
    table->AddKernel<top::PReluOp>(PreparePRelu);
    table->AddRename<top::ReshapeOp>();
    table->Add<top::PermuteOp>(EvalPermute);
    table->Add<top::SliceOp>(EvalSlice);
    table->Add<top::PadOp>(EvalPad);
    table->Add<top::ConcatOp>(EvalConcat);
    table->AddKernel<top::ResizeOp>(PrepareResize);
    table->AddPointwise<top::AddConstOp>(MakeAddConst);
    table->AddPointwise<top::MulConstOp>(MakeMulConst);
    table->AddPointwise<top::ReluOp>(MakeRelu);
    table->AddPointwise<top::ClipOp>(MakeClip);
    table->AddPointwise<top::HardSigmoidOp>(MakeHardSigmoid);
    table->AddPointwise<top::HardSwishOp>(MakeHardSwish);
    table->AddPointwise<top::SigmoidOp>(MakeSigmoid);
    table->AddPointwise<top::SiLUOp>(MakeSiLU);
    table->AddPointwise<top::AbsOp>(MakeAbs);
    table->AddPointwise<top::SqrtOp>(MakeSqrt);
    table->AddPointwise<top::ReciprocalOp>(MakeReciprocal);
    table->AddPointwise<top::TanhOp>(MakeTanh);
    table->AddPointwise<top::EluOp>(MakeElu);
    table->AddPointwise<top::LeakyReluOp>(MakeLeakyRelu);
    table->AddPointwise<top::LogOp>(MakeLog);
    table->AddPointwise<top::SoftplusOp>(MakeSoftplus);
    table->AddPointwise<top::ErfOp>(MakeErf);
    table->AddPointwise<top::GeluOp>(MakeGelu);
    table->AddPointwise<top::ExpOp>(MakeExp);
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

absl::StatusOr<Program> PrepareTop(mlir::ModuleOp module, bool keep_all) {
  return Program::Prepare(module, TopEvaluators(), keep_all);
}

absl::StatusOr<TensorMap> RunTop(mlir::ModuleOp module, const TensorMap& inputs,
                                 const RunOptions& options) {
  return Run(module, TopEvaluators(), inputs, options);
}

}  // namespace tpuc::interpreter
