// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/pool.h"

#include <algorithm>

#include "compiler/interpreter/tpu/evaluators.h"
#include "compiler/interpreter/tpu/products.h"

namespace tpuc::interpreter {

namespace {

// What pads of a maximum hold.
uint32_t Lowest(DType type) {
  switch (type) {
    case DType::kF16:
      return 0xFBFF;
    case DType::kBF16:
      return 0xFF7F;
    case DType::kF32:
      return 0xFF7FFFFF;
    default:
      return static_cast<uint32_t>(numerics::MinOf(type));
  }
}

numerics::PoolSpec SpecOf(DType dtype, bool is_max, double scale) {
  numerics::PoolSpec spec;
  spec.op = is_max ? numerics::PoolOp::kMax : numerics::PoolOp::kAverage;
  spec.input = spec.filter = spec.result = dtype;
  if (!is_max) spec.scale_bits = ConstantBits(dtype, scale);
  return spec;
}

}  // namespace

TensorOr EvalPool2D(tpu::Pool2DOp op, const Values& values,
                    const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const Tensor& input = values[op.getInput()];
  const std::vector<int64_t>& in = input.shape();
  const std::vector<int64_t>& out = result->shape();
  const bool is_max = op.getKind() == tpu::PoolKind::max;
  numerics::PoolSpec spec =
      SpecOf(input.dtype(), is_max, op.getScale().convertToDouble());
  spec.n = in[0];
  spec.c = in[1];
  spec.window = PoolWindow(op);
  numerics::PoolOperands operands;
  operands.input = numerics::DensePlanes(input.raw(), input.dtype(),
                                         {in[0], in[1], in[2], in[3]});
  operands.result = numerics::DensePlanes(result->raw(), result->dtype(),
                                          {out[0], out[1], out[2], out[3]});
  if (is_max) operands.pad_bits = {Lowest(input.dtype())};
  if (absl::Status status = PoolChannels(spec, operands, options.threads);
      !status.ok()) {
    return status;
  }
  return result;
}

// One PorD with a window of (chunk, 1) for each chunk.
TensorOr EvalReduce(tpu::ReduceOp op, const Values& values,
                    const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const Tensor& input = values[op.getInput()];
  const int64_t outer = input.shape()[0], length = input.shape()[1];
  const int64_t inner = input.shape()[2], parts = result->shape()[1];
  const int64_t chunk = static_cast<int64_t>(op.getChunk());
  const int64_t size = static_cast<int64_t>(SizeOf(input.dtype()));
  numerics::PoolSpec spec =
      SpecOf(input.dtype(), op.getKind() == tpu::ReduceKind::max,
             op.getScale().convertToDouble());
  spec.c = outer;
  spec.window.in_w = spec.window.out_w = inner;
  const char* from = static_cast<const char*>(input.raw());
  char* to = static_cast<char*>(result->raw());
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t begin = part * chunk;
    const int64_t rows = std::min(length - begin, chunk);
    spec.window.in_h = spec.window.kernel_h = rows;
    numerics::PoolOperands operands;
    operands.input.h_stride = operands.result.h_stride = inner;
    operands.input.w_stride = operands.result.w_stride = 1;
    for (int64_t o = 0; o < outer; ++o) {
      operands.input.channel.push_back(from +
                                       (o * length + begin) * inner * size);
      operands.result.channel.push_back(to + (o * parts + part) * inner * size);
    }
    if (absl::Status status = PoolChannels(spec, operands, options.threads);
        !status.ok()) {
      return status;
    }
  }
  return result;
}

}  // namespace tpuc::interpreter
