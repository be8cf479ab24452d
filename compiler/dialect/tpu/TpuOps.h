// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "compiler/dialect/tpu/TpuDialect.h"
#include "compiler/support/element_view.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
//
#include "compiler/dialect/tpu/TpuEnums.h.inc"

namespace tpuc::tpu {

// The shape of a ranked tensor value.
inline llvm::ArrayRef<int64_t> ShapeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

// The element type of a ranked tensor value.
inline mlir::Type ElementTypeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType()).getElementType();
}

// How the numbers of a quantized tensor are stored; null for other tensors.
inline mlir::quant::UniformQuantizedType QuantizationOf(mlir::Value value) {
  return mlir::dyn_cast<mlir::quant::UniformQuantizedType>(
      ElementTypeOf(value));
}

// Output extent of a window of `kernel` taps that lie `dilation` apart, moved
// by `stride` over `in` elements with `before` and `after` padding elements and
// `insert` zeros between neighbours.
inline int64_t WindowOutput(int64_t in, int64_t before, int64_t after,
                            int64_t kernel, int64_t dilation, int64_t stride,
                            int64_t insert = 0) {
  const int64_t span = (kernel - 1) * dilation + 1;
  const int64_t room = (in - 1) * (insert + 1) + 1 + before + after - span;
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace tpuc::tpu

#define GET_OP_CLASSES
#include "compiler/dialect/tpu/TpuOps.h.inc"

namespace tpuc::tpu {

// What the operation takes from its input.
ElementView ViewOf(PermuteOp op);
ElementView ViewOf(SliceOp op);

}  // namespace tpuc::tpu
