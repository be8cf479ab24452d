// SPDX-License-Identifier: Apache-2.0
// Convolutions, products with constants and means in 8 bits.
#include <optional>
#include <string>
#include <vector>

#include "compiler/conversion/top_to_tpu/functions.h"
#include "compiler/conversion/top_to_tpu/geometry.h"
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// The weights of an operation in 8 bits: `filter` is what it makes of
// `weight`. Nothing, after an error at `op`, where a value can't be one.
std::optional<quantization::QuantizedWeights> Quantize(
    mlir::Operation* op, const Tensor& filter, Value weight, Value bias,
    Value input, const ResultStorage& to, Lowering& lowering) {
  auto outputs = to.channels;
  if (outputs.empty()) outputs.push_back(StorageOf(to.type));
  auto quantized = quantization::QuantizeWeights(
      filter, bias ? top::ConstantOf(bias) : nullptr,
      lowering.TrainedScales(weight), lowering.StoragesOf(input), outputs);
  if (quantized.ok()) return *std::move(quantized);
  op->emitOpError() << "weight '" << getName(weight) << "' "
                    << std::string(quantized.status().message());
  return std::nullopt;
}

// The same as constants.
struct Constants {
  Value filter, bias, requant;
};
std::optional<Constants> ConstantsOf(mlir::Operation* op, const Tensor& filter,
                                     Value weight, Value bias, Value input,
                                     const ResultStorage& to,
                                     Lowering& lowering) {
  auto quantized = Quantize(op, filter, weight, bias, input, to, lowering);
  if (!quantized) return std::nullopt;
  return Constants{
      lowering.IntegerConstant("filter_i8", std::move(quantized->filter)),
      lowering.IntegerConstant("bias_i32", std::move(quantized->bias)),
      lowering.IntegerConstant("requant", std::move(quantized->requant))};
}

// An operand whose zeros are zeros: between the elements of a transposed
// convolution nothing but 0 can stand.
Value WithoutZeroPoint(Value x, Lowering& lowering) {
  const QuantizedType type = tpu::QuantizationOf(x);
  if (type.getZeroPoint() == 0) return x;
  const double most = type.getScale() *
                      std::max(static_cast<double>(127 - type.getZeroPoint()),
                               static_cast<double>(type.getZeroPoint() + 128));
  return lowering.Cast(
      x, QuantizedType::get(mlir::quant::QuantizationFlags::Signed,
                            type.getStorageType(), type.getExpressedType(),
                            most / 127, 0, -128, 127));
}

template <typename Op>
FailureOr<Value> LowerConvolution(Op op, Lowering& lowering) {
  if (!IsConstant(op.getFilter()) ||
      (op.getBias() && !IsConstant(op.getBias())))
    return Value();
  ResultStorage storage = StorageOfResult(
      op.getOutput(), lowering, [&] { return lowering.CalibratedResult(op); });
  Value x = lowering.Quantized(op.getInput());
  if (!x || !storage.type) return failure();
  const ConvGeometry geometry = GeometryOf(op);
  if (geometry.inserts[0] > 0 || geometry.inserts[1] > 0)
    x = WithoutZeroPoint(x, lowering);
  const Tensor& data = *top::ConstantOf(op.getFilter());
  const auto constants =
      ConstantsOf(op, geometry.change ? geometry.change(data) : data,
                  op.getFilter(), op.getBias(), x, storage, lowering);
  if (!constants) return failure();
  const int64_t group = op.getGroup();
  const bool depthwise = group != 1 &&
                         group == Lowering::Shape(op.getInput())[1] &&
                         group == Lowering::Shape(op.getOutput())[1];
  const Value result = lowering.CreateNamed<tpu::QuantizedConv2DOp>(
      storage.suffix, Lowering::Shape(op.getOutput()), storage.type, x,
      constants->filter, constants->bias, constants->requant, geometry.strides,
      geometry.pads, geometry.dilations, geometry.inserts,
      static_cast<uint64_t>(group),
      depthwise ? tpu::ConvForm::depthwise : tpu::ConvForm::conv,
      llvm::ArrayRef<int64_t>());
  lowering.SetStorages(result, std::move(storage.channels));
  return result;
}

// x * scale[c] + bias[c] as a depthwise convolution of one tap.
FailureOr<Value> LowerScale(top::ScaleOp op, Lowering& lowering) {
  const auto shape = Lowering::Shape(op.getOutput());
  if (!IsConstant(op.getScale()) || !IsConstant(op.getBias()) ||
      shape.size() != 4)
    return Value();
  ResultStorage storage = StorageOfResult(op.getOutput(), lowering, [&] {
    return lowering.Calibrated(op.getOutput());
  });
  const Value x = lowering.Quantized(op.getInput());
  if (!x || !storage.type) return failure();
  const auto constants = ConstantsOf(
      op, top::ConstantOf(op.getScale())->Reshaped({shape[1], 1, 1, 1}),
      op.getScale(), op.getBias(), x, storage, lowering);
  if (!constants) return failure();
  static constexpr int64_t kOnes[] = {1, 1}, kZeros[] = {0, 0, 0, 0};
  const Value result = lowering.CreateNamed<tpu::QuantizedConv2DOp>(
      storage.suffix, shape, storage.type, x, constants->filter,
      constants->bias, constants->requant, kOnes, kZeros, kOnes,
      llvm::ArrayRef<int64_t>(kZeros).take_front(2),
      static_cast<uint64_t>(shape[1]),
      shape[1] > 1 ? tpu::ConvForm::depthwise : tpu::ConvForm::conv,
      llvm::ArrayRef<int64_t>());
  lowering.SetStorages(result, std::move(storage.channels));
  return result;
}

