// SPDX-License-Identifier: Apache-2.0
// Parts of a network that run by themselves.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/support/tensor.h"
#include "llvm/ADT/ArrayRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace tpuc::quantization {

// The constant of a layer that becomes integers.
struct LayerWeights {
  mlir::Value value;
  int64_t axis = 0;  // of the output's channels
};

// Nothing when the operation has none: it is no convolution or product, or both
// its operands are computed.
std::optional<LayerWeights> WeightsOf(mlir::Operation* op);

// Takes the tensors that it adds to a context's store out of it again.
class ScratchWeights {
 public:
  explicit ScratchWeights(mlir::MLIRContext* context) : context_(context) {}
  ScratchWeights(const ScratchWeights&) = delete;
  ScratchWeights& operator=(const ScratchWeights&) = delete;
  ~ScratchWeights();
  mlir::Value Add(mlir::OpBuilder& builder, Tensor tensor);

 private:
  mlir::MLIRContext* context_;
  std::vector<std::string> names_;
};

// A module of `ops`, which are in order of execution, that returns `results`.
// What they read but don't compute becomes its inputs, by name; constants are
// copied, those that become integers with `scratch` in the rounding of 8 bits.
mlir::OwningOpRef<mlir::ModuleOp> CopyPart(llvm::ArrayRef<mlir::Operation*> ops,
                                           llvm::ArrayRef<mlir::Value> results,
                                           ScratchWeights* scratch);

}  // namespace tpuc::quantization
