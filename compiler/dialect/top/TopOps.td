// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_DIALECT_TOP_TOPOPS_TD
#define TPUC_DIALECT_TOP_TOPOPS_TD

include "compiler/dialect/top/TopDialect.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Top_Op<string mnemonic, list<Trait> traits = []>
    : Op<Top_Dialect, mnemonic, !listconcat([Pure], traits)>;

// Quantized types are those of lowered networks' inputs.
def Top_QuantizedElement
    : Type<CPred<"::mlir::isa<::mlir::quant::UniformQuantizedType>($_self)">,
           "uniformly quantized integer">;
def Top_Tensor : StaticShapeTensorOf<[F32, F16, BF16, I8, I32, I64,
                                      Top_QuantizedElement]>;

// `%y = top.X %a, %b {attributes} : (types) -> type`
defvar Top_Format = "operands attr-dict `:` functional-type(operands, results)";
// For operations whose result has the operand's type.
defvar Top_SameTypeFormat = "$input attr-dict `:` type($output)";

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

def Top_InputOp : Top_Op<"Input", [SameOperandsAndResultType]> {
  let summary = "A named input of the network";
  let description = "The identity; its name is the input's name in the source model.";
  let arguments = (ins Top_Tensor:$input);
  let results = (outs Top_Tensor:$output);
  let assemblyFormat = Top_SameTypeFormat;
}

def Top_WeightOp : Op<Top_Dialect, "Weight"> {
  let summary = "A constant tensor, kept by its name in the weight store";
  let description = [{
    Two weights of one type differ in their locations only, so this operation
    allocates its result: unused ones are removed, but none is ever merged with
    another one.
  }];
  let results = (outs Res<Top_Tensor, "", [MemAlloc]>:$output);
  let hasVerifier = 1;
  let assemblyFormat = "attr-dict `:` type($output)";
}

//===----------------------------------------------------------------------===//
// Layers with weights
//===----------------------------------------------------------------------===//

def Top_ConvOp : Top_Op<"Conv"> {
  let summary = "2-D convolution (cross-correlation) over NCHW";
  let description = [{
    input [N, IC, IH, IW]; filter [OC, IC/group, KH, KW]; bias [OC];
    output [N, OC, OH, OW]. `pads` is top, left, bottom, right.
    With `do_relu` the result is clamped below at 0 and, where `relu_limit` >= 0,
    above at `relu_limit`.
  }];
  let arguments = (ins Top_Tensor:$input, Top_Tensor:$filter,
    Optional<Top_Tensor>:$bias,
    DenseI64ArrayAttr:$kernel_shape, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
    DefaultValuedAttr<I64Attr, "1">:$group,
    DefaultValuedAttr<BoolAttr, "false">:$do_relu,
    DefaultValuedAttr<F64Attr, "-1.0">:$relu_limit);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}

def Top_ConvTransposeOp : Top_Op<"ConvTranspose"> {
  let summary = "2-D transposed convolution over NCHW";
  let description = [{
    input [N, IC, IH, IW]; filter [IC, OC/group, KH, KW]; bias [OC];
    output [N, OC, OH, OW] with OH = (IH - 1) * stride + (KH - 1) * dilation + 1
    - top - bottom + output_padding, OW alike. Input element i adds its multiple of
    tap k to output element i * stride + k * dilation - top. `pads` (top, left,
    bottom, right) are cut off the result; `output_padding` (rows, columns) moves
    its end further out again. Clamped as Conv is.
  }];
  let arguments = (ins Top_Tensor:$input, Top_Tensor:$filter,
    Optional<Top_Tensor>:$bias,
    DenseI64ArrayAttr:$kernel_shape, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
    DenseI64ArrayAttr:$output_padding,
    DefaultValuedAttr<I64Attr, "1">:$group,
    DefaultValuedAttr<BoolAttr, "false">:$do_relu,
    DefaultValuedAttr<F64Attr, "-1.0">:$relu_limit);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}

def Top_MatMulOp : Top_Op<"MatMul"> {
  let summary = "Matrix product over the last two dimensions, batched over the others";
  let description = [{
    input [..., M, K], right [..., K, N] ([..., N, K] with `right_transpose`),
    bias [N]; output [..., M, N].
  }];
  let arguments = (ins Top_Tensor:$input, Top_Tensor:$right,
    Optional<Top_Tensor>:$bias,
    DefaultValuedAttr<BoolAttr, "false">:$right_transpose,
    DefaultValuedAttr<BoolAttr, "false">:$do_relu,
    DefaultValuedAttr<F64Attr, "-1.0">:$relu_limit);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}

def Top_ScaleOp : Top_Op<"Scale"> {
  let summary = "Per-channel affine map: y = x * scale[c] + bias[c]";
  let description = [{
    What batch normalization is at inference time:
    scale = gamma / sqrt(var + eps), bias = beta - mean * scale.
    Channels are dimension 1.
  }];
  let arguments = (ins Top_Tensor:$input, Top_Tensor:$scale, Top_Tensor:$bias);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}

