// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "compiler/conversion/top_to_tpu/options.h"
#include "compiler/dialect/top/TopDialect.h"
#include "compiler/dialect/tpu/TpuDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

// createConvertTopToTpu(ConvertTopToTpuOptions), which names files of tables,
// registerTopToTpuPasses().
namespace tpuc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/conversion/top_to_tpu/Passes.h.inc"

// The same pass with tables that are read already.
std::unique_ptr<mlir::Pass> createConvertTopToTpu(LoweringOptions options);

}  // namespace tpuc
