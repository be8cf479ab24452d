// SPDX-License-Identifier: Apache-2.0
// Searches thresholds by the error that they cause (manual, 7.3.2).
#pragma once

#include "absl/status/status.h"
#include "compiler/quantization/calibrate.h"
#include "compiler/quantization/calibration_table.h"
#include "mlir/IR/BuiltinOps.h"

namespace tpuc::quantization {

// For every layer with weights tries kCandidates thresholds of its input, from
// that in the table to the largest magnitude, and takes that with the least
// Euclidean distance between the layer's result in float and the one with its
// weights and its input rounded to 8 bits, over all samples. Of a tensor that
// several layers read, the largest of their choices; of a result of the
// network, the choice with which it is itself closest.
//
// Runs single layers, never the network again. Samples are taken one after the
// other, the layers of one on several threads.
inline constexpr int kCandidates = 10;
absl::Status TuneThresholds(mlir::ModuleOp module, const Samples& samples,
                            const RunControl& control, CalibrationTable* table);

}  // namespace tpuc::quantization
