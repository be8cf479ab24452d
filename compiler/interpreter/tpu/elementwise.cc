// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/elementwise.h"

#include <vector>

#include "compiler/interpreter/tpu/broadcast.h"
#include "compiler/interpreter/tpu/evaluators.h"
#include "compiler/numerics/exp_recipe.h"
#include "compiler/numerics/special.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {

using numerics::ArOp;
using numerics::Elementwise;
using numerics::ElementwiseSpec;
using numerics::RowOperand;

namespace {

ArOp ArOpOf(tpu::BinaryKind kind) {
  switch (kind) {
    case tpu::BinaryKind::add:
      return ArOp::kAdd;
    case tpu::BinaryKind::sub:
      return ArOp::kSub;
    case tpu::BinaryKind::mul:
      return ArOp::kMul;
    case tpu::BinaryKind::max:
      return ArOp::kMax;
    case tpu::BinaryKind::min:
      return ArOp::kMin;
    case tpu::BinaryKind::div:
      return ArOp::kDiv;
  }
  return ArOp::kAdd;
}

absl::StatusOr<Elementwise> SameType(ArOp op, DType dtype) {
  ElementwiseSpec spec;
  spec.op = op;
  spec.res = spec.a = spec.b = dtype;
  return Elementwise::Create(spec);
}

void RunBroadcast(const Elementwise& elementwise, const Tensor& lhs,
                  const Tensor& rhs, Tensor& res, int threads) {
  const int64_t size = static_cast<int64_t>(SizeOf(res.dtype()));
  const auto at = [size](const Tensor& tensor, int64_t element) {
    return static_cast<const char*>(tensor.raw()) + element * size;
  };
  ForEachBroadcastRow(res.shape(), lhs.shape(), rhs.shape(), threads,
                      [&](const BroadcastRow& row) {
                        elementwise.Row(
                            row.count,
                            static_cast<char*>(res.raw()) + row.result * size,
                            1, {at(lhs, row.lhs), row.lhs_stride},
                            {at(rhs, row.rhs), row.rhs_stride}, {});
                      });
}

}  // namespace

std::vector<BroadcastLoop> BroadcastLoops(const std::vector<int64_t>& shape,
                                          const std::vector<int64_t>& lhs,
                                          const std::vector<int64_t>& rhs) {
  std::vector<BroadcastLoop> loops;  // innermost first
  int64_t lhs_stride = 1, rhs_stride = 1;
  auto extent = [&](const std::vector<int64_t>& own, size_t from_end) {
    return from_end < own.size() ? own[own.size() - 1 - from_end] : 1;
  };
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t size = extent(shape, i);
    const int64_t l = extent(lhs, i), r = extent(rhs, i);
    if (size == 1) continue;
    const BroadcastLoop loop{size, l == 1 ? 0 : lhs_stride,
                             r == 1 ? 0 : rhs_stride};
    lhs_stride *= l;
    rhs_stride *= r;
    if (!loops.empty()) {
      BroadcastLoop& last = loops.back();
      if (loop.lhs == last.lhs * last.size &&
          loop.rhs == last.rhs * last.size) {
        last.size *= size;
        continue;
      }
    }
    loops.push_back(loop);
  }
  if (loops.empty()) loops.push_back({1, 0, 0});
  return loops;
}

uint32_t ConstantBits(DType type, double value) {
  uint32_t bits = 0;
  numerics::StoreFloat(type, &bits, 0, static_cast<float>(value));
  return bits;
}

absl::Status ApplyConstant(ArOp op, const Tensor& x, double constant,
                           bool is_reversed, Tensor& res, int threads) {
  const absl::StatusOr<Elementwise> elementwise = SameType(op, x.dtype());
  if (!elementwise.ok()) return elementwise.status();
  const uint32_t bits = ConstantBits(x.dtype(), constant);
  const int64_t size = static_cast<int64_t>(SizeOf(x.dtype()));
  ParallelFor(threads, x.NumElements(), kGrain,
              [&](int64_t begin, int64_t end) {
                const RowOperand tensor{
                    static_cast<const char*>(x.raw()) + begin * size, 1};
                const RowOperand immediate{&bits, 0};
                elementwise->Row(end - begin,
                                 static_cast<char*>(res.raw()) + begin * size,
                                 1, is_reversed ? immediate : tensor,
                                 is_reversed ? tensor : immediate, {});
              });
  return absl::OkStatus();
}

