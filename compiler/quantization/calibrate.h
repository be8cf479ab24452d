// SPDX-License-Identifier: Apache-2.0
// From a network in the top dialect and samples of its inputs to the range of
// each tensor. Results are the same bytes whatever the number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/quantization/calibration_table.h"
#include "compiler/quantization/statistics.h"
#include "compiler/quantization/thresholds.h"
#include "compiler/support/tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace tpuc::quantization {

// A data set. `read` gives the inputs of a sample by name, and is called by
// several threads.
struct Samples {
  std::vector<std::string> names;  // of files, for messages
  std::function<absl::StatusOr<TensorMap>(int64_t)> read;
};

struct RunControl {
  int threads = 1;
  // Called, by several threads at a time, after each part of the work.
  std::function<void(int64_t done, int64_t total)> progress;
};

// The names of the tensors that have ranges, in order of execution: all of f32
// but the weights. An error when two have one name.
absl::StatusOr<std::vector<std::string>> CalibratedTensors(
    mlir::ModuleOp module);

// Whether channels are to have ranges of their own: of what a convolution gives
// to a function of one element, and of what depthwise convolutions alone read.
// INT8 can give these channels a scale each.
bool HasChannelRanges(mlir::Value value);

// Runs the network on every sample. Holds the tensors of one sample a thread.
// An error names the sample, and the tensor that is infinite or not a number.
absl::StatusOr<Statistics> CollectStatistics(mlir::ModuleOp module,
                                             const Samples& samples,
                                             const RunControl& control);

// The ranges by `method`, from a histogram of `bins` (thresholds.h). A tensor
// that is 0 throughout gets the range [0, 1], and a warning.
absl::StatusOr<CalibrationTable> MakeTable(const Statistics& statistics,
                                           Method method, int64_t bins,
                                           std::vector<std::string>* warnings);

}  // namespace tpuc::quantization
