// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "compiler/conversion/top_to_tpu/lowering.h"
#include "compiler/conversion/top_to_tpu/passes.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/support/file.h"

namespace tpuc {

#define GEN_PASS_DEF_CONVERTTOPTOTPU
#include "compiler/conversion/top_to_tpu/Passes.h.inc"

namespace {

struct ConvertTopToTpuPass : impl::ConvertTopToTpuBase<ConvertTopToTpuPass> {
  using ConvertTopToTpuBase::ConvertTopToTpuBase;

  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    LoweringOptions options;
    if (absl::Status status = Read(&options); !status.ok()) {
      module.emitError() << "convert-top-to-tpu: "
                         << std::string(status.message());
      return signalPassFailure();
    }
    mlir::func::FuncOp function = MainFunction(module);
    if (!function) {
      module.emitError("convert-top-to-tpu: the module has no function 'main'");
      return signalPassFailure();
    }
    if (failed(LowerFunction(function, options))) return signalPassFailure();
    SetModuleString(module, kModuleState, "TPU_" + mode);
  }

  // What the pass's options say, and the files that they name.
  absl::Status Read(LoweringOptions* options) {
    if (mode != "F32" && mode != "F16" && mode != "BF16" && mode != "INT8") {
      return absl::InvalidArgumentError(
          absl::StrCat("mode '", mode.getValue(),
                       "' is unknown; accepted are F32, F16, BF16 and INT8"));
    }
    options->mode = mode;
    options->asymmetric = asymmetric;
    options->quantized_inputs = quantInput;
    options->quantized_outputs = quantOutput;
    bool needs_ranges = mode == "INT8" || quantInput || quantOutput;
    if (!quantizeTable.empty()) {
      auto table = quantization::ReadQuantizeTable(quantizeTable);
      if (!table.ok()) return table.status();
      options->quantize_table = *std::move(table);
      for (const auto& [name, own] : options->quantize_table)
        needs_ranges |= own == "INT8";
    }
    if (calibrationTable.empty()) {
      if (!needs_ranges) return absl::OkStatus();
      return absl::InvalidArgumentError(
          "8-bit tensors need a calibration table; run_calibration makes one");
    }
    options->calibration_file = BaseName(calibrationTable.getValue());
    auto table = quantization::ReadCalibrationTable(calibrationTable);
    if (!table.ok()) return table.status();
    options->calibration = *std::move(table);
    return absl::OkStatus();
  }
};

}  // namespace
}  // namespace tpuc
