// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "compiler/dialect/isa/IsaOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

// createConvertTpuToIsa(), createInsertSync(), registerTpuToIsaPasses().
namespace tpuc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/conversion/tpu_to_isa/Passes.h.inc"

}  // namespace tpuc
