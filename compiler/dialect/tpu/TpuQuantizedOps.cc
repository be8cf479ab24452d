// SPDX-License-Identifier: Apache-2.0
// Verifiers of the operations on quantized tensors.
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/dialect/tpu/verify.h"
#include "mlir/IR/Builders.h"

namespace tpuc::tpu {

using llvm::ArrayRef;
using llvm::failure;
using llvm::LogicalResult;
using llvm::success;
using mlir::Operation;
using mlir::Value;
using mlir::quant::UniformQuantizedType;

namespace {

// Signed with any zero point, or unsigned with zero point 0; 8 bits, numbers
// in f32.
LogicalResult VerifyQuantization(Operation *op, Value value,
                                 llvm::StringRef what) {
  const UniformQuantizedType type = QuantizationOf(value);
  if (!type || type.getStorageTypeIntegralWidth() != 8 ||
      !type.getExpressedType().isF32()) {
    return op->emitOpError()
           << what << " must be 8 bits of f32, found " << value.getType();
  }
  if (!type.isSigned() && type.getZeroPoint() != 0) {
    return op->emitOpError()
           << what << " is unsigned and must have zero point 0, found "
           << value.getType();
  }
  return success();
}

LogicalResult VerifyTensor(Operation *op, Value value,
                           ArrayRef<int64_t> expected, unsigned bits,
                           llvm::StringRef what) {
  if (ShapeOf(value) == expected &&
      ElementTypeOf(value).isSignlessInteger(bits)) {
    return success();
  }
  auto diagnostic = op->emitOpError() << what << " must be i" << bits << " [";
  llvm::interleaveComma(expected, diagnostic);
  return diagnostic << "], found " << value.getType();
}

LogicalResult VerifySameShape(Operation *op, Value input, Value output) {
  if (ShapeOf(input) == ShapeOf(output)) return success();
  return op->emitOpError() << "operand and result must have one shape, found "
                           << input.getType() << " and " << output.getType();
}

LogicalResult VerifyScaling(Operation *op, int64_t multiplier, int64_t shift) {
  if (failed(VerifyRange(op, {multiplier}, 1, -kMostValue, kMostValue,
                         "multiplier")))
    return failure();
  return VerifyRange(op, {shift}, 1, -63, 31, "shift");
}

}  // namespace

LogicalResult QuantizeOp::verify() {
  if (!mlir::isa<mlir::FloatType>(ElementTypeOf(getInput()))) {
    return emitOpError() << "input must be f32, f16 or bf16, found "
                         << getInput().getType();
  }
  if (failed(VerifyQuantization(*this, getOutput(), "output")))
    return failure();
  return VerifySameShape(*this, getInput(), getOutput());
}

LogicalResult DequantizeOp::verify() {
  if (!mlir::isa<mlir::FloatType>(ElementTypeOf(getOutput()))) {
    return emitOpError() << "output must be f32, f16 or bf16, found "
                         << getOutput().getType();
  }
  if (failed(VerifyQuantization(*this, getInput(), "input"))) return failure();
  return VerifySameShape(*this, getInput(), getOutput());
}

LogicalResult RequantOp::verify() {
  if (failed(VerifyQuantization(*this, getInput(), "input")) ||
      failed(VerifyQuantization(*this, getOutput(), "output")) ||
      failed(VerifyScaling(*this, getMultiplier(), getShift()))) {
    return failure();
  }
  return VerifySameShape(*this, getInput(), getOutput());
}

LogicalResult LutOp::verify() {
  if (failed(VerifyQuantization(*this, getInput(), "input")) ||
      failed(VerifyQuantization(*this, getOutput(), "output"))) {
    return failure();
  }
  std::vector<int64_t> table = {256};
  const ArrayRef<int64_t> shape = ShapeOf(getInput());
  if (ShapeOf(getTable()).size() == 2 && shape.size() == 4)
    table.insert(table.begin(), shape[1]);
  if (failed(VerifyTensor(*this, getTable(), table, 8, "table")))
    return failure();
  return VerifySameShape(*this, getInput(), getOutput());
}

LogicalResult QuantizedConv2DOp::verify() {
  if (failed(VerifyQuantization(*this, getInput(), "input")) ||
      failed(VerifyQuantization(*this, getOutput(), "output")) ||
      failed(VerifyConvOperands(*this))) {
    return failure();
  }
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const ArrayRef<int64_t> filter = ShapeOf(getFilter());
  const int64_t group = getGroup();
  const int64_t oc = filter[0];
  if (group < 1 || oc % group != 0 || filter[1] * group != in[1]) {
    return emitOpError() << "has " << oc << " filters of " << filter[1]
                         << " channels and an input of " << in[1]
                         << " channels in " << group << " groups";
  }
  if (getForm() == ConvForm::depthwise && (group != in[1] || oc != in[1])) {
    return emitOpError() << "form depthwise needs group = input channels = "
                            "output channels, found group "
                         << group << ", " << in[1] << " and " << oc
                         << " channels";
  }
  if ((getInserts()[0] > 0 || getInserts()[1] > 0) &&
      QuantizationOf(getInput()).getZeroPoint() != 0) {
    return emitOpError() << "inserts zeros, which needs an input with zero "
                            "point 0, found "
                         << getInput().getType();
  }
  if (failed(VerifyTensor(*this, getFilter(), filter, 8, "filter")) ||
      failed(VerifyTensor(*this, getBias(), {oc}, 32, "bias")) ||
      failed(VerifyTensor(*this, getRequant(), {oc, 3}, 32, "requant")) ||
      failed(VerifyCuts(*this, getIcCuts(), filter[1], 64))) {
    return failure();
  }
  return VerifyConvOutput(*this);
}

LogicalResult QuantizedMatMulOp::verify() {
  if (failed(VerifyQuantization(*this, getInput(), "input")) ||
      failed(VerifyQuantization(*this, getOutput(), "output")) ||
      failed(VerifyRank(*this, getInput(), 2, "input")) ||
      failed(VerifyRank(*this, getRight(), 2, "right"))) {
    return failure();
  }
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const int64_t n = ShapeOf(getRight())[1];
  if (failed(VerifyTensor(*this, getRight(), {in[1], n}, 8, "right")) ||
      failed(VerifyTensor(*this, getBias(), {n}, 32, "bias")) ||
      failed(VerifyTensor(*this, getRequant(), {n, 3}, 32, "requant")) ||
      failed(VerifyCuts(*this, getIcCuts(), in[1], 64))) {
    return failure();
  }
  return VerifyShape(*this, getOutput(), {in[0], n}, "output");
}

LogicalResult QuantizedAvgPool2DOp::verify() {
  if (failed(VerifyQuantization(*this, getInput(), "input")) ||
      failed(VerifyQuantization(*this, getOutput(), "output")) ||
      failed(VerifyScaling(*this, getMultiplier(), getShift()))) {
    return failure();
  }
  return VerifyPool(*this);
}

LogicalResult QuantizedBinaryOp::verify() {
  if (failed(VerifyQuantization(*this, getOutput(), "output")))
    return failure();
  for (Value operand : {getLhs(), getRhs()}) {
    if (!ElementTypeOf(operand).isSignlessInteger(8) &&
        failed(VerifyQuantization(*this, operand, "operand"))) {
      return failure();
    }
  }
  const bool adds = getKind() == QuantizedBinaryKind::add;
  if (failed(VerifyRange(*this, getMultipliers(), adds ? 2 : 1,
                         adds ? INT16_MIN : -kMostValue,
                         adds ? INT16_MAX : kMostValue, "multipliers")) ||
      failed(VerifyScaling(*this, 1, getShift()))) {
    return failure();
  }
  return VerifyBroadcast(*this);
}

}  // namespace tpuc::tpu
