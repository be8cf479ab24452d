// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"

namespace tpuc::interpreter {
namespace {

// Elements between neighbours along each of the result's dimensions; 0 where
// the operand is broadcast.
std::vector<int64_t> BroadcastStrides(const std::vector<int64_t>& operand,
                                      const std::vector<int64_t>& result) {
  std::vector<int64_t> strides(result.size(), 0);
  int64_t stride = 1;
  for (size_t i = 0; i < operand.size(); ++i) {
    const size_t from = operand.size() - 1 - i, to = result.size() - 1 - i;
    if (operand[from] != 1) strides[to] = stride;
    stride *= operand[from];
  }
  return strides;
}

template <typename Op, typename F>
TensorOr Binary(Op op, const Values& values, F f) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& lhs = values[op.getLhs()];
  const Tensor& rhs = values[op.getRhs()];
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const std::vector<int64_t>& shape = result->shape();
  const std::vector<int64_t> ls = BroadcastStrides(lhs.shape(), shape);
  const std::vector<int64_t> rs = BroadcastStrides(rhs.shape(), shape);
  const int64_t rank = result->rank();
  const int64_t row = rank == 0 ? 1 : shape[rank - 1];
  const int64_t lstep = rank == 0 ? 0 : ls[rank - 1];
  const int64_t rstep = rank == 0 ? 0 : rs[rank - 1];
  const int64_t rows = row == 0 ? 0 : result->NumElements() / row;
  float* out = result->data<float>();
  for (int64_t i = 0; i < rows; ++i, out += row) {
    const float *l = lhs.data<float>(), *r = rhs.data<float>();
    int64_t index = i;
    for (int64_t d = rank - 2; d >= 0; --d) {
      l += index % shape[d] * ls[d];
      r += index % shape[d] * rs[d];
      index /= shape[d];
    }
    for (int64_t j = 0; j < row; ++j) out[j] = f(l[j * lstep], r[j * rstep]);
  }
  ApplyFusedRelu(op, *result);
  return result;
}

}  // namespace

TensorOr EvalAdd(top::AddOp op, const Values& values, const RunOptions&) {
  return Binary(op, values, [](float a, float b) { return a + b; });
}
TensorOr EvalSub(top::SubOp op, const Values& values, const RunOptions&) {
  return Binary(op, values, [](float a, float b) { return a - b; });
}
TensorOr EvalMul(top::MulOp op, const Values& values, const RunOptions&) {
  return Binary(op, values, [](float a, float b) { return a * b; });
}
TensorOr EvalDiv(top::DivOp op, const Values& values, const RunOptions&) {
  return Binary(op, values, [](float a, float b) { return a / b; });
}

TensorOr EvalScale(top::ScaleOp op, const Values& values, const RunOptions&) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  Tensor result = values[op.getInput()];
  const float* scale = values[op.getScale()].data<float>();
  const float* bias = values[op.getBias()].data<float>();
  const int64_t n = result.shape()[0], channels = result.shape()[1];
  const int64_t inner =
      result.NumElements() / std::max<int64_t>(1, n * channels);
  float* data = result.data<float>();
  for (int64_t c = 0; c < n * channels; ++c) {
    for (int64_t i = 0; i < inner; ++i, ++data) {
      *data = *data * scale[c % channels] + bias[c % channels];
    }
  }
  return result;
}

}  // namespace tpuc::interpreter
