// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_CONVERSION_TOPTOTPU_PASSES_TD
#define TPUC_CONVERSION_TOPTOTPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTopToTpu : Pass<"convert-top-to-tpu", "::mlir::ModuleOp"> {
  let summary = "Lower the top dialect to the tpu dialect in a float type";
  let description = [{
    Every operation of `main` becomes the tpu operations that compute it on the
    chip. The last of them keeps the name of the tensor; the others get that name
    with a suffix. The function's inputs and outputs stay f32. With F16 or BF16
    values are stored in 16 bits, weights are rounded half to even into new
    weights, and casts to f32 surround what needs it: exponentials, divisions,
    means of more than 16 terms; for BF16 also depthwise convolutions and
    activations in several steps. Operations without a lowering are all reported.
  }];
  let options = [
    Option<"mode", "mode", "std::string", "\"F32\"",
           "Type of the values: F32, F16 or BF16">,
  ];
  let dependentDialects = ["::tpuc::top::TopDialect", "::tpuc::tpu::TpuDialect"];
}

#endif