def Top_LayerNormOp : Top_Op<"LayerNorm"> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * scale + bias";
  let description = [{
    Mean and variance (of all elements, not of a sample) over the dimensions from
    `axis` (non-negative) on. `affine`: nothing, scale, or scale and bias, of the
    shape of these dimensions.
  }];
  let arguments = (ins Top_Tensor:$input, Variadic<Top_Tensor>:$affine,
    I64Attr:$axis, F64Attr:$epsilon);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}

def Top_LRNOp : Top_Op<"LRN", [SameOperandsAndResultType]> {
  let summary = "x / (bias + alpha / size * (sum of x^2 over `size` channels))^beta";
  let description = [{
    The channels (dimension 1) around that of the element: (size - 1) / 2 in front of
    it, size / 2 behind it.
  }];
  let arguments = (ins Top_Tensor:$input, I64Attr:$size, F64Attr:$alpha,
    F64Attr:$beta, F64Attr:$bias);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let assemblyFormat = Top_SameTypeFormat;
}

//===----------------------------------------------------------------------===//
// Pooling and reductions
//===----------------------------------------------------------------------===//

class Top_PoolOp<string mnemonic> : Top_Op<mnemonic> {
  dag baseArguments = (ins Top_Tensor:$input,
    DenseI64ArrayAttr:$kernel_shape, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$pads);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let assemblyFormat = Top_Format;
}

def Top_MaxPoolOp : Top_PoolOp<"MaxPool"> {
  let summary = "Maximum over windows; pads (top, left, bottom, right) never win";
  let arguments = baseArguments;
}

def Top_AvgPoolOp : Top_PoolOp<"AvgPool"> {
  let summary = "Mean over windows; a global pool has kernel_shape = [IH, IW]";
  let arguments = !con(baseArguments,
    (ins DefaultValuedAttr<BoolAttr, "false">:$count_include_pad));
}

def Top_ReduceOp : Top_Op<"Reduce"> {
  let summary = "Reduction along `axes` (ascending), which keep extent 1";
  let description = [{
    `mode`: mean, sum, max, min, or l2, the root of the sum of squares.
  }];
  let arguments = (ins Top_Tensor:$input, StrAttr:$mode,
    DenseI64ArrayAttr:$axes);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let assemblyFormat = Top_Format;
}

