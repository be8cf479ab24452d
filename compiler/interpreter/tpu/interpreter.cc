// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/tpu/interpreter.h"

#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/interpreter/tpu/evaluators.h"

namespace tpuc::interpreter {

const Evaluators& TpuEvaluators() {
  static const Evaluators* evaluators = [] {
    auto* table = new Evaluators;
    table->Add<tpu::Conv2DOp>(EvalConv2D);
    table->Add<tpu::MatMulOp>(EvalMatMul);
    table->Add<tpu::Pool2DOp>(EvalPool2D);
    table->Add<tpu::ReduceOp>(EvalReduce);
    table->Add<tpu::QuantizedConv2DOp>(EvalQuantizedConv2D);
    table->Add<tpu::QuantizedMatMulOp>(EvalQuantizedMatMul);
    table->Add<tpu::QuantizedAvgPool2DOp>(EvalQuantizedAvgPool2D);
    table->Add<tpu::CastOp>(EvalCast);
    table->Add<tpu::BinaryOp>(EvalBinary);
    table->Add<tpu::BinaryConstOp>(EvalBinaryConst);
    table->Add<tpu::ClipOp>(EvalClip);
    table->Add<tpu::ExpOp>(EvalExp);
    table->Add<tpu::AbsOp>(EvalAbs);
    table->Add<tpu::RsqrtOp>(EvalRsqrt);
    table->Add<tpu::LogOp>(EvalLog);
    table->Add<tpu::ErfSeriesOp>(EvalErfSeries);
    table->Add<tpu::QuantizeOp>(EvalQuantize);
    table->Add<tpu::DequantizeOp>(EvalDequantize);
    table->Add<tpu::RequantOp>(EvalRequant);
    table->Add<tpu::LutOp>(EvalLut);
    table->Add<tpu::QuantizedBinaryOp>(EvalQuantizedBinary);
    table->Add<tpu::ReshapeOp>(EvalReshape);
    table->Add<tpu::PermuteOp>(EvalPermute);
    table->Add<tpu::SliceOp>(EvalSlice);
    table->Add<tpu::ConcatOp>(EvalConcat);
    table->Add<tpu::IndexSelectOp>(EvalIndexSelect);
    return table;
  }();
  return *evaluators;
}

absl::StatusOr<TensorMap> RunTpu(mlir::ModuleOp module, const TensorMap& inputs,
                                 const RunOptions& options) {
  return Run(module, TpuEvaluators(), inputs, options);
}

}  // namespace tpuc::interpreter
