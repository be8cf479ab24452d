// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// A form of the chip: one group, or as many groups as channels.
FailureOr<Value> LowerConv(top::ConvOp op, Lowering& lowering) {
  if (!op.getFilter().getDefiningOp<top::WeightOp>() ||
      (op.getBias() && !op.getBias().getDefiningOp<top::WeightOp>())) {
    return op.emitOpError(
        "can only be lowered with a constant filter and bias");
  }
  const int64_t group = op.getGroup();
  const int64_t ic = Lowering::Shape(op.getInput())[1];
  const int64_t oc = Lowering::Shape(op.getOutput())[1];
  const bool depthwise = group != 1;
  if (depthwise && (group != ic || group != oc)) {
    return op.emitOpError()
           << "has " << group << " groups for " << ic << " input and " << oc
           << " output channels; lowered are 1 group, or as many groups as "
              "input and output channels";
  }
  const mlir::Type storage =
      depthwise ? lowering.stepwise() : lowering.storage();
  const Value filter =
      lowering.Weight(op, op.getFilter(), storage, "", nullptr);
  Value bias;
  if (op.getBias()) {
    bias = lowering.Weight(op, op.getBias(),
                           depthwise ? storage : lowering.f32(), "", nullptr);
  }
  if (!filter || (op.getBias() && !bias)) return failure();
  return lowering.Create<tpu::Conv2DOp>(
      Lowering::Shape(op.getOutput()), storage,
      lowering.As(op.getInput(), storage), filter, bias, op.getStrides(),
      op.getPads(), op.getDilations(), static_cast<uint64_t>(group),
      depthwise ? tpu::ConvForm::depthwise : tpu::ConvForm::conv,
      llvm::ArrayRef<int64_t>(), op.getDoRelu(), op.getReluLimit());
}

// x * scale[c] + bias[c]; the weights become [1, C, 1, ..].
FailureOr<Value> LowerScale(top::ScaleOp op, Lowering& lowering) {
  const mlir::Type type = lowering.TypeFor({op.getScale(), op.getBias()});
  const auto shape = Lowering::Shape(op.getOutput());
  std::vector<int64_t> per_channel(shape.size(), 1);
  per_channel[1] = shape[1];
  const auto reshape = [&](const Tensor& data) {
    return data.Reshaped(per_channel);
  };
  for (Value weight : {op.getScale(), op.getBias()}) {
    if (!weight.getDefiningOp<top::WeightOp>()) {
      return op.emitOpError("can only be lowered with constant scale and bias");
    }
  }
  const Value scale =
      lowering.Weight(op, op.getScale(), type, "per_channel", reshape);
  const Value bias =
      lowering.Weight(op, op.getBias(), type, "per_channel", reshape);
  if (!scale || !bias) return failure();
  const Value product = lowering.CreateNamed<tpu::BinaryOp>(
      "mul", shape, type, lowering.As(op.getInput(), type), scale,
      tpu::BinaryKind::mul, false, llvm::APFloat(-1.0));
  return lowering.Create<tpu::BinaryOp>(shape, type, product, bias,
                                        tpu::BinaryKind::add, false,
                                        llvm::APFloat(-1.0));
}

}  // namespace

void AddConvolutionLowerings(Lowerings& lowerings) {
  lowerings.Add<top::ConvOp>(LowerConv);
  lowerings.Add<top::ScaleOp>(LowerScale);
}

}  // namespace tpuc
