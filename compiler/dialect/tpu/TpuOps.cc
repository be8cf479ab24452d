// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/tpu/TpuOps.h"

#include <optional>

#include "compiler/dialect/tpu/verify.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TypeUtilities.h"

#define GET_OP_CLASSES
#include "compiler/dialect/tpu/TpuOps.cc.inc"

namespace tpuc::tpu {

using llvm::ArrayRef;
using llvm::failure;
using llvm::LogicalResult;
using llvm::success;
using mlir::Operation;
using mlir::Type;
using mlir::Value;

namespace {

bool IsFloat(Type type) { return mlir::isa<mlir::FloatType>(type); }

LogicalResult VerifyFloat(Operation *op, Value value, llvm::StringRef what) {
  if (IsFloat(ElementTypeOf(value))) return success();
  return op->emitOpError() << what << " must be f32, f16 or bf16, found "
                           << value.getType();
}

LogicalResult VerifySameElement(Operation *op, Value a, Value b,
                                llvm::StringRef a_name,
                                llvm::StringRef b_name) {
  if (ElementTypeOf(a) == ElementTypeOf(b)) return success();
  return op->emitOpError() << a_name << " and " << b_name
                           << " must have one element type, found "
                           << a.getType() << " and " << b.getType();
}

LogicalResult VerifySameType(Operation *op, Value a, Value b) {
  if (a.getType() == b.getType()) return success();
  return op->emitOpError() << "operand and result must have one type, found "
                           << a.getType() << " and " << b.getType();
}

// Cuts of a sum of floats, which only 16-bit ones can have.
LogicalResult VerifyFloatCuts(Operation *op, ArrayRef<int64_t> cuts,
                              int64_t channels, Type element) {
  if (cuts.empty()) return success();
  if (element.isF32()) {
    return op->emitOpError()
           << "ic_cuts need f16 or bf16: an f32 sum on the chip has two "
              "alternating accumulators and cannot be cut";
  }
  return VerifyCuts(op, cuts, channels, 32);
}

// Checks the types of a product of `input` and `weight`.
LogicalResult VerifyProductTypes(Operation *op, Value input, Value weight,
                                 llvm::StringRef weight_name, Value output) {
  if (failed(VerifyFloat(op, input, "input")) ||
      failed(VerifySameElement(op, input, weight, "input", weight_name))) {
    return failure();
  }
  const Type out = ElementTypeOf(output);
  if (out != ElementTypeOf(input) && !out.isF32()) {
    return op->emitOpError() << "output must be f32 or have the input's "
                                "element type, found "
                             << output.getType();
  }
  return success();
}

// The forms that take two activations.
LogicalResult VerifyBatched(MatMulOp op) {
  if (failed(VerifyRank(op, op.getInput(), 3, "input")) ||
      failed(VerifyRank(op, op.getRight(), 3, "right")) ||
      failed(VerifyProductTypes(op, op.getInput(), op.getRight(), "right",
                                op.getOutput()))) {
    return failure();
  }
  const Type element = ElementTypeOf(op.getInput());
  if (element.isF32() != (op.getForm() == MatMulForm::left_conv)) {
    return op.emitOpError() << "form left_conv is for f32 and form mm2 for f16 "
                               "and bf16, found "
                            << op.getInput().getType();
  }
  if (op.getBias()) return op.emitOpError("with a bias needs form conv");
  const ArrayRef<int64_t> in = ShapeOf(op.getInput());
  const ArrayRef<int64_t> right = ShapeOf(op.getRight());
  const int64_t k = right[op.getRightTranspose() ? 2 : 1];
  const int64_t n = right[op.getRightTranspose() ? 1 : 2];
  if (in[2] != k) {
    return op.emitOpError()
           << "input has " << in[2] << " columns, right has " << k << " rows";
  }
  const int64_t batches = std::max(in[0], right[0]);
  if ((in[0] != batches && in[0] != 1) ||
      (right[0] != batches && right[0] != 1)) {
    return op.emitOpError()
           << "input has " << in[0] << " matrices, right has " << right[0];
  }
  if (failed(VerifyFloatCuts(op, op.getIcCuts(), k, element))) return failure();
  return VerifyShape(op, op.getOutput(), {batches, in[1], n}, "output");
}

template <typename Op>
LogicalResult VerifyF32Unary(Op op) {
  if (!ElementTypeOf(op.getInput()).isF32()) {
    return op.emitOpError("needs an f32 operand; cast first");
  }
  return VerifySameType(op, op.getInput(), op.getOutput());
}

}  // namespace

LogicalResult VerifyRank(Operation *op, Value value, size_t rank,
                         llvm::StringRef what) {
  if (ShapeOf(value).size() == rank) return success();
  return op->emitOpError() << what << " must have rank " << rank << ", found "
                           << value.getType();
}

LogicalResult VerifyShape(Operation *op, Value value,
                          ArrayRef<int64_t> expected, llvm::StringRef what) {
  if (ShapeOf(value) == expected) return success();
  auto diagnostic = op->emitOpError() << what << " must have shape [";
  llvm::interleaveComma(expected, diagnostic);
  return diagnostic << "], found " << value.getType();
}

LogicalResult VerifyRange(Operation *op, ArrayRef<int64_t> values, size_t count,
                          int64_t least, int64_t most, llvm::StringRef what) {
  if (values.size() != count) {
    return op->emitOpError() << what << " must have " << count
                             << " values, found " << values.size();
  }
  for (int64_t value : values) {
    if (value < least || value > most) {
      return op->emitOpError() << what << " must lie in [" << least << ", "
                               << most << "], found " << value;
    }
  }
  return success();
}

LogicalResult VerifyCuts(Operation *op, ArrayRef<int64_t> cuts,
                         int64_t channels, int64_t step) {
  int64_t last = 0;
  for (int64_t cut : cuts) {
    if (cut <= last || cut >= channels || cut % step != 0) {
      return op->emitOpError()
             << "ic_cuts must be ascending multiples of " << step << " below "
             << channels << ", found " << cut;
    }
    last = cut;
  }
  return success();
}

LogicalResult CastOp::verify() {
  if (failed(VerifyShape(*this, getOutput(), ShapeOf(getInput()), "output"))) {
    return failure();
  }
  const Type from = ElementTypeOf(getInput());
  const Type to = ElementTypeOf(getOutput());
  if ((from.isF16() && to.isBF16()) || (from.isBF16() && to.isF16())) {
    return emitOpError(
        "cannot cast between f16 and bf16 directly; go through "
        "f32");
  }
  return success();
}

LogicalResult Conv2DOp::verify() {
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const ArrayRef<int64_t> filter = ShapeOf(getFilter());
  if (failed(VerifyConvOperands(*this)) ||
      failed(VerifyProductTypes(*this, getInput(), getFilter(), "filter",
                                getOutput()))) {
    return failure();
  }
  const int64_t group = getGroup();
  const bool depthwise = getForm() == ConvForm::depthwise;
  if (depthwise) {
    if (group != in[1] || filter[0] != in[1]) {
      return emitOpError()
             << "form depthwise needs group = input channels = output "
                "channels, found group "
             << group << ", " << in[1] << " and " << filter[0] << " channels";
    }
    if (ElementTypeOf(getOutput()) != ElementTypeOf(getInput())) {
      return emitOpError(
          "form depthwise needs an output of the input's "
          "element type");
    }
    if (!getIcCuts().empty()) {
      return emitOpError("form depthwise has no input channels to cut");
    }
    if (getInterleave()) {
      return emitOpError("form depthwise has no groups to interleave");
    }
  } else if (group < 1 || group > filter[0] || filter[0] % group != 0) {
    return emitOpError() << "has " << filter[0] << " output channels in "
                         << group << " groups";
  }
  if (filter[1] * group != in[1]) {
    return emitOpError() << "filter has " << filter[1]
                         << " input channels a group, input has " << in[1]
                         << " channels in " << group << " groups";
  }
  if (failed(VerifyFloatCuts(*this, getIcCuts(), filter[1],
                             ElementTypeOf(getInput())))) {
    return failure();
  }
  if (Value bias = getBias()) {
    if (failed(VerifyShape(*this, bias, {filter[0]}, "bias"))) return failure();
    const Type expected = depthwise ? ElementTypeOf(getInput())
                                    : mlir::Float32Type::get(getContext());
    if (ElementTypeOf(bias) != expected) {
      return emitOpError() << "bias must be " << expected << ", found "
                           << bias.getType();
    }
  }
  return VerifyConvOutput(*this);
}

LogicalResult MatMulOp::verify() {
  if (getForm() != MatMulForm::conv) return VerifyBatched(*this);
  if (failed(VerifyRank(*this, getInput(), 2, "input")) ||
      failed(VerifyRank(*this, getRight(), 2, "right")) ||
      failed(VerifyProductTypes(*this, getInput(), getRight(), "right",
                                getOutput()))) {
    return failure();
  }
  if (getRightTranspose()) {
    return emitOpError("form conv needs a right side that is not transposed");
  }
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const ArrayRef<int64_t> right = ShapeOf(getRight());
  if (in[1] != right[0]) {
    return emitOpError() << "input has " << in[1] << " columns, right has "
                         << right[0] << " rows";
  }
  if (failed(VerifyFloatCuts(*this, getIcCuts(), in[1],
                             ElementTypeOf(getInput())))) {
    return failure();
  }
  if (Value bias = getBias()) {
    if (failed(VerifyShape(*this, bias, {right[1]}, "bias"))) return failure();
    if (!ElementTypeOf(bias).isF32()) {
      return emitOpError() << "bias must be f32, found " << bias.getType();
    }
  }
  return VerifyShape(*this, getOutput(), {in[0], right[1]}, "output");
}

LogicalResult Pool2DOp::verify() {
  const bool quantized_max =
      getKind() == PoolKind::max && QuantizationOf(getInput());
  if ((!quantized_max && failed(VerifyFloat(*this, getInput(), "input"))) ||
      failed(VerifySameElement(*this, getInput(), getOutput(), "input",
                               "output"))) {
    return failure();
  }
  return VerifyPool(*this);
}

LogicalResult ReduceOp::verify() {
  if (failed(VerifyFloat(*this, getInput(), "input")) ||
      failed(VerifyRank(*this, getInput(), 3, "input")) ||
      failed(VerifySameElement(*this, getInput(), getOutput(), "input",
                               "output"))) {
    return failure();
  }
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const int64_t chunk = getChunk();
  if (chunk < 1)
    return emitOpError() << "chunk must be at least 1, found " << chunk;
  const int64_t parts = (in[1] + chunk - 1) / chunk;
  return VerifyShape(*this, getOutput(), {in[0], parts, in[2]}, "output");
}

LogicalResult BinaryOp::verify() {
  if (failed(VerifyFloat(*this, getLhs(), "lhs")) ||
      failed(VerifySameElement(*this, getLhs(), getRhs(), "lhs", "rhs")) ||
      failed(
          VerifySameElement(*this, getLhs(), getOutput(), "lhs", "output"))) {
    return failure();
  }
  if (getKind() == BinaryKind::div && !ElementTypeOf(getLhs()).isF32()) {
    return emitOpError("div needs f32 operands");
  }
  return VerifyBroadcast(*this);
}

LogicalResult BinaryConstOp::verify() {
  if (failed(VerifyFloat(*this, getInput(), "input"))) return failure();
  if (getKind() == BinaryKind::div && !ElementTypeOf(getInput()).isF32()) {
    return emitOpError("div needs an f32 operand");
  }
  return VerifySameType(*this, getInput(), getOutput());
}

LogicalResult ClipOp::verify() {
  if (failed(VerifyFloat(*this, getInput(), "input"))) return failure();
  return VerifySameType(*this, getInput(), getOutput());
}

LogicalResult ExpOp::verify() { return VerifyF32Unary(*this); }
LogicalResult LogOp::verify() { return VerifyF32Unary(*this); }
LogicalResult ErfSeriesOp::verify() { return VerifyF32Unary(*this); }
LogicalResult RsqrtOp::verify() { return VerifyF32Unary(*this); }

LogicalResult AbsOp::verify() {
  if (failed(VerifyFloat(*this, getInput(), "input"))) return failure();
  return VerifySameType(*this, getInput(), getOutput());
}

LogicalResult ReshapeOp::verify() {
  const auto in = mlir::cast<mlir::RankedTensorType>(getInput().getType());
  const auto out = mlir::cast<mlir::RankedTensorType>(getOutput().getType());
  if (in.getElementType() != out.getElementType() ||
      in.getNumElements() != out.getNumElements()) {
    return emitOpError() << "cannot reshape " << in << " to " << out;
  }
  return success();
}

LogicalResult PermuteOp::verify() {
  if (failed(VerifySameElement(*this, getInput(), getOutput(), "input",
                               "output"))) {
    return failure();
  }
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  if (!IsPermutation(getOrder().vec(), in.size())) {
    auto diagnostic = emitOpError() << "order must name each of the "
                                    << in.size() << " dimensions once, found ";
    llvm::interleaveComma(getOrder(), diagnostic);
    return diagnostic;
  }
  return VerifyShape(*this, getOutput(), ViewOf(*this).shape, "output");
}

LogicalResult SliceOp::verify() {
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const ArrayRef<int64_t> out = ShapeOf(getOutput());
  if (failed(VerifySameElement(*this, getInput(), getOutput(), "input",
                               "output")) ||
      failed(VerifyRank(*this, getOutput(), in.size(), "output"))) {
    return failure();
  }
  if (getStarts().size() != in.size() || getSteps().size() != in.size()) {
    return emitOpError() << "starts and steps must have " << in.size()
                         << " values, found " << getStarts().size() << " and "
                         << getSteps().size();
  }
  const int bad = BadSliceDimension(in.vec(), getStarts().vec(),
                                    getSteps().vec(), out.vec());
  if (bad < 0) return success();
  return emitOpError() << "takes " << out[bad] << " of the " << in[bad]
                       << " elements along dimension " << bad << ", from "
                       << getStarts()[bad] << " on in steps of "
                       << getSteps()[bad];
}

ElementView ViewOf(PermuteOp op) {
  return PermutedView(ShapeOf(op.getInput()).vec(), op.getOrder().vec());
}

ElementView ViewOf(SliceOp op) {
  return SlicedView(ShapeOf(op.getInput()).vec(), op.getStarts().vec(),
                    op.getSteps().vec(), ShapeOf(op.getOutput()).vec());
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty()) return emitOpError("has no inputs");
  llvm::SmallVector<int64_t> shape(ShapeOf(getInputs()[0]));
  const auto rank = static_cast<int64_t>(shape.size());
  const int64_t axis = getAxis();
  if (axis < 0 || axis >= rank) {
    return emitOpError() << "axis must be in [0, " << rank << "), found "
                         << axis;
  }
  shape[axis] = 0;
  for (Value input : getInputs()) {
    if (failed(VerifyRank(*this, input, rank, "input")) ||
        failed(
            VerifySameElement(*this, input, getOutput(), "input", "output"))) {
      return failure();
    }
    llvm::SmallVector<int64_t> other(ShapeOf(input));
    shape[axis] += other[axis];
    other[axis] = shape[axis];
    if (other != shape) {
      return emitOpError() << "inputs must agree in all dimensions but " << axis
                           << ", found " << getInputs()[0].getType() << " and "
                           << input.getType();
    }
  }
  return VerifyShape(*this, getOutput(), shape, "output");
}

LogicalResult IndexSelectOp::verify() {
  if (failed(VerifyRank(*this, getInput(), 4, "input")) ||
      failed(VerifySameElement(*this, getInput(), getOutput(), "input",
                               "output"))) {
    return failure();
  }
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const ArrayRef<int64_t> indices[] = {getRows(), getColumns()};
  for (int axis = 0; axis < 2; ++axis) {
    for (int64_t index : indices[axis]) {
      if (index < 0 || index >= in[2 + axis]) {
        return emitOpError()
               << (axis == 0 ? "rows" : "columns") << " must lie in [0, "
               << in[2 + axis] << "), found " << index;
      }
    }
  }
  return VerifyShape(*this, getOutput(),
                     {in[0], in[1], static_cast<int64_t>(getRows().size()),
                      static_cast<int64_t>(getColumns().size())},
                     "output");
}

}  // namespace tpuc::tpu
