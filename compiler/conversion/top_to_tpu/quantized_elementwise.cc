// SPDX-License-Identifier: Apache-2.0
// Functions of one element, and sums and products of two tensors, in 8 bits.
#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <vector>

#include "compiler/conversion/top_to_tpu/functions.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// The numbers that the 256 bytes stand for, by the byte without its sign.
std::vector<float> Numbers(const quantization::Storage& type) {
  std::vector<float> numbers(256);
  for (int byte = 0; byte < 256; ++byte) {
    const int q = type.is_signed ? static_cast<int8_t>(byte) : byte;
    numbers[byte] = static_cast<float>(
        static_cast<double>(q - type.zero_point) * type.scale);
  }
  return numbers;
}

// The bytes of numbers. One that is no number becomes the zero point.
void AppendBytes(const std::vector<float>& numbers,
                 const quantization::Storage& type, std::vector<int8_t>& to) {
  const double least = type.is_signed ? -128 : 0;
  for (float number : numbers) {
    double q = std::round(number / type.scale) + type.zero_point;
    if (std::isnan(q)) q = type.zero_point;
    q = std::clamp(q, least, least + 255);
    to.push_back(static_cast<int8_t>(static_cast<int>(q)));
  }
}

using Storages = std::vector<quantization::Storage>;

// The results of the operation and of those in front that join it, for each
// byte; for each channel where one side has channels.
Tensor Table(mlir::Operation* op, const Storages& from, const Storages& to,
             const Lowering& lowering) {
  std::vector<mlir::Operation*> functions = {op};
  for (;;) {
    mlir::Operation* before = functions.back()->getOperand(0).getDefiningOp();
    if (before == nullptr || !JoinsNext(before, lowering)) break;
    functions.push_back(before);
  }
  std::reverse(functions.begin(), functions.end());
  const size_t channels = std::max(from.size(), to.size());
  std::vector<int8_t> bytes;
  for (size_t c = 0; c < channels; ++c) {
    std::vector<float> values = Numbers(from[from.size() == 1 ? 0 : c]);
    Apply(functions, values);
    AppendBytes(values, to[to.size() == 1 ? 0 : c], bytes);
  }
  std::vector<int64_t> shape = {256};
  if (channels > 1) shape.insert(shape.begin(), static_cast<int64_t>(channels));
  Tensor table(DType::kI8, shape);
  std::copy(bytes.begin(), bytes.end(), table.data<int8_t>());
  return table;
}

template <typename Op>
FailureOr<Value> LowerUnary(Op op, Lowering& lowering) {
  const Value x = lowering.Quantized(op.getInput());
  if (!x) return failure();
  if (JoinsNext(op, lowering)) return x;
  ResultStorage storage = StorageOfResult(op.getOutput(), lowering, [&] {
    return lowering.Calibrated(op.getOutput());
  });
  if (!storage.type) return failure();
  const Value table = lowering.IntegerConstant(
      "table",
      Table(op, lowering.StoragesOf(x),
            storage.channels.empty() ? Storages{StorageOf(storage.type)}
                                     : storage.channels,
            lowering));
  const Value result = lowering.CreateNamed<tpu::LutOp>(
      storage.suffix, Lowering::Shape(op.getOutput()), storage.type, x, table);
  lowering.SetStorages(result, std::move(storage.channels));
  return result;
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
