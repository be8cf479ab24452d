// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/conversion/tpu_to_isa/program.h"
#include "mlir/IR/BuiltinOps.h"

// The compiler's pipeline from the top dialect to a program, in two halves, so
// that the tpu dialect in between can be looked at and run.
namespace tpuc {

// Registers and loads what the pipeline needs.
void LoadDialects(mlir::MLIRContext* context);

// top -> tpu in `quantize` (F32, F16 or BF16), in forms that the chip has.
// Diagnostics of the passes are collected into the error.
absl::Status LowerToTpu(mlir::ModuleOp module, const std::string& quantize);

// tpu -> instructions with ids and waits. The module is left grouped, with
// addresses. `step` is told what is being done.
absl::StatusOr<Program> CompileProgram(
    mlir::ModuleOp module,
    const std::function<void(const std::string&)>& step = {});

}  // namespace tpuc
