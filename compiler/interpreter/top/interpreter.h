// SPDX-License-Identifier: Apache-2.0
// Runs the top dialect: the float reference of what a network means.
//
// Sums are taken in one order (gemm.h) whatever the processor, the vector level
// and the number of threads, so results are the same bytes on every machine.
#pragma once

#include "absl/status/statusor.h"
#include "compiler/interpreter/engine.h"
#include "compiler/support/tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace tpuc::interpreter {

// The evaluators of all operations of the top dialect.
const Evaluators& TopEvaluators();

// As Program::Prepare, for many inputs. All tensors are f32.
absl::StatusOr<Program> PrepareTop(mlir::ModuleOp module, bool keep_all);

// As Run of engine.h.
absl::StatusOr<TensorMap> RunTop(mlir::ModuleOp module, const TensorMap& inputs,
                                 const RunOptions& options = {});

}  // namespace tpuc::interpreter
