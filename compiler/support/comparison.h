// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/support/similarity.h"
#include "compiler/support/tensor.h"

namespace tpuc {

struct ComparisonOptions {
  double min_cosine = 0.99;
  double min_euclidean = 0.99;
  // Every element must have the same bits, whatever the tolerances.
  bool exact = false;
  // Every tensor of the target must be in the reference.
  bool whole_target = false;
  // Names that are left out; names that neither side has do no harm, so that
  // one list serves all stages.
  std::set<std::string> excepts;
  // What messages call the two sides.
  std::string target_name = "target", reference_name = "reference";
};

// How alike two runs are, before anybody says how alike they must be.
struct Measurements {
  struct Row {
    std::string name;
    Similarity similarity;
    std::string error;  // why there is no similarity: element counts differ
  };
  std::vector<Row> rows;                 // the tensors that both sides have
  std::vector<std::string> only_target;  // those that the reference lacks
  int64_t targets = 0, references = 0;   // tensors of each side
};

// Compares by name, in `order` (names of one side in order of execution; names
// that it lacks come after, by name).
Measurements Measure(const TensorMap& target, const TensorMap& reference,
                     const std::vector<std::string>& order);

// A file of them takes little room, the tensors of a network much.
std::string ToJson(const Measurements& measurements);
absl::StatusOr<Measurements> MeasurementsFromJson(absl::string_view text);

// The tensors that both sides have, one row each.
struct Comparison {
  struct Row : Measurements::Row {
    bool passed = false;
  };
  std::vector<Row> rows;
  bool passed = false;
  // One line when passed. Otherwise the first tensor that is out of tolerance,
  // its neighbours in `order` and their similarities, and what to look at.
  std::string summary;
};

// Does not pass when nothing was compared, when a value is not finite, or when
// `whole_target` is set and the reference lacks a name of the target.
Comparison Judge(const Measurements& measurements,
                 const ComparisonOptions& options);

// Measures and judges.
Comparison CompareTensors(const TensorMap& target, const TensorMap& reference,
                          const std::vector<std::string>& order,
                          const ComparisonOptions& options);

// "cosine 0.999900, euclidean 0.985000, largest difference 0.1 at 17 of 100"
std::string ToString(const Similarity& similarity);

}  // namespace tpuc
