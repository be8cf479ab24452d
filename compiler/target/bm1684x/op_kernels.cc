// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/op_kernels.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/target/bm1684x/kernels/elementwise_kernels.h"
#include "compiler/target/bm1684x/kernels/matmul_kernels.h"
#include "compiler/target/bm1684x/kernels/movement_kernels.h"
#include "compiler/target/bm1684x/kernels/quantized_elementwise_kernels.h"
#include "compiler/target/bm1684x/kernels/window_kernels.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tpuc::bm1684x {
namespace {

using KernelOr = absl::StatusOr<std::unique_ptr<Kernel>>;

DType TypeOf(mlir::Value value) {
  const mlir::Type element = tpu::ElementTypeOf(value);
  if (element.isInteger(16)) return DType::kI16;
  return top::DTypeOf(element).value_or(DType::kF32);
}

std::vector<int64_t> ShapeOf(mlir::Value value) {
  const llvm::ArrayRef<int64_t> shape = tpu::ShapeOf(value);
  return {shape.begin(), shape.end()};
}

// Of a rank-4 value.
Dims DimsOf(mlir::Value value) {
  const llvm::ArrayRef<int64_t> shape = tpu::ShapeOf(value);
  return {shape[0], shape[1], shape[2], shape[3]};
}

int32_t ZeroPointOf(mlir::Value value) {
  const auto type = tpu::QuantizationOf(value);
  return type ? static_cast<int32_t>(type.getZeroPoint()) : 0;
}

template <typename Op>
Relu ReluOf(Op op) {
  return {op.getDoRelu(), op.getReluLimit().convertToDouble()};
}

WindowSpec Window(llvm::ArrayRef<int64_t> kernel,
                  llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> pads,
                  llvm::ArrayRef<int64_t> dilations) {
  WindowSpec window;
  window.kernel_h = kernel[0];
  window.kernel_w = kernel[1];
  window.stride_h = strides[0];
  window.stride_w = strides[1];
  window.pad_top = pads[0];
  window.pad_left = pads[1];
  window.pad_bottom = pads[2];
  window.pad_right = pads[3];
  window.dilation_h = dilations[0];
  window.dilation_w = dilations[1];
  return window;
}

// What convolutions in floats and in 8 bits have in common.
template <typename Op>
ConvSpec ConvSpecOf(Op op) {
  ConvSpec spec;
  spec.input = DimsOf(op.getInput());
  spec.output = DimsOf(op.getOutput());
  spec.dtype = TypeOf(op.getInput());
  spec.has_bias = op.getBias() != nullptr;
  spec.window = Window(tpu::ShapeOf(op.getFilter()).drop_front(2),
                       op.getStrides(), op.getPads(), op.getDilations());
  spec.window.insert_h = op.getInserts()[0];
  spec.window.insert_w = op.getInserts()[1];
  spec.group = static_cast<int64_t>(op.getGroup());
  spec.ic_cuts = op.getIcCuts().vec();
  return spec;
}

KernelOr Make(tpu::Conv2DOp op, Views) {
  ConvSpec spec = ConvSpecOf(op);
  spec.interleave = op.getInterleave();
  spec.relu = ReluOf(op);
  return op.getForm() == tpu::ConvForm::depthwise ? MakeDepthwiseKernel(spec)
                                                  : MakeConvKernel(spec);
}

KernelOr Make(tpu::QuantizedConv2DOp op, Views) {
  ConvSpec spec = ConvSpecOf(op);
  spec.window.pad_bits = ConstantBits(spec.dtype, ZeroPointOf(op.getInput()));
  spec.requant = TypeOf(op.getOutput());
  return op.getForm() == tpu::ConvForm::depthwise ? MakeDepthwiseKernel(spec)
                                                  : MakeConvKernel(spec);
}

KernelOr MakeBatched(tpu::MatMulOp op) {
  const llvm::ArrayRef<int64_t> left = tpu::ShapeOf(op.getInput());
  BatchMatMulSpec spec;
  spec.left_batches = left[0];
  spec.right_batches = tpu::ShapeOf(op.getRight())[0];
  spec.m = left[1];
  spec.k = left[2];
  spec.n = tpu::ShapeOf(op.getOutput())[2];
  spec.right_transpose = op.getRightTranspose();
  spec.dtype = TypeOf(op.getInput());
  spec.result = TypeOf(op.getOutput());
  spec.cuts = op.getIcCuts().vec();
  spec.relu = ReluOf(op);
  return MakeBatchMatMulKernel(spec);
}

KernelOr Make(tpu::MatMulOp op, Views) {
  if (op.getForm() != tpu::MatMulForm::conv) return MakeBatched(op);
  MatMulSpec spec;
  spec.m = tpu::ShapeOf(op.getInput())[0];
  spec.k = tpu::ShapeOf(op.getRight())[0];
  spec.n = tpu::ShapeOf(op.getRight())[1];
  spec.dtype = TypeOf(op.getInput());
  spec.has_bias = op.getBias() != nullptr;
  spec.ic_cuts = op.getIcCuts().vec();
  spec.relu = ReluOf(op);
  return MakeMatMulKernel(spec);
}

KernelOr Make(tpu::QuantizedMatMulOp op, Views) {
  MatMulSpec spec;
  spec.m = tpu::ShapeOf(op.getInput())[0];
  spec.k = tpu::ShapeOf(op.getRight())[0];
  spec.n = tpu::ShapeOf(op.getRight())[1];
  spec.dtype = TypeOf(op.getInput());
  spec.has_bias = true;
  spec.ic_cuts = op.getIcCuts().vec();
  spec.requant = TypeOf(op.getOutput());
  return MakeMatMulKernel(spec);
}

KernelOr Make(tpu::Pool2DOp op, Views) {
  PoolSpec spec;
  spec.input = DimsOf(op.getInput());
  spec.output = DimsOf(op.getOutput());
  spec.dtype = TypeOf(op.getInput());
  spec.is_max = op.getKind() == tpu::PoolKind::max;
  spec.scale = op.getScale().convertToDouble();
  spec.window =
      Window(op.getKernelShape(), op.getStrides(), op.getPads(), {1, 1});
  return MakePoolKernel(spec);
}

KernelOr Make(tpu::QuantizedAvgPool2DOp op, Views) {
  QuantizedAveragePoolSpec spec;
  spec.input = DimsOf(op.getInput());
  spec.output = DimsOf(op.getOutput());
  spec.dtype = TypeOf(op.getInput());
  spec.result = TypeOf(op.getOutput());
  spec.zero_point = ZeroPointOf(op.getInput());
  spec.window =
      Window(op.getKernelShape(), op.getStrides(), op.getPads(), {1, 1});
  spec.window.pad_bits = ConstantBits(spec.dtype, spec.zero_point);
  spec.multiplier = static_cast<int32_t>(op.getMultiplier());
  spec.shift = static_cast<int32_t>(op.getShift());
  spec.result_zero_point = ZeroPointOf(op.getOutput());
  return MakeQuantizedAveragePoolKernel(spec);
}

KernelOr Make(tpu::ReduceOp op, Views) {
  ReduceSpec spec;
  const llvm::ArrayRef<int64_t> shape = tpu::ShapeOf(op.getInput());
  spec.outer = shape[0];
  spec.length = shape[1];
  spec.inner = shape[2];
  spec.chunk = op.getChunk();
  spec.dtype = TypeOf(op.getInput());
  spec.is_max = op.getKind() == tpu::ReduceKind::max;
  spec.scale = op.getScale().convertToDouble();
  return MakeReduceKernel(spec);
}

BinaryKind KindOf(tpu::BinaryKind kind) {
  switch (kind) {
    case tpu::BinaryKind::add:
      return BinaryKind::kAdd;
    case tpu::BinaryKind::sub:
      return BinaryKind::kSub;
    case tpu::BinaryKind::mul:
      return BinaryKind::kMul;
    case tpu::BinaryKind::max:
      return BinaryKind::kMax;
    case tpu::BinaryKind::min:
      return BinaryKind::kMin;
    case tpu::BinaryKind::div:
      return BinaryKind::kDiv;
  }
  return BinaryKind::kAdd;
}

KernelOr Make(tpu::BinaryOp op, Views views) {
  BinarySpec spec;
  spec.shape = ShapeOf(op.getOutput());
  spec.lhs = ShapeOf(op.getLhs());
  spec.rhs = ShapeOf(op.getRhs());
  spec.dtype = TypeOf(op.getOutput());
  spec.kind = KindOf(op.getKind());
  spec.relu = ReluOf(op);
  spec.views = views;
  return MakeBinaryKernel(spec);
}

template <typename Op>
UnarySpec Unary(Op op, Views views) {
  return {ShapeOf(op.getOutput()), TypeOf(op.getInput()),
          TypeOf(op.getOutput()), views};
}

KernelOr Make(tpu::CastOp op, Views views) {
  return MakeCastKernel(Unary(op, views));
}

KernelOr Make(tpu::BinaryConstOp op, Views views) {
  return MakeBinaryConstKernel(Unary(op, views), KindOf(op.getKind()),
                               op.getConstVal().convertToDouble(),
                               op.getIsReversed());
}

KernelOr Make(tpu::ClipOp op, Views views) {
  return MakeClipKernel(Unary(op, views), op.getMin().convertToDouble(),
                        op.getMax().convertToDouble());
}

KernelOr Make(tpu::ExpOp op, Views views) {
  return MakeExpKernel(Unary(op, views));
}

KernelOr Make(tpu::QuantizeOp op, Views views) {
  QuantizeSpec spec;
  spec.unary = Unary(op, views);
  spec.scale =
      static_cast<float>(1.0 / tpu::QuantizationOf(op.getOutput()).getScale());
  spec.zero_point = ZeroPointOf(op.getOutput());
  return MakeQuantizeKernel(spec);
}

KernelOr Make(tpu::DequantizeOp op, Views views) {
  QuantizeSpec spec;
  spec.unary = Unary(op, views);
  spec.scale =
      static_cast<float>(tpu::QuantizationOf(op.getInput()).getScale());
  spec.zero_point = ZeroPointOf(op.getInput());
  return MakeDequantizeKernel(spec);
}

KernelOr Make(tpu::RequantOp op, Views views) {
  RequantSpec spec;
  spec.unary = Unary(op, views);
  spec.input_zero_point = ZeroPointOf(op.getInput());
  spec.scaling = {static_cast<int32_t>(op.getMultiplier()),
                  static_cast<int32_t>(op.getShift()),
                  ZeroPointOf(op.getOutput())};
  return MakeRequantKernel(spec);
}

KernelOr Make(tpu::LutOp op, Views views) {
  const bool per_channel = ShapeOf(op.getTable()).size() == 2;
  return MakeLutKernel(Unary(op, per_channel ? Views::kNatural : views),
                       per_channel);
}

KernelOr Make(tpu::QuantizedBinaryOp op, Views views) {
  QuantizedBinarySpec spec;
  spec.shape = ShapeOf(op.getOutput());
  spec.output = TypeOf(op.getOutput());
  spec.adds = op.getKind() == tpu::QuantizedBinaryKind::add;
  const llvm::ArrayRef<int64_t> multipliers = op.getMultipliers();
  const mlir::Value values[] = {op.getLhs(), op.getRhs()};
  for (int k = 0; k < 2; ++k) {
    QuantizedBinarySpec::Operand& operand = spec.operands[k];
    operand.shape = ShapeOf(values[k]);
    operand.dtype = TypeOf(values[k]);
    operand.zero_point = ZeroPointOf(values[k]);
    operand.multiplier = spec.adds ? static_cast<int32_t>(multipliers[k]) : 1;
  }
  spec.scaling = {spec.adds ? 1 : static_cast<int32_t>(multipliers[0]),
                  static_cast<int32_t>(op.getShift()),
                  ZeroPointOf(op.getOutput())};
  spec.views = views;
  return MakeQuantizedBinaryKernel(spec);
}

KernelOr Make(tpu::PermuteOp op, Views) {
  return MakeViewCopyKernel({ViewOf(op), TypeOf(op.getOutput())});
}

KernelOr Make(tpu::SliceOp op, Views) {
  return MakeViewCopyKernel({ViewOf(op), TypeOf(op.getOutput())});
}

KernelOr Make(tpu::AbsOp op, Views views) {
  return MakeAbsKernel(Unary(op, views));
}

KernelOr Make(tpu::RsqrtOp op, Views views) {
  return MakeRsqrtKernel(Unary(op, views));
}

KernelOr Make(tpu::LogOp op, Views views) {
  return MakeLogKernel(Unary(op, views));
}

KernelOr Make(tpu::ErfSeriesOp op, Views views) {
  return MakeErfSeriesKernel(Unary(op, views));
}

KernelOr Make(tpu::ConcatOp op, Views) {
  ConcatSpec spec;
  for (mlir::Value input : op.getInputs())
    spec.inputs.push_back(ShapeOf(input));
  spec.axis = op.getAxis();
  spec.dtype = TypeOf(op.getOutput());
  return MakeConcatKernel(spec);
}

KernelOr Make(tpu::IndexSelectOp op, Views) {
  IndexSelectSpec spec;
  spec.input = DimsOf(op.getInput());
  spec.rows = op.getRows().vec();
  spec.columns = op.getColumns().vec();
  spec.dtype = TypeOf(op.getOutput());
  return MakeIndexSelectKernel(spec);
}

}  // namespace

KernelOr MakeKernel(mlir::Operation* op, Views views) {
  return llvm::TypeSwitch<mlir::Operation*, KernelOr>(op)
      .Case<tpu::Conv2DOp, tpu::MatMulOp, tpu::Pool2DOp, tpu::ReduceOp,
            tpu::BinaryOp, tpu::BinaryConstOp, tpu::CastOp, tpu::ClipOp,
            tpu::QuantizeOp, tpu::DequantizeOp, tpu::RequantOp, tpu::LutOp,
            tpu::QuantizedConv2DOp, tpu::QuantizedMatMulOp,
            tpu::QuantizedAvgPool2DOp, tpu::QuantizedBinaryOp, tpu::ExpOp,
            tpu::AbsOp, tpu::RsqrtOp, tpu::LogOp, tpu::ErfSeriesOp,
            tpu::PermuteOp, tpu::SliceOp, tpu::ConcatOp, tpu::IndexSelectOp>(
          [&](auto typed) { return Make(typed, views); })
      .Default([](mlir::Operation* other) {
        return absl::UnimplementedError(
            absl::StrCat("operation ", other->getName().getStringRef().str(),
                         " has no kernel for bm1684x"));
      });
}

}  // namespace tpuc::bm1684x
