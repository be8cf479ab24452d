// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/conv.h"

#include <utility>
#include <vector>

#include "compiler/interpreter/tpu/evaluators.h"
#include "compiler/interpreter/tpu/products.h"
#include "compiler/numerics/pool.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {

namespace {

// The whole accumulation as one instruction, or as one for each piece between
// `cuts`, chained by res_add into f32 and rounded at the end. `filter_step`:
// filter elements of one input channel.
absl::Status ConvolveInPieces(numerics::ConvSpec spec,
                              const numerics::ConvOperands& operands,
                              llvm::ArrayRef<int64_t> cuts, int64_t filter_step,
                              int threads) {
  if (cuts.empty()) return RunTiles(spec, operands, threads);
  std::vector<int64_t> ends(cuts.begin(), cuts.end());
  ends.push_back(spec.ic);
  const DType final_type = spec.result;
  const numerics::Shape4 shape{spec.n, spec.oc, spec.window.out_h,
                               spec.window.out_w};
  Tensor sum(DType::kF32, {shape.n, shape.c, shape.h, shape.w});
  spec.result = DType::kF32;
  numerics::ConvOperands piece = operands;
  piece.result = numerics::DensePlanes(sum.raw(), DType::kF32, shape);
  const int64_t filter_bytes =
      filter_step * static_cast<int64_t>(SizeOf(spec.filter));
  int64_t begin = 0;
  for (int64_t end : ends) {
    spec.ic = end - begin;
    piece.input.channel.assign(operands.input.channel.begin() + begin,
                               operands.input.channel.begin() + end);
    for (size_t oc = 0; oc < piece.filter.size(); ++oc) {
      piece.filter[oc] =
          static_cast<const char*>(operands.filter[oc]) + begin * filter_bytes;
    }
    if (absl::Status status = RunTiles(spec, piece, threads); !status.ok()) {
      return status;
    }
    spec.accumulate = true;
    piece.bias.clear();
    begin = end;
  }
  numerics::ElementwiseSpec cast;
  cast.op =
      final_type == DType::kF32 ? numerics::ArOp::kCopy : numerics::ArOp::kCast;
  cast.a = DType::kF32;
  cast.res = final_type;
  auto rounding = numerics::Elementwise::Create(cast);
  if (!rounding.ok()) return rounding.status();
  rounding->Run(shape, operands.result, numerics::ToConst(piece.result), {}, {},
                0, shape.c);
  return absl::OkStatus();
}

std::vector<float> BiasOf(const Tensor* bias) {
  if (bias == nullptr) return {};
  const float* data = bias->data<float>();
  return {data, data + bias->NumElements()};
}

absl::Status Depthwise(tpu::Conv2DOp op, const Values& values, Tensor& result,
                       int threads) {
  const Tensor& input = values[op.getInput()];
  const Tensor& filter = values[op.getFilter()];
  const Tensor* bias = values.Find(op.getBias());
  const numerics::Shape4 in = Shape4Of(input);
  numerics::PoolSpec spec;
  spec.op = numerics::PoolOp::kDepthwise;
  spec.input = spec.filter = spec.result = input.dtype();
  spec.n = in.n;
  spec.c = in.c;
  spec.window = WindowOf(op);
  numerics::PoolOperands operands;
  operands.input = numerics::DensePlanes(input.raw(), input.dtype(), in);
  operands.filter =
      Pieces(filter, in.c, spec.window.kernel_h * spec.window.kernel_w);
  if (bias != nullptr) operands.bias = Pieces(*bias, in.c, 1);
  operands.result =
      numerics::DensePlanes(result.raw(), result.dtype(), Shape4Of(result));
  return PoolChannels(spec, operands, threads);
}

// One group after the other.
absl::Status Convolve(tpu::Conv2DOp op, const Values& values, Tensor& result,
                      int threads) {
  const Tensor& input = values[op.getInput()];
  const Tensor& filter = values[op.getFilter()];
  const numerics::Shape4 in = Shape4Of(input);
  const auto groups = static_cast<int64_t>(op.getGroup());
  numerics::ConvSpec spec;
  spec.input = spec.filter = input.dtype();
  spec.result = result.dtype();
  spec.n = in.n;
  spec.ic = in.c / groups;
  spec.oc = filter.shape()[0] / groups;
  spec.window = WindowOf(op);
  const int64_t taps = spec.window.kernel_h * spec.window.kernel_w;
  numerics::ConvOperands all;
  all.input = numerics::DensePlanes(input.raw(), input.dtype(), in);
  all.filter = Pieces(filter, filter.shape()[0], spec.ic * taps);
  all.bias = BiasOf(values.Find(op.getBias()));
  all.result =
      numerics::DensePlanes(result.raw(), result.dtype(), Shape4Of(result));
  for (int64_t g = 0; g < groups; ++g) {
    numerics::ConvOperands operands = all;
    operands.input.channel = Part(all.input.channel, g * spec.ic, spec.ic);
    operands.filter = Part(all.filter, g * spec.oc, spec.oc);
    operands.bias = Part(all.bias, g * spec.oc, spec.oc);
    operands.result.channel =
        op.getInterleave() ? Part(all.result.channel, g, spec.oc, groups)
                           : Part(all.result.channel, g * spec.oc, spec.oc);
    const absl::Status status =
        ConvolveInPieces(spec, operands, op.getIcCuts(), taps, threads);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// A 1x1 CONV with K input channels, N output channels and M pixels.
absl::Status MultiplyByConstant(tpu::MatMulOp op, const Values& values,
                                Tensor& result, int threads) {
  const Tensor& input = values[op.getInput()];
  const Tensor& right = values[op.getRight()];
  const Tensor filter = SizeOf(right.dtype()) == 2 ? Transpose<uint16_t>(right)
                                                   : Transpose<float>(right);
  const int64_t m = input.shape()[0], k = input.shape()[1];
  const int64_t n = right.shape()[1];
  numerics::ConvSpec spec;
  spec.input = spec.filter = input.dtype();
  spec.result = result.dtype();
  spec.ic = k;
  spec.oc = n;
  spec.window.in_w = spec.window.out_w = m;
  numerics::ConvOperands operands;
  operands.input.channel = Pieces(input, k, 1);
  operands.input.w_stride = k;
  operands.filter = Pieces(filter, n, k);
  operands.bias = BiasOf(values.Find(op.getBias()));
  for (const void* piece : Pieces(result, n, 1)) {
    operands.result.channel.push_back(const_cast<void*>(piece));
  }
  operands.result.w_stride = n;
  return ConvolveInPieces(spec, operands, op.getIcCuts(), 1, threads);
}

}  // namespace

absl::Status RunTiles(const numerics::ConvSpec& spec,
                      const numerics::ConvOperands& operands, int threads) {
  auto convolution = numerics::Convolution::Prepare(
      spec, operands,
      [threads](int64_t count, int64_t grain,
                const std::function<void(int64_t, int64_t)>& body) {
        ParallelFor(threads, count, grain, body);
      });
  if (!convolution.ok()) return convolution.status();
  ParallelFor(
      threads, (*convolution)->NumTiles(), 1,
      [&](int64_t begin, int64_t end) { (*convolution)->Run(begin, end); });
  return absl::OkStatus();
}

absl::Status PoolChannels(const numerics::PoolSpec& spec,
                          const numerics::PoolOperands& operands, int threads) {
  std::vector<absl::Status> failures;
  const int64_t parts =
      std::max<int64_t>(1, std::min<int64_t>(threads, spec.c));
  failures.resize(static_cast<size_t>(parts));
  ParallelFor(threads, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      failures[static_cast<size_t>(i)] = numerics::Pool(
          spec, operands, spec.c * i / parts, spec.c * (i + 1) / parts);
    }
  });
  for (const absl::Status& status : failures) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

TensorOr EvalConv2D(tpu::Conv2DOp op, const Values& values,
                    const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const absl::Status status =
      op.getForm() == tpu::ConvForm::depthwise
          ? Depthwise(op, values, *result, options.threads)
          : Convolve(op, values, *result, options.threads);
  if (!status.ok()) return status;
  if (op.getDoRelu()) {
    if (absl::Status relu = ApplyRelu(
            *result, op.getReluLimit().convertToDouble(), options.threads);
        !relu.ok()) {
      return relu;
    }
  }
  return result;
}

TensorOr EvalMatMul(tpu::MatMulOp op, const Values& values,
                    const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const absl::Status status =
      op.getForm() == tpu::MatMulForm::conv
          ? MultiplyByConstant(op, values, *result, options.threads)
          : MultiplyBatches(op, values, *result, options.threads);
  if (!status.ok()) return status;
  if (op.getDoRelu()) {
    if (absl::Status relu = ApplyRelu(
            *result, op.getReluLimit().convertToDouble(), options.threads);
        !relu.ok()) {
      return relu;
    }
  }
  return result;
}

}  // namespace tpuc::interpreter
