// SPDX-License-Identifier: Apache-2.0
// The numbers of some networks side by side, and limits on them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/eval/task.h"

namespace tpuc::eval {

struct Score {
  std::string model;  // the file's name
  std::vector<Metric> metrics;
};

// Of one task and data set.
struct Scores {
  std::string task;
  int64_t images = 0;
  std::vector<Score> models;
};

// {"task": .., "images": .., "models": [{"model": .., "metrics": {..}}, ..]}
std::string ToJson(const Scores& scores);
absl::StatusOr<Scores> ReadScores(const std::string& path);

// Appends those of another file; it must be of the same task and as many
// images.
absl::Status Append(Scores more, const std::string& path, Scores* scores);

// A line for each model, a column for each metric.
std::string Table(const Scores& scores);

struct Limit {
  std::string metric;
  double value;
};
// "top1=97.5"; `flag` is named in errors.
absl::StatusOr<Limit> ParseLimit(const std::string& flag,
                                 const std::string& text);

// An error with a line for each metric of a model that is below `least`, or
// more than `drops` below that of `reference` (which may be null).
absl::Status CheckLimits(const Scores& scores, const Score* reference,
                         const std::vector<Limit>& least,
                         const std::vector<Limit>& drops);

}  // namespace tpuc::eval
