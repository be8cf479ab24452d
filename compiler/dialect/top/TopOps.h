// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "compiler/dialect/top/TopDialect.h"
#include "compiler/support/element_view.h"
#include "compiler/support/tensor.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tpuc {

// The name of the tensor that `op` computes: its NameLoc, also inside a
// FusedLoc; empty when it has none. A function argument has no name of its
// own: the `top.Input` that reads it does.
std::string getName(mlir::Operation* op);
std::string getName(mlir::Value value);
template <typename Op,
          std::enable_if_t<std::is_base_of_v<mlir::OpState, Op>, int> = 0>
std::string getName(Op op) {
  return getName(op.getOperation());
}
mlir::Location NameLocation(mlir::MLIRContext* context, llvm::StringRef name);

// Data of all constants in this context.
WeightStore& getWeights(mlir::MLIRContext* context);

namespace top {

llvm::ArrayRef<int64_t> ShapeOf(mlir::Value value);
mlir::Type ElementTypeOf(mlir::Value value);

// f32, f16, bf16, i8, i32 and i64 have an element type in the dialect.
std::optional<DType> DTypeOf(mlir::Type element);
mlir::Type ElementTypeOf(mlir::MLIRContext* context, DType dtype);

// The type of `tensor`, e.g. tensor<4x3xf32>.
mlir::RankedTensorType TypeOf(mlir::MLIRContext* context, const Tensor& tensor);

// Output extent of a window of `kernel` taps `dilation` apart, moved by
// `stride` over `in` elements between `before` and `after` padding elements;
// 0 when it does not fit.
int64_t WindowExtent(int64_t in, int64_t before, int64_t after, int64_t kernel,
                     int64_t dilation, int64_t stride);

// numpy's broadcast of two shapes, or nothing when they do not agree.
std::optional<std::vector<int64_t>> BroadcastShape(llvm::ArrayRef<int64_t> a,
                                                   llvm::ArrayRef<int64_t> b);

}  // namespace top
}  // namespace tpuc

#define GET_OP_CLASSES
#include "compiler/dialect/top/TopOps.h.inc"

namespace tpuc::top {

// What the operation takes from its input.
ElementView ViewOf(PermuteOp op);
ElementView ViewOf(SliceOp op);

// Stores `tensor` under `name`, made unique, and builds the op that reads it.
// The builder's insertion point must dominate the users.
WeightOp CreateWeight(mlir::OpBuilder& builder, llvm::StringRef name,
                      Tensor tensor);

// The data of a weight; the verifier of `top.Weight` does not look at the
// store, `CheckWeights` (module_io.h) does.
const Tensor& DataOf(WeightOp weight);

// The data when `value` is a weight, else null.
const Tensor* ConstantOf(mlir::Value value);

}  // namespace tpuc::top
