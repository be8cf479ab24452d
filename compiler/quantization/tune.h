// SPDX-License-Identifier: Apache-2.0
// Searches thresholds by the error that they cause (manual, 7.3.2).
#pragma once

#include "absl/status/status.h"
#include "compiler/quantization/calibrate.h"
#include "compiler/quantization/calibration_table.h"
#include "mlir/IR/BuiltinOps.h"

namespace tpuc::quantization {

// For every operation tries kCandidates thresholds of each tensor that it
// reads, evenly from that in the table, or from kLeastPart of the largest
// magnitude where that is less, to the largest magnitude. It takes the one with
// the least Euclidean distance between the operation's result in float and the
// one with this tensor, and weights, rounded to 8 bits, over all samples. Of a
// tensor that several operations read, the largest of their choices; of a
// result of the network, the choice with which it is itself closest. Operations
// that only move elements give them to those that read their results.
//
// Runs single operations, never the network again. Samples are taken one after
// the other, the operations of one on several threads.
inline constexpr int kCandidates = 10;
inline constexpr float kLeastPart = 0.2f;
absl::Status TuneThresholds(mlir::ModuleOp module, const Samples& samples,
                            const RunControl& control, CalibrationTable* table);

}  // namespace tpuc::quantization
