// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "compiler/conversion/tpu_to_isa/program.h"
#include "mlir/IR/BuiltinOps.h"

// Programs as modules of the isa dialect (the attributes are described at
// `convert-tpu-to-isa`).
namespace tpuc {

// Replaces the body of `main`. Fails where an instruction's field doesn't hold
// its value.
absl::Status WriteProgram(const Program& program, mlir::ModuleOp module);

// The inverse. Fails where an attribute is missing or malformed, or `main` has
// operations that are no instructions.
absl::StatusOr<Program> ReadProgram(mlir::ModuleOp module);

}  // namespace tpuc
