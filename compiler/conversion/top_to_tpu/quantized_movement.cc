// SPDX-License-Identifier: Apache-2.0
// What moves elements in 8 bits and needs them on one scale. The lowerings of
// shape.cc and pooling.cc that take any type do for the rest.
#include <vector>

#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::failure;
using llvm::FailureOr;
using mlir::Value;

namespace {

// On the inputs' scale where they have the same one, else on the result's.
FailureOr<Value> LowerConcat(top::ConcatOp op, Lowering& lowering) {
  std::vector<Value> inputs;
  bool any_quantized = false, one_type = true;
  for (Value input : op.getInputs()) {
    if (input.getDefiningOp<top::WeightOp>()) return Value();
    inputs.push_back(lowering.Moved(input));
    any_quantized |= tpu::QuantizationOf(inputs.back()) != nullptr;
    one_type &=
        tpu::ElementTypeOf(inputs.back()) == tpu::ElementTypeOf(inputs.front());
  }
  if (!any_quantized) return Value();
  QuantizedType type = tpu::QuantizationOf(inputs.front());
  if (!one_type) {
    type = lowering.Calibrated(op.getOutput());
    if (!type) return failure();
    for (Value& input : inputs) input = lowering.Cast(input, type);
  }
  return lowering.Create<tpu::ConcatOp>(Lowering::Shape(op.getOutput()), type,
                                        inputs, op.getAxis());
}

}  // namespace

void AddQuantizedMovementLowerings(Lowerings& lowerings) {
  lowerings.Add<top::ConcatOp>(LowerConcat);
}

}  // namespace tpuc
