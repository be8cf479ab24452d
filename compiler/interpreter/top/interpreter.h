// SPDX-License-Identifier: Apache-2.0
// Runs the top dialect: the float reference of what a network means.
//
// Sums are taken in one order whatever the processor and the number of threads
// (products and sums are rounded separately), so results are the same bytes on
// every machine.
#pragma once

#include "absl/status/statusor.h"
#include "compiler/interpreter/engine.h"
#include "compiler/support/tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace tpuc::interpreter {

// The evaluators of all operations of the top dialect.
const Evaluators& TopEvaluators();

// As Run of engine.h. All tensors are f32.
absl::StatusOr<TensorMap> RunTop(mlir::ModuleOp module, const TensorMap& inputs,
                                 const RunOptions& options = {});

}  // namespace tpuc::interpreter
