// SPDX-License-Identifier: Apache-2.0
// Functions of one element. Exponentials are taken in f64 and rounded once.
#include <algorithm>
#include <cmath>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

template <typename Op, typename F>
TensorOr Map(Op op, const Values& values, const RunOptions& options, F f) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& input = values[op.getInput()];
  Tensor result(DType::kF32, input.shape());
  const float* x = input.data<float>();
  float* y = result.data<float>();
  ParallelFor(options.threads, input.NumElements(), 1 << 14,
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) y[i] = f(x[i]);
              });
  return result;
}

// As the hardware and ONNX do: a NaN passes.
float Clamp(float x, float least, float most) {
  if (x < least) return least;
  return x > most ? most : x;
}

}  // namespace

void ApplyRelu(float* data, int64_t count, double limit) {
  const float most = limit >= 0 ? static_cast<float>(limit) : HUGE_VALF;
  for (int64_t i = 0; i < count; ++i) data[i] = Clamp(data[i], 0, most);
}

TensorOr EvalAddConst(top::AddConstOp op, const Values& values,
                      const RunOptions& options) {
  const float c = static_cast<float>(op.getConstVal().convertToDouble());
  return Map(op, values, options, [c](float x) { return x + c; });
}

TensorOr EvalMulConst(top::MulConstOp op, const Values& values,
                      const RunOptions& options) {
  const float c = static_cast<float>(op.getConstVal().convertToDouble());
  return Map(op, values, options, [c](float x) { return x * c; });
}

TensorOr EvalRelu(top::ReluOp op, const Values& values,
                  const RunOptions& options) {
  const double limit = op.getReluLimit().convertToDouble();
  const float most = limit >= 0 ? static_cast<float>(limit) : HUGE_VALF;
  return Map(op, values, options,
             [most](float x) { return Clamp(x, 0, most); });
}

TensorOr EvalClip(top::ClipOp op, const Values& values,
                  const RunOptions& options) {
  const float least = static_cast<float>(op.getMin().convertToDouble());
  const float most = static_cast<float>(op.getMax().convertToDouble());
  return Map(op, values, options,
             [=](float x) { return Clamp(x, least, most); });
}

TensorOr EvalHardSigmoid(top::HardSigmoidOp op, const Values& values,
                         const RunOptions& options) {
  const float alpha = static_cast<float>(op.getAlpha().convertToDouble());
  const float beta = static_cast<float>(op.getBeta().convertToDouble());
  return Map(op, values, options,
             [=](float x) { return Clamp(alpha * x + beta, 0, 1); });
}

TensorOr EvalHardSwish(top::HardSwishOp op, const Values& values,
                       const RunOptions& options) {
  return Map(op, values, options,
             [](float x) { return x * Clamp(x + 3, 0, 6) / 6; });
}

TensorOr EvalSigmoid(top::SigmoidOp op, const Values& values,
                     const RunOptions& options) {
  return Map(op, values, options, [](float x) {
    return static_cast<float>(1 / (1 + std::exp(-static_cast<double>(x))));
  });
}

TensorOr EvalExp(top::ExpOp op, const Values& values,
                 const RunOptions& options) {
  return Map(op, values, options, [](float x) {
    return static_cast<float>(std::exp(static_cast<double>(x)));
  });
}

TensorOr EvalSoftmax(top::SoftmaxOp op, const Values& values,
                     const RunOptions& options) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& input = values[op.getInput()];
  Tensor result(DType::kF32, input.shape());
  const int64_t axis = static_cast<int64_t>(op.getAxis());
  const int64_t length = input.shape()[axis];
  int64_t inner = 1;
  for (int64_t i = axis + 1; i < input.rank(); ++i) inner *= input.shape()[i];
  const int64_t rows = length == 0 ? 0 : input.NumElements() / length;
  ParallelFor(options.threads, rows, 64, [&](int64_t begin, int64_t end) {
    std::vector<double> powers(length);
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row / inner * length * inner + row % inner;
      const float* x = input.data<float>() + at;
      float* y = result.data<float>() + at;
      double most = x[0], sum = 0;
      for (int64_t i = 1; i < length; ++i) {
        most = std::max<double>(most, x[i * inner]);
      }
      for (int64_t i = 0; i < length; ++i) {
        powers[i] = std::exp(x[i * inner] - most);
        sum += powers[i];
      }
      for (int64_t i = 0; i < length; ++i) {
        y[i * inner] = static_cast<float>(powers[i] / sum);
      }
    }
  });
  return result;
}

}  // namespace tpuc::interpreter
