// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::FailureOr;
using mlir::Value;

namespace {

// Moves nothing, so it takes any type.
FailureOr<Value> LowerReshape(top::ReshapeOp op, Lowering& lowering) {
  const Value x = lowering.Any(op.getInput());
  return lowering.Create<tpu::ReshapeOp>(Lowering::Shape(op.getOutput()),
                                         tpu::ElementTypeOf(x), x);
}

}  // namespace

void AddShapeLowerings(Lowerings& lowerings) {
  lowerings.Add<top::ReshapeOp>(LowerReshape);
}

}  // namespace tpuc
