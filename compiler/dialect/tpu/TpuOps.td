// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_DIALECT_TPU_TPUOPS_TD
#define TPUC_DIALECT_TPU_TPUOPS_TD

include "compiler/dialect/tpu/TpuDialect.td"
include "compiler/dialect/tpu/TpuGroupOps.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tpu_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tpu_Dialect, mnemonic, !listconcat([Pure], traits)>;

// Operations on whole tensors all print alike: operands, attributes that are
// not at their default, types.
class Tpu_TensorOp<string mnemonic> : Tpu_Op<mnemonic> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// !quant.uniform<i8:f32, S:Z> or <u8:f32, S>: the number (q - Z) * S.
def Tpu_QuantizedElement
    : Type<CPred<"::mlir::isa<::mlir::quant::UniformQuantizedType>($_self)">,
           "uniformly quantized 8-bit integer">;

def Tpu_Tensor : RankedTensorOf<[F32, F16, BF16, I8, UI8, I16, I32,
                                 Tpu_QuantizedElement]>;
def Tpu_QuantizedTensor : RankedTensorOf<[Tpu_QuantizedElement]>;

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

def Tpu_ConvForm : I32EnumAttr<"ConvForm", "instruction that does a convolution", [
    I32EnumAttrCase<"conv", 0>, I32EnumAttrCase<"depthwise", 1>]> {
  let cppNamespace = "::tpuc::tpu";
}
def Tpu_MatMulForm : I32EnumAttr<"MatMulForm", "instruction that does a matrix product", [
    I32EnumAttrCase<"conv", 0>, I32EnumAttrCase<"left_conv", 1>,
    I32EnumAttrCase<"mm2", 2>]> {
  let cppNamespace = "::tpuc::tpu";
}
def Tpu_PoolKind : I32EnumAttr<"PoolKind", "what a window is reduced to", [
    I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"avg", 1>]> {
  let cppNamespace = "::tpuc::tpu";
}
def Tpu_ReduceKind : I32EnumAttr<"ReduceKind", "what a chunk is reduced to", [
    I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"sum", 1>]> {
  let cppNamespace = "::tpuc::tpu";
}
def Tpu_BinaryKind : I32EnumAttr<"BinaryKind", "elementwise operation of two operands", [
    I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"sub", 1>, I32EnumAttrCase<"mul", 2>,
    I32EnumAttrCase<"max", 3>, I32EnumAttrCase<"min", 4>, I32EnumAttrCase<"div", 5>]> {
  let cppNamespace = "::tpuc::tpu";
}

