// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "compiler/interpreter/tpu/broadcast.h"
#include "compiler/interpreter/tpu/evaluators.h"
#include "compiler/numerics/elementwise.h"
#include "compiler/numerics/integer.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {

using numerics::ArOp;
using numerics::Elementwise;
using numerics::ElementwiseSpec;
using numerics::IntegerRequant;
using numerics::Rounding;

namespace {

// Elements that pass through all steps of an operation together.
constexpr int64_t kChunk = 1024;

template <typename T>
using Chunk = std::array<T, kChunk>;

absl::StatusOr<Elementwise> Make(ArOp op, DType res, DType a, DType b,
                                 Rounding rounding = Rounding::kHalfToEven) {
  ElementwiseSpec spec;
  spec.op = op;
  spec.res = res;
  spec.a = a;
  spec.b = b;
  spec.rounding = rounding;
  return Elementwise::Create(spec);
}

const char* At(const Tensor& tensor, int64_t element) {
  return static_cast<const char*>(tensor.raw()) +
         element * static_cast<int64_t>(SizeOf(tensor.dtype()));
}
char* At(Tensor& tensor, int64_t element) {
  return static_cast<char*>(tensor.raw()) +
         element * static_cast<int64_t>(SizeOf(tensor.dtype()));
}

// Calls body(first, count) for chunks that cover `total` elements.
template <typename Body>
void ForEachChunk(int threads, int64_t total, const Body& body) {
  ParallelFor(threads, total, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += kChunk)
      body(i, std::min(kChunk, end - i));
  });
}

int32_t ZeroPointOf(mlir::Value value) {
  const auto type = tpu::QuantizationOf(value);
  return type ? static_cast<int32_t>(type.getZeroPoint()) : 0;
}

// A constant for all elements of a row.
numerics::RowOperand Immediate(const void* value) { return {value, 0}; }

// (x - zero) * multiplier
IntegerRequant Centered(int32_t zero, int64_t multiplier) {
  return {static_cast<int32_t>(multiplier), 0, zero, Rounding::kHalfUp};
}

// requant(x, multiplier, shift, Z) to the type of `output`
IntegerRequant Requantized(int64_t multiplier, int64_t shift,
                           mlir::Value output) {
  return {static_cast<int32_t>(multiplier), static_cast<int32_t>(shift),
          ZeroPointOf(output), Rounding::kHalfUp};
}

}  // namespace

TensorOr EvalQuantize(tpu::QuantizeOp op, const Values& values,
                      const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const Tensor& x = values[op.getInput()];
  const auto type = tpu::QuantizationOf(op.getOutput());
  const float scale = static_cast<float>(1.0 / type.getScale());
  const int32_t zero = static_cast<int32_t>(type.getZeroPoint());
  const bool is_wide = x.dtype() == DType::kF32;
  const auto widen = Make(ArOp::kCast, DType::kF32, x.dtype(), x.dtype());
  const auto multiply = Make(ArOp::kMul, DType::kF32, DType::kF32, DType::kF32);
  const auto round = Make(ArOp::kCast, DType::kI32, DType::kF32, DType::kF32,
                          Rounding::kHalfAwayFromZero);
  const auto add =
      Make(ArOp::kAddSaturate, result->dtype(), DType::kI32, DType::kI32);
  for (const auto* step : {&widen, &multiply, &round, &add})
    if (!step->ok()) return step->status();
  ForEachChunk(
      options.threads, x.NumElements(), [&](int64_t first, int64_t count) {
        Chunk<float> wide;
        Chunk<int32_t> rounded;
        const void* from = At(x, first);
        if (!is_wide) {
          widen->Row(count, wide.data(), 1, {from, 1}, {}, {});
          from = wide.data();
        }
        multiply->Row(count, wide.data(), 1, {from, 1}, Immediate(&scale), {});
        round->Row(count, rounded.data(), 1, {wide.data(), 1}, {}, {});
        add->Row(count, At(*result, first), 1, {rounded.data(), 1},
                 Immediate(&zero), {});
      });
  return result;
}

