// SPDX-License-Identifier: Apache-2.0
// Convolutions, matrix products and averages of 8 bits: sums in int32,
// requantised.
#include <algorithm>
#include <vector>

#include "compiler/interpreter/tpu/evaluators.h"
#include "compiler/interpreter/tpu/products.h"
#include "compiler/numerics/integer.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {

namespace {

// Results that are worth another thread.
constexpr int64_t kParallelResults = 16384;

int32_t ZeroPointOf(mlir::Value value) {
  return static_cast<int32_t>(tpu::QuantizationOf(value).getZeroPoint());
}

uint32_t PadBits(mlir::Value input) {
  return static_cast<uint8_t>(ZeroPointOf(input));
}

// i32 sums [N, C, H, W] that start from a channel's bias.
Tensor SumsFrom(const Tensor& bias, const numerics::Shape4& shape) {
  Tensor sums(DType::kI32, {shape.n, shape.c, shape.h, shape.w});
  const int64_t plane = shape.h * shape.w;
  for (int64_t i = 0; i < shape.n * shape.c; ++i)
    std::fill_n(sums.data<int32_t>() + i * plane, plane,
                bias.data<int32_t>()[i % shape.c]);
  return sums;
}

numerics::IntegerRequant RequantOf(const Tensor& table, int64_t channel) {
  const int32_t* row = table.data<int32_t>() + 3 * channel;
  return {row[0], row[1], row[2], numerics::Rounding::kHalfUp};
}

// The sums [N, C, H, W], channel by channel, into a dense result.
void RequantChannels(const Tensor& sums, const Tensor& table, Tensor& result,
                     int threads) {
  const numerics::Shape4 shape = Shape4Of(sums);
  const int64_t plane = shape.h * shape.w;
  ParallelFor(threads, shape.n * shape.c, kParallelResults / plane + 1,
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i)
                  numerics::Requant1Row(
                      RequantOf(table, i % shape.c), DType::kI32,
                      result.dtype(), plane, sums.data<int32_t>() + i * plane,
                      1, static_cast<char*>(result.raw()) + i * plane, 1);
              });
}

