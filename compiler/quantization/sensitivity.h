// SPDX-License-Identifier: Apache-2.0
// How much of a network's accuracy each of its layers costs in 8 bits.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/quantization/calibrate.h"
#include "compiler/quantization/calibration_table.h"
#include "mlir/IR/BuiltinOps.h"

namespace tpuc::quantization {

struct LayerLoss {
  std::string name;  // of the layer's result
  // |a - b|^2 / |b|^2 of the network's results, over all samples, where b is
  // float and a has this layer alone in 8 bits.
  double loss = 0;
};

// The operations that may be computed in 8 bits or not: all but those that only
// move elements, and gates (gates.h), which are not. In order of execution.
std::vector<mlir::Operation*> LayersOf(mlir::ModuleOp module);

// Of the layers whose place among LayersOf `picks`, in that order. A layer in 8
// bits has its operands, its weights and its result rounded as `table` says;
// only what depends on it is computed again. The same bytes whatever is picked
// and the number of threads.
absl::StatusOr<std::vector<LayerLoss>> MeasureLosses(
    mlir::ModuleOp module, const CalibrationTable& table,
    const Samples& samples, const std::function<bool(size_t place)>& picks,
    const RunControl& control);

// "NAME LOSS" lines. Parsing errors name `file` and the line.
std::string PrintLosses(const std::vector<LayerLoss>& losses);
absl::StatusOr<std::vector<LayerLoss>> ParseLosses(absl::string_view text,
                                                   const std::string& file);

}  // namespace tpuc::quantization