TensorOr EvalDequantize(tpu::DequantizeOp op, const Values& values,
                        const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const Tensor& x = values[op.getInput()];
  const auto scale =
      static_cast<float>(tpu::QuantizationOf(op.getInput()).getScale());
  const int32_t zero = ZeroPointOf(op.getInput());
  const bool is_wide = result->dtype() == DType::kF32;
  const auto narrow =
      Make(ArOp::kCast, result->dtype(), DType::kF32, DType::kF32);
  if (!narrow.ok()) return narrow.status();
  ForEachChunk(options.threads, x.NumElements(),
               [&](int64_t first, int64_t count) {
                 Chunk<float> wide;
                 char* const to = At(*result, first);
                 float* const number =
                     is_wide ? reinterpret_cast<float*>(to) : wide.data();
                 numerics::Dequant0Row(zero, scale, x.dtype(), count,
                                       At(x, first), 1, number, 1);
                 if (!is_wide) narrow->Row(count, to, 1, {number, 1}, {}, {});
               });
  return result;
}

TensorOr EvalRequant(tpu::RequantOp op, const Values& values,
                     const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const Tensor& x = values[op.getInput()];
  const IntegerRequant center = Centered(ZeroPointOf(op.getInput()), 1);
  const IntegerRequant requant =
      Requantized(op.getMultiplier(), op.getShift(), op.getOutput());
  ForEachChunk(
      options.threads, x.NumElements(), [&](int64_t first, int64_t count) {
        Chunk<int16_t> centered;
        numerics::Dequant1Row(center, x.dtype(), DType::kI16, count,
                              At(x, first), 1, centered.data(), 1);
        numerics::Requant1Row(requant, DType::kI16, result->dtype(), count,
                              centered.data(), 1, At(*result, first), 1);
      });
  return result;
}

TensorOr EvalLut(tpu::LutOp op, const Values& values,
                 const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const auto* x = static_cast<const uint8_t*>(values[op.getInput()].raw());
  const auto* table = static_cast<const uint8_t*>(values[op.getTable()].raw());
  auto* y = static_cast<uint8_t*>(result->raw());
  const Tensor& tables = values[op.getTable()];
  const int64_t count = result->NumElements();
  const int64_t channels = tables.rank() == 2 ? tables.shape()[0] : 1;
  // All that lies together and has one table.
  const int64_t row =
      tables.rank() == 2 ? result->shape()[2] * result->shape()[3] : count;
  ParallelFor(options.threads, count, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end;) {
      const uint8_t* one = table + i / row % channels * 256;
      for (const int64_t to = std::min(end, (i / row + 1) * row); i < to; ++i)
        y[i] = one[x[i]];
    }
  });
  return result;
}

// Both operands are scaled to int32 and added, or centred in int16 and
// multiplied.
TensorOr EvalQuantizedBinary(tpu::QuantizedBinaryOp op, const Values& values,
                             const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const Tensor& lhs = values[op.getLhs()];
  const Tensor& rhs = values[op.getRhs()];
  const bool adds = op.getKind() == tpu::QuantizedBinaryKind::add;
  const llvm::ArrayRef<int64_t> multipliers = op.getMultipliers();
  const DType middle = adds ? DType::kI32 : DType::kI16;
  const auto combine =
      Make(adds ? ArOp::kAdd : ArOp::kMul, DType::kI32, middle, middle);
  if (!combine.ok()) return combine.status();
  const IntegerRequant left =
      Centered(ZeroPointOf(op.getLhs()), adds ? multipliers[0] : 1);
  const IntegerRequant right =
      Centered(ZeroPointOf(op.getRhs()), adds ? multipliers[1] : 1);
  const IntegerRequant requant =
      Requantized(adds ? 1 : multipliers[0], op.getShift(), op.getOutput());
  ForEachBroadcastRow(
      result->shape(), lhs.shape(), rhs.shape(), options.threads,
      [&](const BroadcastRow& row) {
        Chunk<int32_t> a, b, sum;
        for (int64_t i = 0; i < row.count; i += kChunk) {
          const int64_t count = std::min(kChunk, row.count - i);
          numerics::Dequant1Row(left, lhs.dtype(), middle, count,
                                At(lhs, row.lhs + i * row.lhs_stride),
                                row.lhs_stride, a.data(), 1);
          numerics::Dequant1Row(right, rhs.dtype(), middle, count,
                                At(rhs, row.rhs + i * row.rhs_stride),
                                row.rhs_stride, b.data(), 1);
          combine->Row(count, sum.data(), 1, {a.data(), 1}, {b.data(), 1}, {});
          numerics::Requant1Row(requant, DType::kI32, result->dtype(), count,
                                sum.data(), 1, At(*result, row.result + i), 1);
        }
      });
  return result;
}

}  // namespace tpuc::interpreter