absl::Status Convolve(tpu::QuantizedConv2DOp op, const Values& values,
                      Tensor& sums, int threads) {
  const Tensor& input = values[op.getInput()];
  const Tensor& filter = values[op.getFilter()];
  const auto groups = static_cast<int64_t>(op.getGroup());
  const numerics::Shape4 in = Shape4Of(input);
  numerics::ConvSpec spec;
  spec.input = input.dtype();
  spec.filter = filter.dtype();
  spec.result = DType::kI32;
  spec.n = in.n;
  spec.ic = in.c / groups;
  spec.oc = filter.shape()[0] / groups;
  spec.window = WindowOf(op);
  spec.accumulate = true;
  numerics::ConvOperands all;
  all.input = numerics::DensePlanes(input.raw(), input.dtype(), in);
  all.filter = Pieces(filter, filter.shape()[0],
                      spec.ic * spec.window.kernel_h * spec.window.kernel_w);
  all.pad_bits = {PadBits(op.getInput())};
  all.result = numerics::DensePlanes(sums.raw(), DType::kI32, Shape4Of(sums));
  for (int64_t g = 0; g < groups; ++g) {
    numerics::ConvOperands operands = all;
    operands.input.channel = Part(all.input.channel, g * spec.ic, spec.ic);
    operands.filter = Part(all.filter, g * spec.oc, spec.oc);
    operands.result.channel = Part(all.result.channel, g * spec.oc, spec.oc);
    if (absl::Status status = RunTiles(spec, operands, threads); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

// Sums of PorD, whose windows and channels `spec` and the operands tell.
absl::Status SumWindows(numerics::PoolSpec spec,
                        numerics::PoolOperands operands, mlir::Value input,
                        const Values& values, Tensor& sums, int threads) {
  const Tensor& tensor = values[input];
  const numerics::Shape4 in = Shape4Of(tensor);
  spec.op = numerics::PoolOp::kDepthwise;
  spec.input = tensor.dtype();
  spec.filter = DType::kI8;
  spec.result = DType::kI32;
  spec.n = in.n;
  spec.c = in.c;
  operands.input = numerics::DensePlanes(tensor.raw(), tensor.dtype(), in);
  operands.pad_bits = {PadBits(input)};
  operands.result =
      numerics::DensePlanes(sums.raw(), DType::kI32, Shape4Of(sums));
  return PoolChannels(spec, operands, threads);
}

absl::Status Depthwise(tpu::QuantizedConv2DOp op, const Values& values,
                       Tensor& sums, int threads) {
  const int64_t channels = sums.shape()[1];
  numerics::PoolSpec spec;
  spec.window = WindowOf(op);
  numerics::PoolOperands operands;
  operands.filter = Pieces(values[op.getFilter()], channels,
                           spec.window.kernel_h * spec.window.kernel_w);
  operands.bias = Pieces(values[op.getBias()], channels, 1);
  return SumWindows(spec, operands, op.getInput(), values, sums, threads);
}

}  // namespace

TensorOr EvalQuantizedConv2D(tpu::QuantizedConv2DOp op, const Values& values,
                             const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const bool is_depthwise = op.getForm() == tpu::ConvForm::depthwise;
  const numerics::Shape4 shape = Shape4Of(*result);
  Tensor sums = is_depthwise ? Tensor(DType::kI32, result->shape())
                             : SumsFrom(values[op.getBias()], shape);
  const absl::Status status = is_depthwise
                                  ? Depthwise(op, values, sums, options.threads)
                                  : Convolve(op, values, sums, options.threads);
  if (!status.ok()) return status;
  RequantChannels(sums, values[op.getRequant()], *result, options.threads);
  return result;
}

// A 1x1 CONV with K input channels, N output channels and M pixels.
TensorOr EvalQuantizedMatMul(tpu::QuantizedMatMulOp op, const Values& values,
                             const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const Tensor& input = values[op.getInput()];
  const Tensor filter = Transpose<int8_t>(values[op.getRight()]);
  const Tensor& table = values[op.getRequant()];
  const int64_t m = input.shape()[0], k = input.shape()[1];
  const int64_t n = result->shape()[1];
  Tensor sums = SumsFrom(values[op.getBias()], {1, n, 1, m});
  numerics::ConvSpec spec;
  spec.input = input.dtype();
  spec.filter = DType::kI8;
  spec.result = DType::kI32;
  spec.ic = k;
  spec.oc = n;
  spec.window.in_w = spec.window.out_w = m;
  spec.accumulate = true;
  numerics::ConvOperands operands;
  operands.input.channel = Pieces(input, k, 1);
  operands.input.w_stride = k;
  operands.filter = Pieces(filter, n, k);
  operands.result =
      numerics::DensePlanes(sums.raw(), DType::kI32, {1, n, 1, m});
  if (absl::Status status = RunTiles(spec, operands, options.threads);
      !status.ok())
    return status;
  ParallelFor(options.threads, n, kParallelResults / m + 1,
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i)
                  numerics::Requant1Row(
                      RequantOf(table, i), DType::kI32, result->dtype(), m,
                      sums.data<int32_t>() + i * m, 1,
                      static_cast<char*>(result->raw()) + i, n);
              });
  return result;
}

TensorOr EvalQuantizedAvgPool2D(tpu::QuantizedAvgPool2DOp op,
                                const Values& values,
                                const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  Tensor sums(DType::kI32, result->shape());
  numerics::PoolSpec spec;
  spec.window = PoolWindow(op);
  const int8_t one = 1;
  const auto bias =
      static_cast<int32_t>(-spec.window.kernel_h * spec.window.kernel_w *
                           ZeroPointOf(op.getInput()));
  const auto channels = static_cast<size_t>(sums.shape()[1]);
  numerics::PoolOperands operands;
  operands.filter.assign(channels, &one);
  operands.filter_is_splat = true;
  operands.bias.assign(channels, &bias);
  if (absl::Status status = SumWindows(spec, operands, op.getInput(), values,
                                       sums, options.threads);
      !status.ok())
    return status;
  const numerics::IntegerRequant requant = {
      static_cast<int32_t>(op.getMultiplier()),
      static_cast<int32_t>(op.getShift()), ZeroPointOf(op.getOutput()),
      numerics::Rounding::kHalfUp};
  ParallelFor(options.threads, sums.NumElements(), kParallelResults,
              [&](int64_t begin, int64_t end) {
                numerics::Requant1Row(
                    requant, DType::kI32, result->dtype(), end - begin,
                    sums.data<int32_t>() + begin, 1,
                    static_cast<char*>(result->raw()) + begin, 1);
              });
  return result;
}

}  // namespace tpuc::interpreter
