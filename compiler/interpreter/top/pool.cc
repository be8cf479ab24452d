// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

struct Range {
  int64_t begin, end;
};

// The part of a window that lies inside the input.
Range Clamp(int64_t out, int64_t stride, int64_t pad, int64_t kernel,
            int64_t extent) {
  const int64_t at = out * stride - pad;
  return {std::max<int64_t>(at, 0), std::min(at + kernel, extent)};
}

// Calls reduce(plane, rows, columns) for each output element.
template <typename Op, typename Reduce>
TensorOr Pool(Op op, const Values& values, const RunOptions& options,
              Reduce reduce) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& input = values[op.getInput()];
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const std::vector<int64_t>&in = input.shape(), &out = result->shape();
  const auto kernel = op.getKernelShape(), strides = op.getStrides(),
             pads = op.getPads();
  ParallelFor(
      options.threads, in[0] * in[1], 1, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; ++c) {
          const float* plane = input.data<float>() + c * in[2] * in[3];
          float* to = result->data<float>() + c * out[2] * out[3];
          for (int64_t y = 0; y < out[2]; ++y) {
            const Range rows = Clamp(y, strides[0], pads[0], kernel[0], in[2]);
            for (int64_t x = 0; x < out[3]; ++x) {
              const Range columns =
                  Clamp(x, strides[1], pads[1], kernel[1], in[3]);
              *to++ = reduce(plane, rows, columns);
            }
          }
        }
      });
  return result;
}

}  // namespace

TensorOr EvalMaxPool(top::MaxPoolOp op, const Values& values,
                     const RunOptions& options) {
  const int64_t width = top::ShapeOf(op.getInput()).back();
  return Pool(op, values, options,
              [width](const float* plane, Range rows, Range columns) {
                float most = -std::numeric_limits<float>::infinity();
                for (int64_t y = rows.begin; y < rows.end; ++y) {
                  for (int64_t x = columns.begin; x < columns.end; ++x) {
                    most = std::max(most, plane[y * width + x]);
                  }
                }
                return most;
              });
}

TensorOr EvalAvgPool(top::AvgPoolOp op, const Values& values,
                     const RunOptions& options) {
  const int64_t width = top::ShapeOf(op.getInput()).back();
  const bool include = op.getCountIncludePad();
  const int64_t whole = op.getKernelShape()[0] * op.getKernelShape()[1];
  return Pool(op, values, options,
              [=](const float* plane, Range rows, Range columns) {
                double sum = 0;
                for (int64_t y = rows.begin; y < rows.end; ++y) {
                  for (int64_t x = columns.begin; x < columns.end; ++x) {
                    sum += plane[y * width + x];
                  }
                }
                const int64_t inside =
                    (rows.end - rows.begin) * (columns.end - columns.begin);
                return static_cast<float>(
                    sum / static_cast<double>(include ? whole : inside));
              });
}

}  // namespace tpuc::interpreter
