// SPDX-License-Identifier: Apache-2.0
// One function per operation of the tpu dialect; see TpuOps.td for what each
// computes.
#pragma once

#include "absl/status/statusor.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/interpreter/engine.h"
#include "compiler/numerics/elementwise.h"
#include "compiler/numerics/pool.h"
#include "compiler/support/tensor.h"

namespace tpuc::interpreter {

using TensorOr = absl::StatusOr<Tensor>;

// conv.cc
TensorOr EvalConv2D(tpu::Conv2DOp op, const Values& values,
                    const RunOptions& options);
TensorOr EvalMatMul(tpu::MatMulOp op, const Values& values,
                    const RunOptions& options);
// matmul.cc: the forms without a constant.
absl::Status MultiplyBatches(tpu::MatMulOp op, const Values& values,
                             Tensor& result, int threads);
// pool.cc
TensorOr EvalPool2D(tpu::Pool2DOp op, const Values& values,
                    const RunOptions& options);
TensorOr EvalReduce(tpu::ReduceOp op, const Values& values,
                    const RunOptions& options);
// quantized_products.cc
TensorOr EvalQuantizedConv2D(tpu::QuantizedConv2DOp op, const Values& values,
                             const RunOptions& options);
TensorOr EvalQuantizedMatMul(tpu::QuantizedMatMulOp op, const Values& values,
                             const RunOptions& options);
TensorOr EvalQuantizedAvgPool2D(tpu::QuantizedAvgPool2DOp op,
                                const Values& values,
                                const RunOptions& options);
// elementwise.cc
TensorOr EvalCast(tpu::CastOp op, const Values& values,
                  const RunOptions& options);
TensorOr EvalBinary(tpu::BinaryOp op, const Values& values,
                    const RunOptions& options);
TensorOr EvalBinaryConst(tpu::BinaryConstOp op, const Values& values,
                         const RunOptions& options);
TensorOr EvalClip(tpu::ClipOp op, const Values& values,
                  const RunOptions& options);
TensorOr EvalExp(tpu::ExpOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalAbs(tpu::AbsOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalRsqrt(tpu::RsqrtOp op, const Values& values,
                   const RunOptions& options);
// log.cc
TensorOr EvalLog(tpu::LogOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalErfSeries(tpu::ErfSeriesOp op, const Values& values,
                       const RunOptions& options);
// quantized_elementwise.cc
TensorOr EvalQuantize(tpu::QuantizeOp op, const Values& values,
                      const RunOptions& options);
TensorOr EvalDequantize(tpu::DequantizeOp op, const Values& values,
                        const RunOptions& options);
TensorOr EvalRequant(tpu::RequantOp op, const Values& values,
                     const RunOptions& options);
TensorOr EvalLut(tpu::LutOp op, const Values& values,
                 const RunOptions& options);
TensorOr EvalQuantizedBinary(tpu::QuantizedBinaryOp op, const Values& values,
                             const RunOptions& options);
// movement.cc
TensorOr EvalReshape(tpu::ReshapeOp op, const Values& values,
                     const RunOptions& options);
TensorOr EvalPermute(tpu::PermuteOp op, const Values& values,
                     const RunOptions& options);
TensorOr EvalSlice(tpu::SliceOp op, const Values& values,
                   const RunOptions& options);
TensorOr EvalConcat(tpu::ConcatOp op, const Values& values,
                    const RunOptions& options);
TensorOr EvalIndexSelect(tpu::IndexSelectOp op, const Values& values,
                         const RunOptions& options);

// numerics::Pool over all channels, spread over threads.
absl::Status PoolChannels(const numerics::PoolSpec& spec,
                          const numerics::PoolOperands& operands, int threads);

// The bits of `value` rounded to `type`, in the low bits.
uint32_t ConstantBits(DType type, double value);

// res = x op constant (or constant op x) on a dense tensor; x and res may be
// the same tensor.
absl::Status ApplyConstant(numerics::ArOp op, const Tensor& x, double constant,
                           bool is_reversed, Tensor& res, int threads);

// AR max with 0, then AR min with `limit` where it is not negative, in place.
absl::Status ApplyRelu(Tensor& tensor, double limit, int threads);

}  // namespace tpuc::interpreter
