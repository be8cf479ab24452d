// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/conversion/top_to_tpu/geometry.h"
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// With as many groups as input and output channels it is depthwise.
template <typename Op>
FailureOr<Value> LowerConvolution(Op op, Lowering& lowering) {
  const ConvGeometry geometry = GeometryOf(op);
  if (!op.getFilter().template getDefiningOp<top::WeightOp>() ||
      (op.getBias() && !op.getBias().template getDefiningOp<top::WeightOp>())) {
    return op.emitOpError(
        "can only be lowered with a constant filter and bias");
  }
  const int64_t group = op.getGroup();
  const int64_t ic = Lowering::Shape(op.getInput())[1];
  const int64_t oc = Lowering::Shape(op.getOutput())[1];
  const bool depthwise = group != 1 && group == ic && group == oc;
  const mlir::Type storage =
      depthwise ? lowering.stepwise() : lowering.storage();
  const Value filter = lowering.Weight(op, op.getFilter(), storage,
                                       geometry.form, geometry.change);
  Value bias;
  if (op.getBias()) {
    bias = lowering.Weight(op, op.getBias(),
                           depthwise ? storage : lowering.f32(), "", nullptr);
  }
  if (!filter || (op.getBias() && !bias)) return failure();
  return lowering.Create<tpu::Conv2DOp>(
      Lowering::Shape(op.getOutput()), storage,
      lowering.As(op.getInput(), storage), filter, bias, geometry.strides,
      geometry.pads, geometry.dilations, geometry.inserts,
      static_cast<uint64_t>(group),
      depthwise ? tpu::ConvForm::depthwise : tpu::ConvForm::conv,
      /*interleave=*/false, llvm::ArrayRef<int64_t>(), op.getDoRelu(),
      op.getReluLimit());
}

// Zero taps in front of and behind the filter's, in rows and columns.
struct Margins {
  int64_t before[2] = {0, 0}, after[2] = {0, 0};
};

// Names what becomes of a filter: equal names, equal filters.
std::string FormOf(int64_t group, const Margins& margins) {
  std::string form = "turned";
  if (group > 1) absl::StrAppend(&form, "_group", group);
  for (int i = 0; i < 2; ++i) {
    if (margins.before[i] + margins.after[i] > 0) {
      absl::StrAppend(&form, i == 0 ? "_rows" : "_columns", margins.before[i],
                      "_", margins.after[i]);
    }
  }
  return form;
}

// [IC, OC/group, KH, KW] -> [OC, IC/group, KH, KW], turned by 180 degrees, with
// margins.
Tensor Turned(const Tensor& filter, int64_t group, const Margins& margins) {
  const std::vector<int64_t>& from = filter.shape();
  const int64_t ic = from[0] / group, oc = from[1], kh = from[2], kw = from[3];
  const std::vector<int64_t> shape = {
      group * oc, ic, kh + margins.before[0] + margins.after[0],
      kw + margins.before[1] + margins.after[1]};
  Tensor turned(DType::kF32, shape);
  const float* source = filter.data<float>();
  for (int64_t i = 0; i < filter.NumElements(); ++i) {
    const int64_t x = i % kw, y = i / kw % kh;
    const int64_t o = i / (kw * kh) % oc, c = i / (kw * kh * oc);
    const int64_t row = kh - 1 - y + margins.before[0];
    const int64_t column = kw - 1 - x + margins.before[1];
    const int64_t channel = (c / ic * oc + o) * ic + c % ic;
    turned.data<float>()[(channel * shape[2] + row) * shape[3] + column] =
        source[i];
  }
  return turned;
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

ConvGeometry GeometryOf(top::ConvOp op) {
  return {op.getStrides().vec(),
          op.getPads().vec(),
          op.getDilations().vec(),
          {0, 0},
          "",
          nullptr};
}

ConvGeometry GeometryOf(top::ConvTransposeOp op) {
  ConvGeometry geometry = {{1, 1}, {0, 0, 0, 0}, op.getDilations().vec(),
                           {},     "",           nullptr};
  Margins margins;
  for (int i = 0; i < 2; ++i) {
    const int64_t dilation = op.getDilations()[i];
    const int64_t reach = (op.getKernelShape()[i] - 1) * dilation;
    const auto pad = [&](int side, int64_t cut, int64_t& margin) {
      const int64_t missing = std::max<int64_t>(cut - reach, 0);
      margin = (missing + dilation - 1) / dilation;
      geometry.pads[i + 2 * side] = reach - cut + margin * dilation;
    };
    pad(0, op.getPads()[i], margins.before[i]);
    pad(1, op.getPads()[2 + i] - op.getOutputPadding()[i], margins.after[i]);
    geometry.inserts.push_back(op.getStrides()[i] - 1);
  }
  const int64_t group = op.getGroup();
  geometry.form = FormOf(group, margins);
  geometry.change = [group, margins](const Tensor& filter) {
    return Turned(filter, group, margins);
  };
  return geometry;
}

void AddConvolutionLowerings(Lowerings& lowerings) {
  lowerings.Add<top::ConvOp>(LowerConvolution<top::ConvOp>);
  lowerings.Add<top::ConvTransposeOp>(LowerConvolution<top::ConvTransposeOp>);
  lowerings.Add<top::ScaleOp>(LowerScale);
}

}  // namespace tpuc
