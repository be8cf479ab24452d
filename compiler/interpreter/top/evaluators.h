// SPDX-License-Identifier: Apache-2.0
// One function per operation of the top dialect; see TopOps.td for what each
// computes. Prepare... makes a kernel, Make... a pointwise function, Eval...
// evaluates.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/interpreter/engine.h"
#include "compiler/interpreter/evaluators.h"
#include "compiler/interpreter/top/pointwise.h"
#include "compiler/support/tensor.h"

namespace tpuc::interpreter {

using TensorOr = absl::StatusOr<Tensor>;

// convolution.cc
absl::StatusOr<PreparedKernel> PrepareConv(top::ConvOp op);
absl::StatusOr<PreparedKernel> PrepareConvTranspose(top::ConvTransposeOp op);
// matmul.cc
absl::StatusOr<PreparedKernel> PrepareMatMul(top::MatMulOp op);
// pool.cc
absl::StatusOr<PreparedKernel> PrepareMaxPool(top::MaxPoolOp op);
absl::StatusOr<PreparedKernel> PrepareAvgPool(top::AvgPoolOp op);
// reduce.cc
TensorOr EvalReduce(top::ReduceOp op, const Values& values,
                    const RunOptions& options);
TensorOr EvalLayerNorm(top::LayerNormOp op, const Values& values,
                       const RunOptions& options);
TensorOr EvalLRN(top::LRNOp op, const Values& values,
                 const RunOptions& options);
// elementwise.cc: pointwise where no operand is broadcast
absl::StatusOr<PreparedKernel> PrepareScale(top::ScaleOp op);
absl::StatusOr<PreparedKernel> PrepareAdd(top::AddOp op);
absl::StatusOr<PreparedKernel> PrepareSub(top::SubOp op);
absl::StatusOr<PreparedKernel> PrepareMul(top::MulOp op);
absl::StatusOr<PreparedKernel> PrepareDiv(top::DivOp op);
absl::StatusOr<PreparedKernel> PrepareMax(top::MaxOp op);
absl::StatusOr<PreparedKernel> PrepareMin(top::MinOp op);
absl::StatusOr<PreparedKernel> PreparePRelu(top::PReluOp op);
Pointwise MakeAdd(top::AddOp op, unsigned chained);
Pointwise MakeSub(top::SubOp op, unsigned chained);
Pointwise MakeMul(top::MulOp op, unsigned chained);
Pointwise MakeDiv(top::DivOp op, unsigned chained);
Pointwise MakeMax(top::MaxOp op, unsigned chained);
Pointwise MakeMin(top::MinOp op, unsigned chained);
// movement.cc
TensorOr EvalPermute(top::PermuteOp op, const Values& values,
                     const RunOptions& options);
TensorOr EvalSlice(top::SliceOp op, const Values& values,
                   const RunOptions& options);
TensorOr EvalPad(top::PadOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalConcat(top::ConcatOp op, const Values& values,
                    const RunOptions& options);
// resize.cc
absl::StatusOr<PreparedKernel> PrepareResize(top::ResizeOp op);
// activation.cc
Pointwise MakeAddConst(top::AddConstOp op, unsigned chained);
Pointwise MakeMulConst(top::MulConstOp op, unsigned chained);
Pointwise MakeRelu(top::ReluOp op, unsigned chained);
Pointwise MakeClip(top::ClipOp op, unsigned chained);
Pointwise MakeHardSigmoid(top::HardSigmoidOp op, unsigned chained);
Pointwise MakeHardSwish(top::HardSwishOp op, unsigned chained);
Pointwise MakeSigmoid(top::SigmoidOp op, unsigned chained);
Pointwise MakeSiLU(top::SiLUOp op, unsigned chained);
Pointwise MakeAbs(top::AbsOp op, unsigned chained);
Pointwise MakeSqrt(top::SqrtOp op, unsigned chained);
Pointwise MakeReciprocal(top::ReciprocalOp op, unsigned chained);
Pointwise MakeTanh(top::TanhOp op, unsigned chained);
Pointwise MakeElu(top::EluOp op, unsigned chained);
Pointwise MakeLeakyRelu(top::LeakyReluOp op, unsigned chained);
Pointwise MakeLog(top::LogOp op, unsigned chained);
Pointwise MakeSoftplus(top::SoftplusOp op, unsigned chained);
Pointwise MakeErf(top::ErfOp op, unsigned chained);
Pointwise MakeGelu(top::GeluOp op, unsigned chained);
Pointwise MakeExp(top::ExpOp op, unsigned chained);
TensorOr EvalSoftmax(top::SoftmaxOp op, const Values& values,
                     const RunOptions& options);

// What is left to do after an operation with do_relu and relu_limit.
template <typename Op>
std::vector<Pointwise> FusedRelu(Op op) {
  std::vector<Pointwise> finish;
  if (op.getDoRelu()) {
    const ReluBounds bounds = ReluBounds::Of(op);
    finish.push_back(Unary(
        [bounds](float x) { return Clamp(x, bounds.least, bounds.most); }));
  }
  return finish;
}

// Error unless all operands are f32.
absl::Status CheckFloat(mlir::Operation* op);

}  // namespace tpuc::interpreter
