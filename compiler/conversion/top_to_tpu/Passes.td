// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_CONVERSION_TOPTOTPU_PASSES_TD
#define TPUC_CONVERSION_TOPTOTPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTopToTpu : Pass<"convert-top-to-tpu", "::mlir::ModuleOp"> {
  let summary = "Lower the top dialect to the tpu dialect in an arithmetic";
  let description = [{
    Every operation of `main` becomes the tpu operations that compute it on the
    chip. The last of them keeps the name of the tensor; the others get that name
    with a suffix. The function's inputs and outputs stay f32
    unless the options say otherwise. With F16 or BF16
    values are stored in 16 bits, weights are rounded half to even into new
    weights, and casts to f32 surround what needs it: exponentials, divisions,
    means of more than 16 terms; for BF16 also depthwise convolutions and
    activations in several steps. Operations without a lowering are all reported.

    In INT8 tensors have quantized types, from the ranges of the calibration table:
    convolutions and products with constants have integer filters with a scale for
    each output channel, functions of one element become tables. What moves elements keeps
    the type of its operand; what has no useful integer form is computed in F16.
    The quantization table gives operators other modes. Conversions between the modes stand where an
    operand needs them.
  }];
  let options = [
    Option<"mode", "mode", "std::string", "\"F32\"",
           "Arithmetic: F32, F16, BF16 or INT8">,
    Option<"calibrationTable", "calibration-table", "std::string", "\"\"",
           "File with the tensors' ranges, for INT8">,
    Option<"quantizeTable", "quantize-table", "std::string", "\"\"",
           "File with operators that have a mode of their own">,
    Option<"asymmetric", "asymmetric", "bool", "false",
           "Use zero points where tensors have negative numbers">,
    Option<"quantInput", "quant-input", "bool", "false",
           "The network takes 8-bit integers">,
    Option<"quantOutput", "quant-output", "bool", "false",
           "The network gives 8-bit integers">,
  ];
  let dependentDialects = ["::tpuc::top::TopDialect", "::tpuc::tpu::TpuDialect"];
}

#endif
