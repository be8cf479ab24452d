// SPDX-License-Identifier: Apache-2.0
// Runs the tpu dialect as the chip does, bit for bit.
//
// Every operation is evaluated by the chip's arithmetic (compiler/numerics) in
// the order of accumulation that docs/isa/bm1684x.md gives for the instructions
// it stands for. Results do not depend on the number of threads.
#pragma once

#include "absl/status/statusor.h"
#include "compiler/interpreter/engine.h"
#include "compiler/support/tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace tpuc::interpreter {

// The evaluators of all operations of the tpu dialect.
const Evaluators& TpuEvaluators();

// As Run of engine.h.
absl::StatusOr<TensorMap> RunTpu(mlir::ModuleOp module, const TensorMap& inputs,
                                 const RunOptions& options = {});

}  // namespace tpuc::interpreter
