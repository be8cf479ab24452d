// SPDX-License-Identifier: Apache-2.0
// The text file that says in which range each tensor of a network lies: what
// run_calibration writes, INT8 lowering reads, and quantization-aware training
// exports (manual, chapters 7 and 15).
//
//   # comment
//   NAME THRESHOLD MIN MAX
//   NAME COUNT SCALE... COUNT ZERO_POINT...
//   #channels NAME COUNT MIN... COUNT MAX...
//
// The second form holds the scales of a weight, one for each output channel,
// that training found. The third, a comment for other tools, holds the range of
// each channel of a tensor.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tpuc::quantization {

struct TensorRange {
  double threshold = 0;  // symmetric: values beyond +-threshold saturate
  double min = 0;        // asymmetric: values beyond [min, max] saturate
  double max = 0;
};

// [min, max] of each channel, the second dimension.
struct ChannelRanges {
  std::vector<double> min, max;
};

struct CalibrationTable {
  std::map<std::string, TensorRange> ranges;
  // Symmetric: weight = scale x integer.
  std::map<std::string, std::vector<double>> weight_scales;
  std::map<std::string, ChannelRanges> channels;
  // The names of the first two, as they lie in the file.
  std::vector<std::string> order;
};

// Errors name `file` and the line: none of these forms, a name that
// occurs twice, a number that isn't finite, a threshold or scale that isn't
// positive, min > max, a zero point other than 0.
absl::StatusOr<CalibrationTable> ParseCalibrationTable(absl::string_view text,
                                                       const std::string& file);
absl::StatusOr<CalibrationTable> ReadCalibrationTable(const std::string& path);

// The table as text, in `order`; floats come back with the same bits.
// `comments` become the first lines. An error names a tensor whose name no
// table can hold: empty, with white space, or with # in front.
absl::StatusOr<std::string> PrintCalibrationTable(
    const CalibrationTable& table,
    const std::vector<std::string>& comments = {});

}  // namespace tpuc::quantization
