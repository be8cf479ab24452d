// SPDX-License-Identifier: Apache-2.0
// Functions of one element. Exponentials are taken in f64 and rounded once.
#include <algorithm>
#include <cmath>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/interpreter/top/exp.h"
#include "compiler/interpreter/top/pointwise.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {

Pointwise MakeAddConst(top::AddConstOp op, unsigned) {
  const float c = static_cast<float>(op.getConstVal().convertToDouble());
  return Unary([c](float x) { return x + c; });
}

Pointwise MakeMulConst(top::MulConstOp op, unsigned) {
  const float c = static_cast<float>(op.getConstVal().convertToDouble());
  return Unary([c](float x) { return x * c; });
}

Pointwise MakeRelu(top::ReluOp op, unsigned) {
  const double limit = op.getReluLimit().convertToDouble();
  const float most = limit >= 0 ? static_cast<float>(limit) : HUGE_VALF;
  return Unary([most](float x) { return Clamp(x, 0, most); });
}

Pointwise MakeClip(top::ClipOp op, unsigned) {
  const float least = static_cast<float>(op.getMin().convertToDouble());
  const float most = static_cast<float>(op.getMax().convertToDouble());
  return Unary([=](float x) { return Clamp(x, least, most); });
}

Pointwise MakeHardSigmoid(top::HardSigmoidOp op, unsigned) {
  const float alpha = static_cast<float>(op.getAlpha().convertToDouble());
  const float beta = static_cast<float>(op.getBeta().convertToDouble());
  return Unary([=](float x) { return Clamp(alpha * x + beta, 0, 1); });
}

Pointwise MakeHardSwish(top::HardSwishOp, unsigned) {
  return Unary([](float x) { return x * Clamp(x + 3, 0, 6) / 6; });
}

Pointwise MakeSigmoid(top::SigmoidOp, unsigned) {
  return Unary(
      [](float x) { return static_cast<float>(1 / (1 + Exp(-double{x}))); });
}

Pointwise MakeSiLU(top::SiLUOp, unsigned) {
  return Unary(
      [](float x) { return static_cast<float>(x / (1 + Exp(-double{x}))); });
}

Pointwise MakeAbs(top::AbsOp, unsigned) {
  return Unary([](float x) { return std::fabs(x); });
}

Pointwise MakeSqrt(top::SqrtOp, unsigned) {
  return Unary([](float x) { return std::sqrt(x); });
}

Pointwise MakeReciprocal(top::ReciprocalOp, unsigned) {
  return Unary([](float x) { return 1 / x; });
}

Pointwise MakeTanh(top::TanhOp, unsigned) {
  return Unary(
      [](float x) { return static_cast<float>(std::tanh(double{x})); });
}

Pointwise MakeElu(top::EluOp op, unsigned) {
  const double alpha = op.getAlpha().convertToDouble();
  return Unary([alpha](float x) {
    return x > 0 ? x : static_cast<float>(alpha * std::expm1(double{x}));
  });
}

Pointwise MakeLeakyRelu(top::LeakyReluOp op, unsigned) {
  const float alpha = static_cast<float>(op.getAlpha().convertToDouble());
  return Unary([alpha](float x) { return x < 0 ? alpha * x : x; });
}

Pointwise MakeLog(top::LogOp, unsigned) {
  return Unary([](float x) { return static_cast<float>(std::log(double{x})); });
}

Pointwise MakeSoftplus(top::SoftplusOp, unsigned) {
  return Unary([](float x) {
    const double rest = std::log1p(std::exp(-std::fabs(double{x})));
    return static_cast<float>(std::max(double{x}, 0.0) + rest);
  });
}

Pointwise MakeErf(top::ErfOp, unsigned) {
  return Unary([](float x) { return static_cast<float>(std::erf(double{x})); });
}

Pointwise MakeGelu(top::GeluOp, unsigned) {
  const double root_half = std::sqrt(0.5);
  return Unary([root_half](float x) {
    return static_cast<float>(0.5 * x * (1 + std::erf(x * root_half)));
  });
}

Pointwise MakeExp(top::ExpOp, unsigned) {
  return Unary([](float x) { return static_cast<float>(Exp(double{x})); });
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
      numerics::Vectorized([&]() TPUC_INLINE_LOOP {
        for (int64_t i = 0; i < length; ++i) {
          powers[i] = Exp(x[i * inner] - most);
        }
      });
      for (int64_t i = 0; i < length; ++i) sum += powers[i];
      for (int64_t i = 0; i < length; ++i) {
        y[i * inner] = static_cast<float>(powers[i] / sum);
      }
    }
  });
  return result;
}

}  // namespace tpuc::interpreter
