// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

namespace tpuc::top {

// The passes between the frontend and lowering: so far `canonicalize` (MLIR's
// pass over the patterns in compiler/dialect/top/Canonicalize*.cc), until
// nothing changes.
void AddTopPasses(mlir::OpPassManager& manager);

// Runs them on `module`. Diagnostics become the error.
absl::Status RunTopPasses(mlir::ModuleOp module);

}  // namespace tpuc::top
