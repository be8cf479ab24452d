// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/conversion/top_to_tpu/options.h"
#include "compiler/conversion/tpu_to_isa/program.h"
#include "mlir/IR/BuiltinOps.h"

// The compiler's pipeline from the top dialect to a program, step by step, so
// that what is in between can be looked at and run.
namespace tpuc {

// Registers and loads what the pipeline needs.
void LoadDialects(mlir::MLIRContext* context);

// top -> tpu, in forms that the chip has. Diagnostics of the passes are
// collected into the error.
absl::Status LowerToTpu(mlir::ModuleOp module, LoweringOptions options);

struct MemoryOptions {
  bool separate = false;        // no operations run together
  int64_t lane_bytes = 262144;  // of local memory to use
};

// Groups, slices and addresses, in the tpu dialect. When not even the smallest
// slice of an operation fits, the module is unchanged.
absl::Status AssignMemory(mlir::ModuleOp module,
                          const MemoryOptions& options = {});

// Instructions with ids and waits, all of them legal; the module holds them in
// the isa dialect then.
absl::StatusOr<Program> GenerateProgram(mlir::ModuleOp module);

}  // namespace tpuc