def Top_SoftmaxOp : Top_Op<"Softmax", [SameOperandsAndResultType]> {
  let summary = "exp(x - max) / sum(exp(x - max)) along `axis` (non-negative)";
  let arguments = (ins Top_Tensor:$input, I64Attr:$axis);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let assemblyFormat = Top_SameTypeFormat;
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

class Top_BinaryOp<string mnemonic, string what> : Top_Op<mnemonic> {
  let summary = what # " with numpy broadcasting";
  let arguments = (ins Top_Tensor:$lhs, Top_Tensor:$rhs,
    DefaultValuedAttr<BoolAttr, "false">:$do_relu,
    DefaultValuedAttr<F64Attr, "-1.0">:$relu_limit);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}
def Top_AddOp : Top_BinaryOp<"Add", "lhs + rhs">;
def Top_SubOp : Top_BinaryOp<"Sub", "lhs - rhs">;
def Top_MulOp : Top_BinaryOp<"Mul", "lhs * rhs">;
def Top_DivOp : Top_BinaryOp<"Div", "lhs / rhs">;
def Top_MaxOp : Top_BinaryOp<"Max", "the larger of lhs and rhs">;
def Top_MinOp : Top_BinaryOp<"Min", "the smaller of lhs and rhs">;

class Top_ConstOp<string mnemonic, string what>
    : Top_Op<mnemonic, [SameOperandsAndResultType]> {
  let summary = what # " with a scalar constant";
  let arguments = (ins Top_Tensor:$input, F64Attr:$const_val);
  let results = (outs Top_Tensor:$output);
  let assemblyFormat = Top_SameTypeFormat;
}
def Top_AddConstOp : Top_ConstOp<"AddConst", "x + c"> {
  let hasCanonicalizer = 1;
}
def Top_MulConstOp : Top_ConstOp<"MulConst", "x * c"> {
  let hasCanonicalizer = 1;
}

class Top_UnaryOp<string mnemonic, string what>
    : Top_Op<mnemonic, [SameOperandsAndResultType]> {
  let summary = what;
  dag inputArgument = (ins Top_Tensor:$input);
  let arguments = inputArgument;
  let results = (outs Top_Tensor:$output);
  let assemblyFormat = Top_SameTypeFormat;
}
def Top_ReluOp : Top_UnaryOp<"Relu", "max(x, 0), then min(x, relu_limit) where it is >= 0"> {
  let arguments = !con(inputArgument, (ins DefaultValuedAttr<F64Attr, "-1.0">:$relu_limit));
  let hasCanonicalizer = 1;
}
def Top_ClipOp : Top_UnaryOp<"Clip", "min(max(x, min), max)"> {
  let arguments = !con(inputArgument, (ins F64Attr:$min, F64Attr:$max));
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}
def Top_HardSigmoidOp : Top_UnaryOp<"HardSigmoid", "max(0, min(1, alpha * x + beta))"> {
  let arguments = !con(inputArgument, (ins F64Attr:$alpha, F64Attr:$beta));
}
def Top_HardSwishOp : Top_UnaryOp<"HardSwish", "x * max(0, min(6, x + 3)) / 6">;
def Top_SigmoidOp : Top_UnaryOp<"Sigmoid", "1 / (1 + exp(-x))">;
def Top_SiLUOp : Top_UnaryOp<"SiLU", "x / (1 + exp(-x))">;
def Top_AbsOp : Top_UnaryOp<"Abs", "x without its sign">;
def Top_SqrtOp : Top_UnaryOp<"Sqrt", "square root">;
def Top_ReciprocalOp : Top_UnaryOp<"Reciprocal", "1 / x">;
def Top_TanhOp : Top_UnaryOp<"Tanh", "hyperbolic tangent">;
def Top_EluOp : Top_UnaryOp<"Elu", "x where x > 0, else alpha * (exp(x) - 1)"> {
  let arguments = !con(inputArgument, (ins F64Attr:$alpha));
}
def Top_LeakyReluOp : Top_UnaryOp<"LeakyRelu", "x where x > 0, else alpha * x"> {
  let arguments = !con(inputArgument, (ins F64Attr:$alpha));
}
def Top_ExpOp : Top_UnaryOp<"Exp", "e to the x">;
def Top_LogOp : Top_UnaryOp<"Log", "natural logarithm">;
def Top_SoftplusOp : Top_UnaryOp<"Softplus", "ln(1 + exp(x))">;
def Top_ErfOp : Top_UnaryOp<"Erf", "error function">;
def Top_GeluOp : Top_UnaryOp<"Gelu", "x / 2 * (1 + erf(x / sqrt(2)))">;

def Top_PReluOp : Top_Op<"PRelu"> {
  let summary = "x where x > 0, else x * slope, which broadcasts to x";
  let arguments = (ins Top_Tensor:$input, Top_Tensor:$slope);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let assemblyFormat = Top_Format;
}

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

def Top_ReshapeOp : Top_Op<"Reshape"> {
  let summary = "The same elements under the result's shape";
  let arguments = (ins Top_Tensor:$input);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

def Top_PermuteOp : Top_Op<"Permute"> {
  let summary = "Dimensions in another order: result dimension i is input dimension order[i]";
  let arguments = (ins Top_Tensor:$input, DenseI64ArrayAttr:$order);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}

def Top_SliceOp : Top_Op<"Slice"> {
  let summary = "Elements at even distances: output[i, ..] = input[starts[0] + i * steps[0], ..]";
  let description = [{
    `starts` and `steps` have one value a dimension, the result's shape says how
    many elements are taken. A negative step reverses, a step of 0 repeats. All
    elements lie inside the input.
  }];
  let arguments = (ins Top_Tensor:$input, DenseI64ArrayAttr:$starts,
    DenseI64ArrayAttr:$steps);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}

def Top_PadOp : Top_Op<"Pad"> {
  let summary = "The input with elements `value` around it";
  let description = [{
    `pads`: how many in front of each dimension, then how many behind each.
  }];
  let arguments = (ins Top_Tensor:$input, DenseI64ArrayAttr:$pads,
    DefaultValuedAttr<F64Attr, "0.0">:$value);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}

def Top_ConcatOp : Top_Op<"Concat"> {
  let summary = "The inputs one behind the other along `axis` (non-negative)";
  let arguments = (ins Variadic<Top_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let assemblyFormat = Top_Format;
}

def Top_ResizeOp : Top_Op<"Resize"> {
  let summary = "Interpolation along the last two dimensions of [N, C, H, W]";
  let description = [{
    As ONNX defines it. `mode`: nearest, linear or cubic (with `cubic_coeff_a`;
    `exclude_outside` drops taps beyond the edges instead of repeating the edge).
    `coordinate_mode` says where an output element lies in the input: half_pixel,
    half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric or
    tf_half_pixel_for_nn. `nearest_mode`: round_prefer_floor, round_prefer_ceil,
    floor or ceil. `scales` (rows, columns) are those of the model, which may
    differ a little from the quotients of output and input extents.
    `InterpolationAlong` (resize.h) has the formulas.
  }];
  let arguments = (ins Top_Tensor:$input, DenseF64ArrayAttr:$scales,
    DefaultValuedAttr<StrAttr, "\"nearest\"">:$mode,
    DefaultValuedAttr<StrAttr, "\"half_pixel\"">:$coordinate_mode,
    DefaultValuedAttr<StrAttr, "\"round_prefer_floor\"">:$nearest_mode,
    DefaultValuedAttr<F64Attr, "-0.75">:$cubic_coeff_a,
    DefaultValuedAttr<BoolAttr, "false">:$exclude_outside);
  let results = (outs Top_Tensor:$output);
  let hasVerifier = 1;
  let assemblyFormat = Top_Format;
}

#endif
