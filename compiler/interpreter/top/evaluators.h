// SPDX-License-Identifier: Apache-2.0
// One function per operation of the top dialect; see TopOps.td for what each
// computes.
#pragma once

#include "absl/status/statusor.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/interpreter/engine.h"
#include "compiler/support/tensor.h"

namespace tpuc::interpreter {

using TensorOr = absl::StatusOr<Tensor>;

// convolution.cc
TensorOr EvalConv(top::ConvOp op, const Values& values,
                  const RunOptions& options);
TensorOr EvalConvTranspose(top::ConvTransposeOp op, const Values& values,
                           const RunOptions& options);
// matmul.cc
TensorOr EvalMatMul(top::MatMulOp op, const Values& values,
                    const RunOptions& options);
// pool.cc
TensorOr EvalMaxPool(top::MaxPoolOp op, const Values& values,
                     const RunOptions& options);
TensorOr EvalAvgPool(top::AvgPoolOp op, const Values& values,
                     const RunOptions& options);
// elementwise.cc
TensorOr EvalScale(top::ScaleOp op, const Values& values,
                   const RunOptions& options);
TensorOr EvalAdd(top::AddOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalSub(top::SubOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalMul(top::MulOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalDiv(top::DivOp op, const Values& values,
                 const RunOptions& options);
// movement.cc
TensorOr EvalReshape(top::ReshapeOp op, const Values& values,
                     const RunOptions& options);
TensorOr EvalPermute(top::PermuteOp op, const Values& values,
                     const RunOptions& options);
TensorOr EvalSlice(top::SliceOp op, const Values& values,
                   const RunOptions& options);
TensorOr EvalPad(top::PadOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalConcat(top::ConcatOp op, const Values& values,
                    const RunOptions& options);
TensorOr EvalResize(top::ResizeOp op, const Values& values,
                    const RunOptions& options);
// activation.cc
TensorOr EvalAddConst(top::AddConstOp op, const Values& values,
                      const RunOptions& options);
TensorOr EvalMulConst(top::MulConstOp op, const Values& values,
                      const RunOptions& options);
TensorOr EvalRelu(top::ReluOp op, const Values& values,
                  const RunOptions& options);
TensorOr EvalClip(top::ClipOp op, const Values& values,
                  const RunOptions& options);
TensorOr EvalHardSigmoid(top::HardSigmoidOp op, const Values& values,
                         const RunOptions& options);
TensorOr EvalHardSwish(top::HardSwishOp op, const Values& values,
                       const RunOptions& options);
TensorOr EvalSigmoid(top::SigmoidOp op, const Values& values,
                     const RunOptions& options);
TensorOr EvalExp(top::ExpOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalSoftmax(top::SoftmaxOp op, const Values& values,
                     const RunOptions& options);

// max(x, 0), then min(x, limit) where limit >= 0, in place. NaN stays.
void ApplyRelu(float* data, int64_t count, double limit);

// Every operation with do_relu and relu_limit.
template <typename Op>
void ApplyFusedRelu(Op op, Tensor& tensor) {
  if (!op.getDoRelu()) return;
  ApplyRelu(tensor.data<float>(), tensor.NumElements(),
            op.getReluLimit().convertToDouble());
}

// Error unless all operands are f32.
absl::Status CheckFloat(mlir::Operation* op);

}  // namespace tpuc::interpreter
