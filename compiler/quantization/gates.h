// SPDX-License-Identifier: Apache-2.0
// Which operations decide much with few numbers.
#pragma once

#include "llvm/ADT/DenseSet.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc::quantization {

// What makes the factor of a product that has one number for each channel of
// the other operand, as squeeze-and-excitation has: the operations behind the
// mean of the planes. An error of such a number is one of a whole plane, while
// those of single elements even out; and there are so few of them that float
// costs next to nothing.
llvm::DenseSet<mlir::Operation*> GatesOf(mlir::func::FuncOp function);

}  // namespace tpuc::quantization
