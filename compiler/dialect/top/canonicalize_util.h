// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "compiler/dialect/top/TopOps.h"
#include "mlir/IR/PatternMatch.h"

// What the canonicalization patterns of all families share. A pattern that
// folds an operation into its producer gives the result the name of the last
// one, because that is the tensor that both programs have.
namespace tpuc::top {

// The op that defines `value`, when it is an `Op` and this is its only use.
template <typename Op>
Op SingleUseProducer(mlir::Value value) {
  auto op = value.getDefiningOp<Op>();
  return op && op->hasOneUse() ? op : Op();
}

// The value of every element when `value` is an f32 weight of equal elements.
std::optional<float> SplatOf(mlir::Value value);

// `value` read as one number a channel for a tensor of `shape`: a weight that
// broadcasts along every dimension but 1, e.g. [1, C, 1, 1] or [C, 1, 1].
// A splat weight counts. Size C.
std::optional<std::vector<float>> PerChannel(mlir::Value value,
                                             llvm::ArrayRef<int64_t> shape);

// A new f32 weight just before `op`.
mlir::Value NewWeight(mlir::PatternRewriter& rewriter, mlir::Operation* op,
                      const std::string& name, std::vector<int64_t> shape,
                      const std::vector<float>& values);
mlir::Value NewWeight(mlir::PatternRewriter& rewriter, mlir::Operation* op,
                      const std::string& name, Tensor tensor);

double ToDouble(const llvm::APFloat& value);

}  // namespace tpuc::top
