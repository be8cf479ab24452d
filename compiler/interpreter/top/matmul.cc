// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/interpreter/top/gemm.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

// The flat index of the operand's matrix for batch `index` of `batch` (the
// result's leading dimensions), with broadcasting.
int64_t BatchIndex(int64_t index, const std::vector<int64_t>& batch,
                   const std::vector<int64_t>& operand) {
  const int64_t own = static_cast<int64_t>(operand.size()) - 2;
  int64_t flat = 0, scale = 1;
  for (int64_t i = static_cast<int64_t>(batch.size()) - 1, d = own - 1; d >= 0;
       --i, --d) {
    const int64_t at = index % batch[i];
    index /= batch[i];
    if (operand[d] != 1) flat += at * scale;
    scale *= operand[d];
  }
  return flat;
}

// [N, K] to [K, N].
std::vector<float> Transposed(const float* from, int64_t n, int64_t k) {
  std::vector<float> to(n * k);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t t = 0; t < k; ++t) to[t * n + i] = from[i * k + t];
  }
  return to;
}

}  // namespace

TensorOr EvalMatMul(top::MatMulOp op, const Values& values,
                    const RunOptions& options) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& left = values[op.getInput()];
  const Tensor& right = values[op.getRight()];
  const Tensor* bias = values.Find(op.getBias());
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const std::vector<int64_t>& shape = result->shape();
  const int64_t rank = result->rank();
  const int64_t m = shape[rank - 2], n = shape[rank - 1];
  const int64_t k = left.shape().back();
  const std::vector<int64_t> batch(shape.begin(), shape.end() - 2);
  int64_t batches = 1;
  for (int64_t d : batch) batches *= d;
  for (int64_t b = 0; b < batches; ++b) {
    const float* x =
        left.data<float>() + BatchIndex(b, batch, left.shape()) * m * k;
    const float* y =
        right.data<float>() + BatchIndex(b, batch, right.shape()) * k * n;
    float* z = result->data<float>() + b * m * n;
    std::vector<float> transposed;
    if (op.getRightTranspose()) {
      transposed = Transposed(y, n, k);
      y = transposed.data();
    }
    for (int64_t i = 0; bias != nullptr && i < m; ++i) {
      std::copy(bias->data<float>(), bias->data<float>() + n, z + i * n);
    }
    // Columns are independent sums: threads take bands of them.
    ParallelFor(options.threads, (n + 15) / 16, 4,
                [&](int64_t begin, int64_t end) {
                  const int64_t j0 = begin * 16, j1 = std::min(n, end * 16);
                  Gemm(m, j1 - j0, k, x, k, y + j0, n, z + j0, n);
                });
  }
  ApplyFusedRelu(op, *result);
  return result;
}

}  // namespace tpuc::interpreter