absl::Status ApplyRelu(Tensor& tensor, double limit, int threads) {
  absl::Status status =
      ApplyConstant(ArOp::kMax, tensor, 0.0, false, tensor, threads);
  if (!status.ok() || limit < 0) return status;
  return ApplyConstant(ArOp::kMin, tensor, limit, false, tensor, threads);
}

TensorOr EvalCast(tpu::CastOp op, const Values& values,
                  const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const Tensor& x = values[op.getInput()];
  ElementwiseSpec spec;
  spec.op = ArOp::kCast;
  spec.a = x.dtype();
  spec.res = result->dtype();
  const absl::StatusOr<Elementwise> cast = Elementwise::Create(spec);
  if (!cast.ok()) return cast.status();
  ParallelFor(
      options.threads, x.NumElements(), kGrain,
      [&](int64_t begin, int64_t end) {
        cast->Row(
            end - begin,
            static_cast<char*>(result->raw()) + begin * SizeOf(result->dtype()),
            1,
            {static_cast<const char*>(x.raw()) + begin * SizeOf(x.dtype()), 1},
            {}, {});
      });
  return result;
}

TensorOr EvalAbs(tpu::AbsOp op, const Values& values,
                 const RunOptions& options) {
  const Tensor& x = values[op.getInput()];
  Tensor result(x.dtype(), x.shape());
  ElementwiseSpec spec;
  spec.op = ArOp::kAbs;
  spec.a = spec.res = x.dtype();
  const absl::StatusOr<Elementwise> abs = Elementwise::Create(spec);
  if (!abs.ok()) return abs.status();
  abs->Row(x.NumElements(), result.raw(), 1, {x.raw(), 1}, {}, {});
  return result;
}

TensorOr EvalRsqrt(tpu::RsqrtOp op, const Values& values,
                   const RunOptions& options) {
  constexpr int kIterations = 2;  // as the instruction's field has them
  const Tensor& x = values[op.getInput()];
  Tensor result(x.dtype(), x.shape());
  ParallelFor(options.threads, x.NumElements(), kGrain,
              [&](int64_t begin, int64_t end) {
                numerics::RsqrtRow(kIterations, end - begin,
                                   x.data<float>() + begin, 1,
                                   result.data<float>() + begin, 1);
              });
  return result;
}

TensorOr EvalBinary(tpu::BinaryOp op, const Values& values,
                    const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const absl::StatusOr<Elementwise> elementwise =
      SameType(ArOpOf(op.getKind()), result->dtype());
  if (!elementwise.ok()) return elementwise.status();
  RunBroadcast(*elementwise, values[op.getLhs()], values[op.getRhs()], *result,
               options.threads);
  if (op.getDoRelu()) {
    if (absl::Status relu = ApplyRelu(
            *result, op.getReluLimit().convertToDouble(), options.threads);
        !relu.ok()) {
      return relu;
    }
  }
  return result;
}

TensorOr EvalBinaryConst(tpu::BinaryConstOp op, const Values& values,
                         const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  if (absl::Status status =
          ApplyConstant(ArOpOf(op.getKind()), values[op.getInput()],
                        op.getConstVal().convertToDouble(), op.getIsReversed(),
                        *result, options.threads);
      !status.ok()) {
    return status;
  }
  return result;
}

TensorOr EvalClip(tpu::ClipOp op, const Values& values,
                  const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  absl::Status status = ApplyConstant(ArOp::kMax, values[op.getInput()],
                                      op.getMin().convertToDouble(), false,
                                      *result, options.threads);
  if (status.ok()) {
    status = ApplyConstant(ArOp::kMin, *result, op.getMax().convertToDouble(),
                           false, *result, options.threads);
  }
  if (!status.ok()) return status;
  return result;
}

}  // namespace tpuc::interpreter
