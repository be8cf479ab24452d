// SPDX-License-Identifier: Apache-2.0
// Functions of one element, and sums and products of two tensors, in 8 bits.
#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <vector>

#include "compiler/conversion/top_to_tpu/lowering.h"
#include "compiler/interpreter/top/interpreter.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// The numbers that the 256 bytes stand for, by the byte without its sign.
std::vector<float> Numbers(QuantizedType type) {
  std::vector<float> numbers(256);
  for (int byte = 0; byte < 256; ++byte) {
    const int q = type.isSigned() ? static_cast<int8_t>(byte) : byte;
    numbers[byte] = static_cast<float>(
        static_cast<double>(q - type.getZeroPoint()) * type.getScale());
  }
  return numbers;
}

template <typename... Ops>
struct OpList {
  static bool Has(mlir::Operation* op) { return mlir::isa<Ops...>(op); }
  template <typename F>
  static void ForEach(const F& f) {
    (f(static_cast<Ops*>(nullptr)), ...);
  }
};
using UnaryOps =
    OpList<top::AddConstOp, top::MulConstOp, top::ReluOp, top::ClipOp,
           top::HardSigmoidOp, top::HardSwishOp, top::SigmoidOp, top::SiLUOp,
           top::AbsOp, top::SqrtOp, top::ReciprocalOp, top::TanhOp, top::EluOp,
           top::LeakyReluOp, top::LogOp, top::SoftplusOp, top::ErfOp,
           top::GeluOp, top::ExpOp>;

// Whether the table of the operation that reads the result does for this one,
// too: nothing else reads it.
bool JoinsNext(mlir::Operation* op, const Lowering& lowering) {
  if (!UnaryOps::Has(op) || !op->hasOneUse() || lowering.ModeOf(op) != "INT8")
    return false;
  mlir::Operation* user = *op->user_begin();
  return UnaryOps::Has(user) && lowering.ModeOf(user) == "INT8";
}

// The function that the interpreter of top computes, of those in front that
// join it, for each number. A result that is no number becomes the zero point.
Tensor Table(mlir::Operation* op, QuantizedType from, QuantizedType to,
             const Lowering& lowering) {
  std::vector<mlir::Operation*> functions = {op};
  for (;;) {
    mlir::Operation* before = functions.back()->getOperand(0).getDefiningOp();
    if (before == nullptr || !JoinsNext(before, lowering)) break;
    functions.push_back(before);
  }
  std::vector<float> values = Numbers(from);
  for (auto it = functions.rbegin(); it != functions.rend(); ++it) {
    const interpreter::Evaluators::Entry* entry =
        interpreter::TopEvaluators().Find(*it);
    entry->pointwise(*it, 0)(values.data(), nullptr, 256);
  }
  Tensor table(DType::kI8, {256});
  for (int byte = 0; byte < 256; ++byte) {
    double q = std::round(values[byte] / to.getScale()) +
               static_cast<double>(to.getZeroPoint());
    if (std::isnan(q)) q = static_cast<double>(to.getZeroPoint());
    q = std::clamp(q, static_cast<double>(to.getStorageTypeMin()),
                   static_cast<double>(to.getStorageTypeMax()));
    table.data<int8_t>()[byte] = static_cast<int8_t>(static_cast<int>(q));
  }
  return table;
}

template <typename Op>
FailureOr<Value> LowerUnary(Op op, Lowering& lowering) {
  const Value x = lowering.Quantized(op.getInput());
  if (!x) return failure();
  if (JoinsNext(op, lowering)) return x;
  const QuantizedType type = lowering.Calibrated(op.getOutput());
  if (!type) return failure();
  const Value table = lowering.IntegerConstant(
      "table", Table(op, tpu::QuantizationOf(x), type, lowering));
  return lowering.Create<tpu::LutOp>(Lowering::Shape(op.getOutput()), type, x,
                                     table);
}

// An operand in 8 bits: number = scale * (integer - zero point).
struct Operand {
  Value value;
  double scale;
};

// Constants get a scale for all, symmetric. Nothing, after an error, where
// that can't be.
std::optional<Operand> OperandOf(const char* suffix, Value value,
                                 Lowering& lowering) {
  const Tensor* data = top::ConstantOf(value);
  if (data == nullptr) {
    const Value x = lowering.Quantized(value);
    if (!x) return std::nullopt;
    return Operand{x, tpu::QuantizationOf(x).getScale()};
  }
  double largest = 0;
  const float* numbers = data->data<float>();
  for (int64_t i = 0; i < data->NumElements(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(numbers[i])));
  const double scale = largest > 0 ? largest / 127 : 1;
  Tensor integers(DType::kI8, data->shape());
  for (int64_t i = 0; i < data->NumElements(); ++i) {
    integers.data<int8_t>()[i] =
        static_cast<int8_t>(std::round(numbers[i] / scale));
  }
  return Operand{lowering.IntegerConstant(suffix, std::move(integers)), scale};
}

bool IsFinite(Value value) {
  const Tensor* data = top::ConstantOf(value);
  if (data == nullptr) return true;
  if (data->dtype() != DType::kF32) return false;
  return std::all_of(data->data<float>(),
                     data->data<float>() + data->NumElements(),
                     [](float x) { return std::isfinite(x); });
}

// lhs + sign * rhs
template <typename Op, int sign>
FailureOr<Value> LowerSum(Op op, Lowering& lowering) {
  if (!IsFinite(op.getLhs()) || !IsFinite(op.getRhs())) return Value();
  const QuantizedType type = lowering.CalibratedResult(op);
  const auto lhs = OperandOf("lhs", op.getLhs(), lowering);
  const auto rhs = OperandOf("rhs", op.getRhs(), lowering);
  if (!type || !lhs || !rhs) return failure();
  const quantization::CommonRescale rescale = quantization::CommonRescaleOf(
      {lhs->scale / type.getScale(), sign * rhs->scale / type.getScale()});
  if (rescale.multipliers.empty()) return Value();
  return lowering.Create<tpu::QuantizedBinaryOp>(
      Lowering::Shape(op.getOutput()), type, lhs->value, rhs->value,
      tpu::QuantizedBinaryKind::add, rescale.multipliers, rescale.shift);
}

FailureOr<Value> LowerMul(top::MulOp op, Lowering& lowering) {
  if (!IsFinite(op.getLhs()) || !IsFinite(op.getRhs())) return Value();
  const QuantizedType type = lowering.CalibratedResult(op);
  const auto lhs = OperandOf("lhs", op.getLhs(), lowering);
  const auto rhs = OperandOf("rhs", op.getRhs(), lowering);
  if (!type || !lhs || !rhs) return failure();
  const quantization::Rescale rescale =
      quantization::RescaleOf(lhs->scale * rhs->scale / type.getScale());
  return lowering.Create<tpu::QuantizedBinaryOp>(
      Lowering::Shape(op.getOutput()), type, lhs->value, rhs->value,
      tpu::QuantizedBinaryKind::mul,
      llvm::ArrayRef<int64_t>{rescale.multiplier}, rescale.shift);
}

}  // namespace

void AddQuantizedElementwiseLowerings(Lowerings& lowerings) {
  UnaryOps::ForEach([&](auto* op) {
    using Op = std::remove_pointer_t<decltype(op)>;
    lowerings.Add<Op>(LowerUnary<Op>);
  });
  lowerings.Add<top::AddOp>(LowerSum<top::AddOp, 1>);
  lowerings.Add<top::SubOp>(LowerSum<top::SubOp, -1>);
  lowerings.Add<top::MulOp>(LowerMul);
}

}  // namespace tpuc