// [K, N] -> [N, K]
Tensor Transposed(const Tensor& matrix) { return RightMatrix(matrix, true); }

// The same of integers.
Tensor TransposedBytes(const Tensor& matrix) {
  const int64_t rows = matrix.shape()[0], cols = matrix.shape()[1];
  Tensor result(DType::kI8, {cols, rows});
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c)
      result.data<int8_t>()[c * rows + r] = matrix.data<int8_t>()[r * cols + c];
  return result;
}

FailureOr<Value> LowerMatMul(top::MatMulOp op, Lowering& lowering) {
  const auto in = Lowering::Shape(op.getInput());
  const auto out = Lowering::Shape(op.getOutput());
  const auto right = Lowering::Shape(op.getRight());
  if (in.size() < 2 || right.size() < 2 || !IsConstant(op.getRight()) ||
      (op.getBias() && !IsConstant(op.getBias())) ||
      llvm::any_of(right.drop_back(2), [](int64_t d) { return d != 1; }))
    return Value();
  const QuantizedType type = lowering.CalibratedResult(op);
  Value x = lowering.Quantized(op.getInput());
  if (!x || !type) return failure();
  const QuantizedType from = tpu::QuantizationOf(x);
  // A scale for each column.
  const Tensor columns = Transposed(
      RightMatrix(*top::ConstantOf(op.getRight()), op.getRightTranspose()));
  auto quantized = Quantize(op, columns, op.getRight(), op.getBias(), x,
                            {type, {}, ""}, lowering);
  if (!quantized) return failure();
  const int64_t k = in.back(), n = out.back();
  int64_t m = 1;
  for (int64_t d : in.drop_back()) m *= d;
  const bool is_matrix = in.size() == 2;
  if (!is_matrix)
    x = lowering.CreateNamed<tpu::ReshapeOp>("rows", {m, k}, from, x);
  const Value product = lowering.CreateNamed<tpu::QuantizedMatMulOp>(
      is_matrix ? "" : "matrix", {m, n}, type, x,
      lowering.IntegerConstant("right_i8", TransposedBytes(quantized->filter)),
      lowering.IntegerConstant("bias_i32", std::move(quantized->bias)),
      lowering.IntegerConstant("requant", std::move(quantized->requant)),
      llvm::ArrayRef<int64_t>());
  if (is_matrix) return product;
  return lowering.Create<tpu::ReshapeOp>(out, type, product);
}

// Sums of windows, divided by the multiplier.
FailureOr<Value> Mean(Value result, Value input, llvm::ArrayRef<int64_t> kernel,
                      llvm::ArrayRef<int64_t> strides,
                      llvm::ArrayRef<int64_t> pads, Lowering& lowering) {
  const QuantizedType type = lowering.Calibrated(result);
  const Value x = lowering.Quantized(input);
  if (!x || !type) return failure();
  const quantization::Rescale rescale = quantization::RescaleOf(
      tpu::QuantizationOf(x).getScale() / type.getScale() /
      static_cast<double>(kernel[0] * kernel[1]));
  return lowering.Create<tpu::QuantizedAvgPool2DOp>(
      Lowering::Shape(result), type, x, kernel, strides, pads,
      rescale.multiplier, rescale.shift);
}

FailureOr<Value> LowerAvgPool(top::AvgPoolOp op, Lowering& lowering) {
  if (!PadFactors(op).empty()) return Value();
  return Mean(op.getOutput(), op.getInput(), op.getKernelShape(),
              op.getStrides(), op.getPads(), lowering);
}

// The mean of all pixels.
FailureOr<Value> LowerReduce(top::ReduceOp op, Lowering& lowering) {
  const auto in = Lowering::Shape(op.getInput());
  if (op.getMode() != "mean" || in.size() != 4 ||
      op.getAxes() != llvm::ArrayRef<int64_t>{2, 3})
    return Value();
  static constexpr int64_t kOnes[] = {1, 1}, kZeros[] = {0, 0, 0, 0};
  return Mean(op.getOutput(), op.getInput(), in.drop_front(2), kOnes, kZeros,
              lowering);
}

}  // namespace

void AddQuantizedProductLowerings(Lowerings& lowerings) {
  lowerings.Add<top::ConvOp>(LowerConvolution<top::ConvOp>);
  lowerings.Add<top::ConvTransposeOp>(LowerConvolution<top::ConvTransposeOp>);
  lowerings.Add<top::ScaleOp>(LowerScale);
  lowerings.Add<top::MatMulOp>(LowerMatMul);
  lowerings.Add<top::AvgPoolOp>(LowerAvgPool);
  lowerings.Add<top::ReduceOp>(LowerReduce);
}

}  // namespace tpuc