def Tpu_QuantizedBinaryKind : I32EnumAttr<"QuantizedBinaryKind",
    "elementwise operation of two quantized operands", [
    I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"mul", 1>]> {
  let cppNamespace = "::tpuc::tpu";
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

def Tpu_CastOp : Tpu_TensorOp<"Cast"> {
  let summary = "AR cast (eu 14), rounding half to even between floats";
  let arguments = (ins Tpu_Tensor:$input);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_Conv2DOp : Tpu_TensorOp<"Conv2D"> {
  let summary = "CONV, or depthwise PorD";
  let description = [{
    input [N, IC, IH, IW]; filter [OC, IC/group, KH, KW]; output [N, OC, OH, OW].
    `inserts`: zeros (rows, columns) between neighbours of the input, before it is
    padded; a transposed convolution is one with inserts = stride - 1.
    `form` = conv: bias is f32 [OC]; order of accumulation as CONV's
    (docs/isa/bm1684x.md c.2). With a `group` above 1, each group of channels has CONV
    instructions of its own; with `interleave`, channel i of group g is channel
    i * group + g of the output, not g * OC/group + i. `form` = depthwise: group = IC = OC, bias has the data's
    type, accumulation as PorD's (c.3).
    `ic_cuts`: ascending indices of a group's input channels at which the accumulation
    is cut into several CONV instructions chained by `res_add` into f32 (f16/bf16 only,
    multiples of 32). The rounded result is then clamped by `do_relu`/`relu_limit`
    (AR max with 0, AR min with the limit) in the result's type.
  }];
  let arguments = (ins Tpu_Tensor:$input, Tpu_Tensor:$filter,
    Optional<Tpu_Tensor>:$bias,
    DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
    DenseI64ArrayAttr:$dilations,
    DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0}">:$inserts,
    DefaultValuedAttr<I64Attr, "1">:$group,
    DefaultValuedAttr<Tpu_ConvForm, "::tpuc::tpu::ConvForm::conv">:$form,
    DefaultValuedAttr<BoolAttr, "false">:$interleave,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$ic_cuts,
    DefaultValuedAttr<BoolAttr, "false">:$do_relu,
    DefaultValuedAttr<F64Attr, "-1.0">:$relu_limit);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_MatMulOp : Tpu_TensorOp<"MatMul"> {
  let summary = "Matrix product";
  let description = [{
    `form` = conv: input [M, K], right [K, N] (a `top.Weight`), bias f32 [N]; output
    [M, N]. A 1x1 CONV with K input channels, N output channels and M pixels.
    The other forms have neither bias nor constant: input [B, M, K], right [B, K, N]
    ([B, N, K] with `right_transpose`), where either B may be 1 instead; output
    [B, M, N]. `form` = left_conv, f32: for each of B a 1x1 CONV whose filters are
    the rows of the input. `form` = mm2, f16 and bf16: for each of B an MM2.
    Accumulation as CONV's and MM2's, which is the same (docs/isa/bm1684x.md, c.2
    and c.5), with cuts of K as Conv2D has them. Clamped like Conv2D.
  }];
  let arguments = (ins Tpu_Tensor:$input, Tpu_Tensor:$right,
    Optional<Tpu_Tensor>:$bias,
    DefaultValuedAttr<BoolAttr, "false">:$right_transpose,
    DefaultValuedAttr<Tpu_MatMulForm, "::tpuc::tpu::MatMulForm::conv">:$form,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$ic_cuts,
    DefaultValuedAttr<BoolAttr, "false">:$do_relu,
    DefaultValuedAttr<F64Attr, "-1.0">:$relu_limit);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_Pool2DOp : Tpu_TensorOp<"Pool2D"> {
  let summary = "PorD pooling (eu 1 average, eu 4 maximum)";
  let description = [{
    input [N, C, IH, IW]. avg: every element is multiplied by `scale` (rounded to the
    element type) and accumulated in the element type as PorD does (c.3), pads count
    as zeros. max: pads are the lowest finite value.
  }];
  let arguments = (ins Tpu_Tensor:$input, Tpu_PoolKind:$kind,
    DenseI64ArrayAttr:$kernel_shape, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$pads, DefaultValuedAttr<F64Attr, "1.0">:$scale);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_ReduceOp : Tpu_TensorOp<"Reduce"> {
  let summary = "Reduction of chunks along the middle of [outer, length, inner]";
  let description = [{
    output [outer, ceil(length / chunk), inner]; chunk i covers elements
    [i * chunk, min((i + 1) * chunk, length)). One PorD instruction reduces a chunk:
    sum (average pooling with `scale`) with PorD's order of accumulation, max as max
    pooling. `select-forms` limits `chunk` to what one pass holds and adds the
    reductions that combine the parts.
  }];
  let arguments = (ins Tpu_Tensor:$input, Tpu_ReduceKind:$kind, I64Attr:$chunk,
    DefaultValuedAttr<F64Attr, "1.0">:$scale);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_BinaryOp : Tpu_TensorOp<"Binary"> {
  let summary = "AR on two tensors of one float type, with numpy broadcasting";
  let description = [{
    div is f32 only: the chip's division with three Newton steps (c.1, eu 12).
    The rounded result is clamped by `do_relu`/`relu_limit`.
  }];
  let arguments = (ins Tpu_Tensor:$lhs, Tpu_Tensor:$rhs, Tpu_BinaryKind:$kind,
    DefaultValuedAttr<BoolAttr, "false">:$do_relu,
    DefaultValuedAttr<F64Attr, "-1.0">:$relu_limit);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_BinaryConstOp : Tpu_TensorOp<"BinaryConst"> {
  let summary = "AR on a tensor and an immediate, which is rounded to the tensor's type";
  let description = "x op c, or c op x with `is_reversed` (sub, div).";
  let arguments = (ins Tpu_Tensor:$input, Tpu_BinaryKind:$kind, F64Attr:$const_val,
    DefaultValuedAttr<BoolAttr, "false">:$is_reversed);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_ClipOp : Tpu_TensorOp<"Clip"> {
  let summary = "AR max with `min`, then AR min with `max`";
  let arguments = (ins Tpu_Tensor:$input, F64Attr:$min, F64Attr:$max);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_ExpOp : Tpu_TensorOp<"Exp"> {
  let summary = "exp by the steps of compiler/numerics/exp_recipe.h, f32 only";
  let arguments = (ins Tpu_Tensor:$input);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_AbsOp : Tpu_TensorOp<"Abs"> {
  let summary = "AR abs of floats";
  let arguments = (ins Tpu_Tensor:$input);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_RsqrtOp : Tpu_TensorOp<"Rsqrt"> {
  let summary = "SFU rsqrt with three Newton steps, f32 only";
  let description = [{
    Finite for +0 (4.459e19); infinities and negative numbers give no root
    (docs/isa/bm1684x.md c.7).
  }];
  let arguments = (ins Tpu_Tensor:$input);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_LogOp : Tpu_TensorOp<"Log"> {
  let summary = "ln by the steps of compiler/numerics/log_recipe.h, f32 only";
  let arguments = (ins Tpu_Tensor:$input);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_ErfSeriesOp : Tpu_TensorOp<"ErfSeries"> {
  let summary = "The polynomial of erf (compiler/numerics/log_recipe.h), f32 only";
  let arguments = (ins Tpu_Tensor:$input);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_ReshapeOp : Tpu_TensorOp<"Reshape"> {
  let summary = "The same elements under the result's shape; no instruction";
  let arguments = (ins Tpu_Tensor:$input);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_PermuteOp : Tpu_TensorOp<"Permute"> {
  let summary = "Dimensions in another order, copied from DDR to DDR";
  let description = "Result dimension i is input dimension order[i].";
  let arguments = (ins Tpu_Tensor:$input, DenseI64ArrayAttr:$order);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_SliceOp : Tpu_TensorOp<"Slice"> {
  let summary = "Elements at even distances: output[i, ..] = input[starts[0] + i * steps[0], ..]";
  let description = [{
    A negative step reverses, a step of 0 repeats. Copied from DDR to DDR. Where the
    result is one piece of the input's memory it is that piece, and no instruction.
  }];
  let arguments = (ins Tpu_Tensor:$input, DenseI64ArrayAttr:$starts,
    DenseI64ArrayAttr:$steps);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_ConcatOp : Tpu_TensorOp<"Concat"> {
  let summary = "The inputs one behind the other along `axis`";
  let description = [{
    Copied from DDR to DDR, except for those that `assign-global-memory` has
    placed where they belong.
  }];
  let arguments = (ins Variadic<Tpu_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_IndexSelectOp : Tpu_TensorOp<"IndexSelect"> {
  let summary = "Chosen rows and columns, by AR copies, which keep every bit";
  let description = [{
    output[n, c, y, x] = input[n, c, rows[y], columns[x]]. Cheap where indices repeat
    or advance evenly.
  }];
  let arguments = (ins Tpu_Tensor:$input, DenseI64ArrayAttr:$rows,
    DenseI64ArrayAttr:$columns);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Operations on quantized tensors
//
// "requant(a, m, s, Z)" is RQ of mode rq1 (docs/isa/bm1684x.md, c.6): a * m
// shifted by s (right where s is negative, rounding half up), plus the result's zero
// point Z, saturated to the result's 8 bits. A per-channel table of it has the
// columns multiplier, shift, zero point.
//===----------------------------------------------------------------------===//

def Tpu_QuantizeOp : Tpu_TensorOp<"Quantize"> {
  let summary = "Float to quantized: saturate(round(x * f32(1 / S)) + Z)";
  let description = [{
    16-bit floats are widened first. The product is f32; it is rounded half away
    from zero to int32. An unsigned result has zero point 0.
  }];
  let arguments = (ins Tpu_Tensor:$input);
  let results = (outs Tpu_QuantizedTensor:$output);
  let hasVerifier = 1;
}

def Tpu_DequantizeOp : Tpu_TensorOp<"Dequantize"> {
  let summary = "Quantized to float: f32(q - Z) * f32(S), DQ of mode dq0";
  let description = "A 16-bit result is rounded half to even from that.";
  let arguments = (ins Tpu_QuantizedTensor:$input);
  let results = (outs Tpu_Tensor:$output);
  let hasVerifier = 1;
}

def Tpu_RequantOp : Tpu_TensorOp<"Requant"> {
  let summary = "To another scale: requant(q - Zx, multiplier, shift, Zy)";
  let arguments = (ins Tpu_QuantizedTensor:$input, I64Attr:$multiplier,
    I64Attr:$shift);
  let results = (outs Tpu_QuantizedTensor:$output);
  let hasVerifier = 1;
}

def Tpu_LutOp : Tpu_TensorOp<"Lut"> {
  let summary = "Any function of one element: table[q & 255], SG (c.8)";
  let description = [{
    table: the bytes of the results, i8 [256], or [C, 256] with one for each channel of
    [N, C, H, W].
  }];
  let arguments = (ins Tpu_QuantizedTensor:$input, Tpu_Tensor:$table);
  let results = (outs Tpu_QuantizedTensor:$output);
  let hasVerifier = 1;
}

def Tpu_QuantizedConv2DOp : Tpu_TensorOp<"QuantizedConv2D"> {
  let summary = "CONV or depthwise PorD of 8 bits, bias, requantisation";
  let description = [{
    input [N, IC, IH, IW]; filter i8 [OC, IC/group, KH, KW]; bias i32 [OC]; requant
    i32 [OC, 3]; output [N, OC, OH, OW]. requant(sum of q * w + bias): the sum is
    exact in int32 and wraps. Pads hold the input's zero point; the bias has to make up for
    it, less Z times the sum of the filter. `inserts` and `form` as Conv2D has them;
    inserted zeros are 0, so that they need a zero point of 0.
    `ic_cuts`: multiples of 64, free, as integer sums are exact.
  }];
  let arguments = (ins Tpu_QuantizedTensor:$input, Tpu_Tensor:$filter,
    Tpu_Tensor:$bias, Tpu_Tensor:$requant,
    DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
    DenseI64ArrayAttr:$dilations,
    DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0}">:$inserts,
    DefaultValuedAttr<I64Attr, "1">:$group,
    DefaultValuedAttr<Tpu_ConvForm, "::tpuc::tpu::ConvForm::conv">:$form,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$ic_cuts);
  let results = (outs Tpu_QuantizedTensor:$output);
  let hasVerifier = 1;
}

def Tpu_QuantizedMatMulOp : Tpu_TensorOp<"QuantizedMatMul"> {
  let summary = "1x1 CONV of 8 bits with a constant right side, bias, requantisation";
  let description = [{
    input [M, K]; right i8 [K, N]; bias i32 [N]; requant i32 [N, 3]; output [M, N]. Like
    QuantizedConv2D with K input channels, N output channels and M pixels.
  }];
  let arguments = (ins Tpu_QuantizedTensor:$input, Tpu_Tensor:$right,
    Tpu_Tensor:$bias, Tpu_Tensor:$requant,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$ic_cuts);
  let results = (outs Tpu_QuantizedTensor:$output);
  let hasVerifier = 1;
}

def Tpu_QuantizedAvgPool2DOp : Tpu_TensorOp<"QuantizedAvgPool2D"> {
  let summary = "Sum of a window (depthwise PorD with ones), requantised";
  let description = [{
    input [N, C, IH, IW]. requant(sum of q - Zx over the window, multiplier, shift); pads
    hold Zx. The multiplier contains the division by the window's size.
  }];
  let arguments = (ins Tpu_QuantizedTensor:$input,
    DenseI64ArrayAttr:$kernel_shape, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$pads, I64Attr:$multiplier, I64Attr:$shift);
  let results = (outs Tpu_QuantizedTensor:$output);
  let hasVerifier = 1;
}

def Tpu_QuantizedBinaryOp : Tpu_TensorOp<"QuantizedBinary"> {
  let summary = "Sum or product of two quantized tensors, with numpy broadcasting";
  let description = [{
    add: requant(m0 * (a - Za) + m1 * (b - Zb), 1, shift) with two `multipliers` of
    16 bits, summed in int32. mul: requant((a - Za) * (b - Zb), m, shift) with one
    multiplier. A constant operand is i8 with zero point 0; its scale is in the
    multipliers.
  }];
  let arguments = (ins Tpu_Tensor:$lhs, Tpu_Tensor:$rhs,
    Tpu_QuantizedBinaryKind:$kind, DenseI64ArrayAttr:$multipliers,
    I64Attr:$shift);
  let results = (outs Tpu_QuantizedTensor:$output);
  let hasVerifier = 1;
}

#endif
