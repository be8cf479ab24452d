// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/TopOps.h"

namespace tpuc::top {
namespace {

using llvm::ArrayRef;
using llvm::failure;
using llvm::LogicalResult;
using llvm::StringRef;
using llvm::success;
using mlir::Operation;
using mlir::Value;

LogicalResult VerifyRank(Operation* op, Value value, int64_t rank,
                         StringRef what) {
  if (static_cast<int64_t>(ShapeOf(value).size()) == rank) return success();
  return op->emitOpError() << what << " must have rank " << rank << ", found "
                           << value.getType();
}

LogicalResult VerifyShape(Operation* op, Value value,
                          ArrayRef<int64_t> expected, StringRef what) {
  if (ShapeOf(value) == expected) return success();
  mlir::InFlightDiagnostic diagnostic = op->emitOpError()
                                        << what << " must have shape [";
  llvm::interleaveComma(expected, diagnostic);
  return diagnostic << "], found " << value.getType();
}

LogicalResult VerifyCount(Operation* op, ArrayRef<int64_t> values, size_t count,
                          int64_t least, StringRef what) {
  if (values.size() != count) {
    return op->emitOpError() << what << " must have " << count
                             << " values, found " << values.size();
  }
  for (int64_t value : values) {
    if (value < least) {
      return op->emitOpError()
             << what << " must be at least " << least << ", found " << value;
    }
  }
  return success();
}

// All operands and the result have one element type.
LogicalResult VerifyOneElementType(Operation* op) {
  const mlir::Type element = ElementTypeOf(op->getResult(0));
  for (Value operand : op->getOperands()) {
    if (ElementTypeOf(operand) != element) {
      return op->emitOpError()
             << "operands and result must have one element type, found "
             << operand.getType() << " and " << op->getResult(0).getType();
    }
  }
  return success();
}

// Output rows and columns of a window over [N, C, H, W].
LogicalResult VerifyWindow(Operation* op, ArrayRef<int64_t> in,
                           int64_t channels, ArrayRef<int64_t> kernel,
                           ArrayRef<int64_t> strides, ArrayRef<int64_t> pads,
                           ArrayRef<int64_t> dilations, Value output) {
  const int64_t oh = WindowExtent(in[2], pads[0], pads[2], kernel[0],
                                  dilations[0], strides[0]);
  const int64_t ow = WindowExtent(in[3], pads[1], pads[3], kernel[1],
                                  dilations[1], strides[1]);
  if (oh < 1 || ow < 1) {
    return op->emitOpError() << "a kernel of " << kernel[0] << "x" << kernel[1]
                             << " is larger than the padded input";
  }
  return VerifyShape(op, output, {in[0], channels, oh, ow}, "output");
}

template <typename Pool>
LogicalResult VerifyPool(Pool op) {
  if (failed(VerifyRank(op, op.getInput(), 4, "input")) ||
      failed(VerifyOneElementType(op)) ||
      failed(VerifyCount(op, op.getKernelShape(), 2, 1, "kernel_shape")) ||
      failed(VerifyCount(op, op.getStrides(), 2, 1, "strides")) ||
      failed(VerifyCount(op, op.getPads(), 4, 0, "pads"))) {
    return failure();
  }
  const ArrayRef<int64_t> kernel = op.getKernelShape(), pads = op.getPads();
  for (int i = 0; i < 4; ++i) {
    if (pads[i] >= kernel[i % 2]) {
      return op.emitOpError() << "pad " << pads[i] << " must be less than the "
                              << "kernel's " << kernel[i % 2];
    }
  }
  const ArrayRef<int64_t> in = ShapeOf(op.getInput());
  return VerifyWindow(op, in, in[1], kernel, op.getStrides(), pads, {1, 1},
                      op.getOutput());
}

template <typename Binary>
LogicalResult VerifyBinary(Binary op) {
  if (failed(VerifyOneElementType(op))) return failure();
  const auto shape = BroadcastShape(ShapeOf(op.getLhs()), ShapeOf(op.getRhs()));
  if (!shape) {
    return op.emitOpError() << op.getLhs().getType() << " and "
                            << op.getRhs().getType() << " do not broadcast";
  }
  return VerifyShape(op, op.getOutput(), *shape, "output");
}

}  // namespace

LogicalResult WeightOp::verify() {
  if (!getName(*this).empty()) return success();
  return emitOpError(
      "has no name: give it a location like loc(\"conv1.filter\")");
}

LogicalResult ConvOp::verify() {
  if (failed(VerifyRank(*this, getInput(), 4, "input")) ||
      failed(VerifyRank(*this, getFilter(), 4, "filter")) ||
      failed(VerifyOneElementType(*this)) ||
      failed(VerifyCount(*this, getKernelShape(), 2, 1, "kernel_shape")) ||
      failed(VerifyCount(*this, getStrides(), 2, 1, "strides")) ||
      failed(VerifyCount(*this, getPads(), 4, 0, "pads")) ||
      failed(VerifyCount(*this, getDilations(), 2, 1, "dilations"))) {
    return failure();
  }
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const ArrayRef<int64_t> filter = ShapeOf(getFilter());
  const int64_t group = getGroup();
  if (group < 1 || group > in[1] || filter[1] * group != in[1] ||
      filter[0] % group != 0) {
    return emitOpError() << "filter " << getFilter().getType() << " in "
                         << group << " groups does not fit an input of "
                         << in[1] << " channels";
  }
  if (getKernelShape() != filter.drop_front(2)) {
    return emitOpError("kernel_shape must be the filter's last two dimensions");
  }
  if (getBias() && failed(VerifyShape(*this, getBias(), {filter[0]}, "bias"))) {
    return failure();
  }
  return VerifyWindow(*this, in, filter[0], getKernelShape(), getStrides(),
                      getPads(), getDilations(), getOutput());
}

LogicalResult ConvTransposeOp::verify() {
  if (failed(VerifyRank(*this, getInput(), 4, "input")) ||
      failed(VerifyRank(*this, getFilter(), 4, "filter")) ||
      failed(VerifyOneElementType(*this)) ||
      failed(VerifyCount(*this, getKernelShape(), 2, 1, "kernel_shape")) ||
      failed(VerifyCount(*this, getStrides(), 2, 1, "strides")) ||
      failed(VerifyCount(*this, getPads(), 4, 0, "pads")) ||
      failed(VerifyCount(*this, getDilations(), 2, 1, "dilations")) ||
      failed(VerifyCount(*this, getOutputPadding(), 2, 0, "output_padding"))) {
    return failure();
  }
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const ArrayRef<int64_t> filter = ShapeOf(getFilter());
  const int64_t group = getGroup();
  if (group < 1 || group > in[1] || filter[0] != in[1] || in[1] % group != 0) {
    return emitOpError() << "filter " << getFilter().getType() << " in "
                         << group << " groups does not fit an input of "
                         << in[1] << " channels";
  }
  if (getKernelShape() != filter.drop_front(2)) {
    return emitOpError("kernel_shape must be the filter's last two dimensions");
  }
  const int64_t channels = filter[1] * group;
  if (getBias() && failed(VerifyShape(*this, getBias(), {channels}, "bias"))) {
    return failure();
  }
  std::vector<int64_t> out = {in[0], channels};
  for (int i = 0; i < 2; ++i) {
    out.push_back((in[2 + i] - 1) * getStrides()[i] +
                  (filter[2 + i] - 1) * getDilations()[i] + 1 - getPads()[i] -
                  getPads()[2 + i] + getOutputPadding()[i]);
    if (out.back() < 1) return emitOpError("pads cut off the whole result");
  }
  return VerifyShape(*this, getOutput(), out, "output");
}

LogicalResult MatMulOp::verify() {
  if (failed(VerifyOneElementType(*this))) return failure();
  const ArrayRef<int64_t> left = ShapeOf(getInput());
  const ArrayRef<int64_t> right = ShapeOf(getRight());
  if (left.size() < 2 || right.size() < 2) {
    return emitOpError() << "operands must have rank 2 or more, found "
                         << getInput().getType() << " and "
                         << getRight().getType();
  }
  int64_t k = right[right.size() - 2], n = right.back();
  if (getRightTranspose()) std::swap(k, n);
  if (left.back() != k) {
    return emitOpError() << "inner dimensions differ: " << left.back()
                         << " and " << k;
  }
  auto shape = BroadcastShape(left.drop_back(2), right.drop_back(2));
  if (!shape) {
    return emitOpError() << "batch dimensions of " << getInput().getType()
                         << " and " << getRight().getType()
                         << " do not broadcast";
  }
  if (getBias() && failed(VerifyShape(*this, getBias(), {n}, "bias"))) {
    return failure();
  }
  shape->push_back(left[left.size() - 2]);
  shape->push_back(n);
  return VerifyShape(*this, getOutput(), *shape, "output");
}

LogicalResult ScaleOp::verify() {
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  if (in.size() < 2) {
    return emitOpError() << "input must have a channel dimension, found "
                         << getInput().getType();
  }
  if (failed(VerifyOneElementType(*this)) ||
      failed(VerifyShape(*this, getScale(), {in[1]}, "scale")) ||
      failed(VerifyShape(*this, getBias(), {in[1]}, "bias"))) {
    return failure();
  }
  return VerifyShape(*this, getOutput(), in, "output");
}

LogicalResult LayerNormOp::verify() {
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const int64_t rank = static_cast<int64_t>(in.size()), axis = getAxis();
  if (axis < 0 || axis >= rank) {
    return emitOpError() << "axis must be in [0, " << rank << "), found "
                         << axis;
  }
  if (getAffine().size() > 2) {
    return emitOpError() << "has " << getAffine().size()
                         << " operands behind the input; it takes a scale and "
                            "a bias";
  }
  if (failed(VerifyOneElementType(*this))) return failure();
  for (Value operand : getAffine()) {
    if (failed(VerifyShape(*this, operand, in.drop_front(axis),
                           "scale and bias"))) {
      return failure();
    }
  }
  return VerifyShape(*this, getOutput(), in, "output");
}

LogicalResult LRNOp::verify() {
  if (ShapeOf(getInput()).size() < 2) {
    return emitOpError() << "input must have a channel dimension, found "
                         << getInput().getType();
  }
  if (static_cast<int64_t>(getSize()) >= 1) return success();
  return emitOpError() << "size must be at least 1, found "
                       << static_cast<int64_t>(getSize());
}

LogicalResult ReduceOp::verify() {
  if (failed(VerifyOneElementType(*this))) return failure();
  if (!llvm::is_contained({"mean", "sum", "max", "min", "l2"}, getMode())) {
    return emitOpError() << "mode '" << getMode()
                         << "' is none of mean, sum, max, min, l2";
  }
  llvm::SmallVector<int64_t> shape(ShapeOf(getInput()));
  int64_t last = -1;
  for (int64_t axis : getAxes()) {
    if (axis <= last || axis >= static_cast<int64_t>(shape.size())) {
      return emitOpError() << "axes must be ascending in [0, " << shape.size()
                           << "), found " << axis;
    }
    last = axis;
    shape[axis] = 1;
  }
  return VerifyShape(*this, getOutput(), shape, "output");
}

LogicalResult MaxPoolOp::verify() { return VerifyPool(*this); }
LogicalResult AvgPoolOp::verify() { return VerifyPool(*this); }

LogicalResult SoftmaxOp::verify() {
  const int64_t rank = static_cast<int64_t>(ShapeOf(getInput()).size());
  const int64_t axis = getAxis();
  if (axis >= 0 && axis < rank) return success();
  return emitOpError() << "axis must be in [0, " << rank << "), found " << axis;
}

LogicalResult AddOp::verify() { return VerifyBinary(*this); }
LogicalResult SubOp::verify() { return VerifyBinary(*this); }
LogicalResult MulOp::verify() { return VerifyBinary(*this); }
LogicalResult DivOp::verify() { return VerifyBinary(*this); }
LogicalResult MaxOp::verify() { return VerifyBinary(*this); }
LogicalResult MinOp::verify() { return VerifyBinary(*this); }

LogicalResult PReluOp::verify() {
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  if (failed(VerifyOneElementType(*this)) ||
      failed(VerifyShape(*this, getOutput(), in, "output"))) {
    return failure();
  }
  const auto shape = BroadcastShape(in, ShapeOf(getSlope()));
  if (shape && ArrayRef<int64_t>(*shape) == in) return success();
  return emitOpError() << "slope " << getSlope().getType()
                       << " does not broadcast to " << getInput().getType();
}

LogicalResult ClipOp::verify() {
  if (getMin().convertToDouble() <= getMax().convertToDouble()) {
    return success();
  }
  return emitOpError() << "min " << getMin().convertToDouble()
                       << " is above max " << getMax().convertToDouble();
}

LogicalResult ReshapeOp::verify() {
  if (failed(VerifyOneElementType(*this))) return failure();
  const auto in = mlir::cast<mlir::RankedTensorType>(getInput().getType());
  const auto out = mlir::cast<mlir::RankedTensorType>(getOutput().getType());
  if (in.getNumElements() == out.getNumElements()) return success();
  return emitOpError() << "element counts differ: " << in << " and " << out;
}

LogicalResult PermuteOp::verify() {
  if (failed(VerifyOneElementType(*this))) return failure();
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  if (!IsPermutation(getOrder().vec(), in.size())) {
    mlir::InFlightDiagnostic diagnostic =
        emitOpError() << "order must name each of the " << in.size()
                      << " dimensions once, found ";
    llvm::interleaveComma(getOrder(), diagnostic);
    return diagnostic;
  }
  return VerifyShape(*this, getOutput(), ViewOf(*this).shape, "output");
}

LogicalResult SliceOp::verify() {
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const ArrayRef<int64_t> out = ShapeOf(getOutput());
  if (failed(VerifyOneElementType(*this)) ||
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

LogicalResult PadOp::verify() {
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  if (failed(VerifyOneElementType(*this)) ||
      failed(VerifyCount(*this, getPads(), 2 * in.size(), 0, "pads"))) {
    return failure();
  }
  std::vector<int64_t> shape = in.vec();
  for (size_t i = 0; i < in.size(); ++i)
    shape[i] += getPads()[i] + getPads()[in.size() + i];
  return VerifyShape(*this, getOutput(), shape, "output");
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty()) return emitOpError("has no inputs");
  if (failed(VerifyOneElementType(*this))) return failure();
  std::vector<int64_t> shape = ShapeOf(getInputs()[0]).vec();
  const int64_t rank = static_cast<int64_t>(shape.size());
  const int64_t axis = getAxis();
  if (axis < 0 || axis >= rank) {
    return emitOpError() << "axis must be in [0, " << rank << "), found "
                         << axis;
  }
  shape[axis] = 0;
  for (Value input : getInputs()) {
    std::vector<int64_t> other = ShapeOf(input).vec();
    if (static_cast<int64_t>(other.size()) == rank) {
      shape[axis] += other[axis];
      other[axis] = shape[axis];
    }
    if (other != shape) {
      return emitOpError() << "inputs must agree in all dimensions but " << axis
                           << ", found " << getInputs()[0].getType() << " and "
                           << input.getType();
    }
  }
  return VerifyShape(*this, getOutput(), shape, "output");
}

LogicalResult ResizeOp::verify() {
  if (failed(VerifyRank(*this, getInput(), 4, "input")) ||
      failed(VerifyRank(*this, getOutput(), 4, "output")) ||
      failed(VerifyOneElementType(*this))) {
    return failure();
  }
  const ArrayRef<int64_t> in = ShapeOf(getInput());
  const ArrayRef<int64_t> out = ShapeOf(getOutput());
  if (failed(VerifyShape(*this, getOutput(), {in[0], in[1], out[2], out[3]},
                         "output"))) {
    return failure();
  }
  if (getScales().size() != 2 || !(getScales()[0] > 0) ||
      !(getScales()[1] > 0)) {
    return emitOpError("scales must be two positive numbers");
  }
  const auto verify = [&](llvm::StringRef name, llvm::StringRef value,
                          ArrayRef<llvm::StringRef> known) -> LogicalResult {
    if (llvm::is_contained(known, value)) return success();
    mlir::InFlightDiagnostic diagnostic = emitOpError() << name << " '" << value
                                                        << "' is none of ";
    llvm::interleaveComma(known, diagnostic);
    return diagnostic;
  };
  if (failed(verify("mode", getMode(), {"nearest", "linear", "cubic"})) ||
      failed(verify("coordinate_mode", getCoordinateMode(),
                    {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                     "align_corners", "asymmetric", "tf_half_pixel_for_nn"}))) {
    return failure();
  }
  return verify("nearest_mode", getNearestMode(),
                {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
}

}  // namespace tpuc::top
