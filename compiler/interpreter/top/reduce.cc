// SPDX-License-Identifier: Apache-2.0
// Reductions and normalizations. Sums are taken in f64 and rounded once.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

// Offsets of all elements of a box of `shape`, whose neighbours along each
// dimension lie `strides` apart, in row-major order.
std::vector<int64_t> Offsets(const std::vector<int64_t>& shape,
                             const std::vector<int64_t>& strides) {
  std::vector<int64_t> offsets = {0};
  for (size_t d = 0; d < shape.size(); ++d) {
    std::vector<int64_t> finer;
    finer.reserve(offsets.size() * shape[d]);
    for (int64_t offset : offsets) {
      for (int64_t i = 0; i < shape[d]; ++i)
        finer.push_back(offset + i * strides[d]);
    }
    offsets = std::move(finer);
  }
  return offsets;
}

enum class Mode : uint8_t { kMean, kSum, kMax, kMin, kL2 };

Mode ModeOf(llvm::StringRef name) {
  if (name == "mean") return Mode::kMean;
  if (name == "sum") return Mode::kSum;
  if (name == "max") return Mode::kMax;
  return name == "min" ? Mode::kMin : Mode::kL2;
}

float ReduceOne(Mode mode, const float* x, const std::vector<int64_t>& terms) {
  double result = 0;
  if (mode == Mode::kMax || mode == Mode::kMin) {
    result = x[terms[0]];
    for (int64_t at : terms) {
      const double value = x[at];
      result = mode == Mode::kMax ? std::max(result, value)
                                  : std::min(result, value);
    }
    return static_cast<float>(result);
  }
  for (int64_t at : terms) {
    const double value = x[at];
    result += mode == Mode::kL2 ? value * value : value;
  }
  if (mode == Mode::kMean) result /= static_cast<double>(terms.size());
  if (mode == Mode::kL2) result = std::sqrt(result);
  return static_cast<float>(result);
}

// (x - mean) / sqrt(variance + epsilon) of one row.
void Normalize(const float* x, float* y, int64_t length, double epsilon) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < length; ++i) sum += x[i];
  const double mean = sum / static_cast<double>(length);
  for (int64_t i = 0; i < length; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const double factor =
      1 / std::sqrt(squares / static_cast<double>(length) + epsilon);
  for (int64_t i = 0; i < length; ++i)
    y[i] = static_cast<float>((x[i] - mean) * factor);
}

}  // namespace

TensorOr EvalReduce(top::ReduceOp op, const Values& values,
                    const RunOptions& options) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& input = values[op.getInput()];
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  std::vector<int64_t> kept, kept_strides, reduced, reduced_strides;
  int64_t stride = input.NumElements();
  for (int64_t d = 0; d < input.rank(); ++d) {
    const int64_t size = input.shape()[d];
    stride /= std::max<int64_t>(size, 1);
    const bool is_reduced = llvm::is_contained(op.getAxes(), d);
    (is_reduced ? reduced : kept).push_back(size);
    (is_reduced ? reduced_strides : kept_strides).push_back(stride);
  }
  const std::vector<int64_t> terms = Offsets(reduced, reduced_strides);
  const std::vector<int64_t> starts = Offsets(kept, kept_strides);
  if (terms.empty())
    return absl::InvalidArgumentError("nothing to reduce: an extent is 0");
  const Mode mode = ModeOf(op.getMode());
  ParallelFor(options.threads, result->NumElements(), 64,
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) {
                  result->data<float>()[i] =
                      ReduceOne(mode, input.data<float>() + starts[i], terms);
                }
              });
  return result;
}

TensorOr EvalLayerNorm(top::LayerNormOp op, const Values& values,
                       const RunOptions& options) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& input = values[op.getInput()];
  Tensor result(DType::kF32, input.shape());
  int64_t length = 1;
  for (int64_t d = op.getAxis(); d < input.rank(); ++d)
    length *= input.shape()[d];
  const auto affine = op.getAffine();
  const float* scale =
      affine.empty() ? nullptr : values[affine[0]].data<float>();
  const float* bias =
      affine.size() < 2 ? nullptr : values[affine[1]].data<float>();
  const double epsilon = op.getEpsilon().convertToDouble();
  ParallelFor(
      options.threads, input.NumElements() / std::max<int64_t>(length, 1), 8,
      [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          float* y = result.data<float>() + row * length;
          Normalize(input.data<float>() + row * length, y, length, epsilon);
          for (int64_t i = 0; i < length; ++i) {
            if (scale != nullptr) y[i] *= scale[i];
            if (bias != nullptr) y[i] += bias[i];
          }
        }
      });
  return result;
}

TensorOr EvalLRN(top::LRNOp op, const Values& values,
                 const RunOptions& options) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& input = values[op.getInput()];
  Tensor result(DType::kF32, input.shape());
  const int64_t n = input.shape()[0], channels = input.shape()[1];
  const int64_t plane =
      input.NumElements() / std::max<int64_t>(n * channels, 1);
  const int64_t size = op.getSize();
  const double alpha = op.getAlpha().convertToDouble() / size;
  const double beta = op.getBeta().convertToDouble();
  const double bias = op.getBias().convertToDouble();
  ParallelFor(
      options.threads, n * channels, 1, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const int64_t c = row % channels;
          const int64_t first = std::max<int64_t>(c - (size - 1) / 2, 0) - c;
          const int64_t last = std::min(c + size / 2, channels - 1) - c;
          const float* x = input.data<float>() + row * plane;
          for (int64_t i = 0; i < plane; ++i) {
            double sum = 0;
            for (int64_t k = first; k <= last; ++k)
              sum += static_cast<double>(x[k * plane + i]) * x[k * plane + i];
            result.data<float>()[row * plane + i] =
                static_cast<float>(x[i] / std::pow(bias + alpha * sum, beta));
          }
        }
      });
  return result;
}

}  // namespace tpuc::interpreter
