// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "compiler/interpreter/tpu/evaluators.h"
#include "compiler/numerics/elementwise.h"
#include "compiler/numerics/log_recipe.h"
#include "compiler/numerics/special.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {

using numerics::ArOp;
using numerics::Elementwise;

namespace {

constexpr int64_t kRow = 1024;

absl::StatusOr<Elementwise> Float(ArOp op) {
  numerics::ElementwiseSpec spec;
  spec.op = op;
  return Elementwise::Create(spec);
}

// The recipe's AR instructions on f32.
struct Steps {
  Elementwise max, min, mul, add, sub;

  static absl::StatusOr<Steps> Create() {
    const absl::StatusOr<Elementwise> steps[] = {
        Float(ArOp::kMax), Float(ArOp::kMin), Float(ArOp::kMul),
        Float(ArOp::kAdd), Float(ArOp::kSub)};
    for (const auto& step : steps)
      if (!step.ok()) return step.status();
    return Steps{*steps[0], *steps[1], *steps[2], *steps[3], *steps[4]};
  }
};

void WithConstant(const Elementwise& step, int64_t count, float* x,
                  float constant) {
  step.Row(count, x, 1, {x, 1}, {&constant, 0}, {});
}

// y = ln x for at most kRow elements.
void LogRow(const Steps& steps, int64_t count, const float* x, float* y) {
  std::array<float, kRow> m, power, exponent;
  std::array<int32_t, kRow> n;
  std::copy_n(x, count, m.data());
  WithConstant(steps.max, count, m.data(), numerics::kLogMin);
  WithConstant(steps.min, count, m.data(), numerics::kLogMax);
  numerics::NormalizeRow(DType::kF32, DType::kI32, count, m.data(), 1, n.data(),
                         1);
  for (int64_t i = 0; i < count; ++i) {
    power[i] =
        numerics::BitsFloat(static_cast<uint32_t>(numerics::kLogTop - n[i])
                            << numerics::kLogMantissaBits);
    exponent[i] = static_cast<float>(n[i]);
  }
  steps.mul.Row(count, m.data(), 1, {m.data(), 1}, {power.data(), 1}, {});
  WithConstant(steps.sub, count, m.data(), 1.0f);
  numerics::TaylorRow(DType::kF32, count, m.data(), 1, numerics::kLogSeries,
                      numerics::kLogTerms, y, 1);
  WithConstant(steps.sub, count, exponent.data(), numerics::kLogBias);
  WithConstant(steps.mul, count, exponent.data(), numerics::kLogLn2);
  steps.add.Row(count, y, 1, {y, 1}, {exponent.data(), 1}, {});
}

}  // namespace

TensorOr EvalLog(tpu::LogOp op, const Values& values,
                 const RunOptions& options) {
  const Tensor& x = values[op.getInput()];
  Tensor result(x.dtype(), x.shape());
  const absl::StatusOr<Steps> steps = Steps::Create();
  if (!steps.ok()) return steps.status();
  ParallelFor(options.threads, x.NumElements(), kRow * 8,
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; i += kRow) {
                  LogRow(*steps, std::min(kRow, end - i), x.data<float>() + i,
                         result.data<float>() + i);
                }
              });
  return result;
}

TensorOr EvalErfSeries(tpu::ErfSeriesOp op, const Values& values,
                       const RunOptions& options) {
  const Tensor& x = values[op.getInput()];
  Tensor result(x.dtype(), x.shape());
  ParallelFor(options.threads, x.NumElements(), kRow * 8,
              [&](int64_t begin, int64_t end) {
                numerics::TaylorRow(
                    DType::kF32, end - begin, x.data<float>() + begin, 1,
                    numerics::kErfSeriesBits, numerics::kErfTerms,
                    result.data<float>() + begin, 1);
              });
  return result;
}

}  // namespace tpuc::interpreter
