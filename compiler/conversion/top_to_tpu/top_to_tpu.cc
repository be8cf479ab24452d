// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/top_to_tpu/lowering.h"
#include "compiler/conversion/top_to_tpu/passes.h"
#include "compiler/dialect/top/module_io.h"

namespace tpuc {

#define GEN_PASS_DEF_CONVERTTOPTOTPU
#include "compiler/conversion/top_to_tpu/Passes.h.inc"

namespace {

struct ConvertTopToTpuPass : impl::ConvertTopToTpuBase<ConvertTopToTpuPass> {
  using ConvertTopToTpuBase::ConvertTopToTpuBase;

  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    mlir::Type storage;
    if (mode == "F32") {
      storage = mlir::Float32Type::get(&getContext());
    } else if (mode == "F16") {
      storage = mlir::Float16Type::get(&getContext());
    } else if (mode == "BF16") {
      storage = mlir::BFloat16Type::get(&getContext());
    } else {
      module.emitError() << "convert-top-to-tpu: mode '" << mode
                         << "' is unknown; accepted are F32, F16 and BF16";
      return signalPassFailure();
    }
    mlir::func::FuncOp function = MainFunction(module);
    if (!function) {
      module.emitError("convert-top-to-tpu: the module has no function 'main'");
      return signalPassFailure();
    }
    if (failed(LowerFunction(function, storage))) return signalPassFailure();
    SetModuleString(module, kModuleState, "TPU_" + mode);
  }
};

}  // namespace
}  // namespace tpuc
