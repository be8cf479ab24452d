// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "compiler/conversion/top_to_tpu/lowering.h"
#include "compiler/conversion/top_to_tpu/passes.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/support/file.h"

namespace tpuc {

#define GEN_PASS_DEF_CONVERTTOPTOTPU
#include "compiler/conversion/top_to_tpu/Passes.h.inc"

namespace {

// An error unless the options are complete.
absl::Status Check(const LoweringOptions& options) {
  const std::string& mode = options.mode;
  if (mode != "F32" && mode != "F16" && mode != "BF16" && mode != "INT8") {
    return absl::InvalidArgumentError(absl::StrCat(
        "mode '", mode, "' is unknown; accepted are F32, F16, BF16 and INT8"));
  }
  bool needs_ranges =
      mode == "INT8" || options.quantized_inputs || options.quantized_outputs;
  for (const auto& [name, own] : options.quantize_table)
    needs_ranges |= own == "INT8";
  if (!needs_ranges || !options.calibration.ranges.empty())
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      "8-bit tensors need a calibration table; run_calibration makes one");
}

struct ConvertTopToTpuPass : impl::ConvertTopToTpuBase<ConvertTopToTpuPass> {
  using ConvertTopToTpuBase::ConvertTopToTpuBase;
  explicit ConvertTopToTpuPass(LoweringOptions options)
      : parsed(std::move(options)) {}

  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    absl::StatusOr<LoweringOptions> options = parsed ? *parsed : Read();
    absl::Status status = options.status();
    if (status.ok()) status = Check(*options);
    if (!status.ok()) {
      module.emitError() << "convert-top-to-tpu: "
                         << std::string(status.message());
      return signalPassFailure();
    }
    mlir::func::FuncOp function = MainFunction(module);
    if (!function) {
      module.emitError("convert-top-to-tpu: the module has no function 'main'");
      return signalPassFailure();
    }
    if (failed(LowerFunction(function, *options))) return signalPassFailure();
    SetModuleString(module, kModuleState, "TPU_" + options->mode);
  }

  // What the pass's options say, and the files that they name.
  absl::StatusOr<LoweringOptions> Read() const {
    LoweringOptions options;
    options.mode = mode;
    options.asymmetric = asymmetric;
    options.quantized_inputs = quantInput;
    options.quantized_outputs = quantOutput;
    if (!quantizeTable.empty()) {
      auto table = quantization::ReadQuantizeTable(quantizeTable);
      if (!table.ok()) return table.status();
      options.quantize_table = *std::move(table);
    }
    if (!calibrationTable.empty()) {
      auto table = quantization::ReadCalibrationTable(calibrationTable);
      if (!table.ok()) return table.status();
      options.calibration = *std::move(table);
      options.calibration_file = BaseName(calibrationTable.getValue());
    }
    return options;
  }

  std::optional<LoweringOptions> parsed;
};

}  // namespace

std::unique_ptr<mlir::Pass> createConvertTopToTpu(LoweringOptions options) {
  return std::make_unique<ConvertTopToTpuPass>(std::move(options));
}

}  // namespace tpuc
