// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/comparison.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tpuc {
namespace {

std::vector<std::string> CommonNames(const TensorMap& target,
                                     const TensorMap& reference,
                                     const std::vector<std::string>& order) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (target.count(name) != 0 && reference.count(name) != 0 &&
        seen.insert(name).second) {
      names.push_back(name);
    }
  };
  for (const std::string& name : order) add(name);
  for (const auto& [name, tensor] : target) add(name);
  return names;
}

std::string Describe(const Comparison::Row& row) {
  return absl::StrCat(row.passed ? "pass" : "FAIL", "  '", row.name, "': ",
                      row.error.empty() ? ToString(row.similarity) : row.error);
}

std::string Advice(const Comparison::Row& row) {
  if (!row.error.empty()) {
    return "  the two sides disagree on this tensor's shape";
  }
  if (row.similarity.non_finite > 0) {
    return "  an infinite value or NaN: the type's range was left, or an input "
           "is out of range";
  }
  return "  the tensors before it agree: look at the operation that computes "
         "this one, or name it in --excepts when the difference is expected";
}

std::string Failure(const Comparison& c, size_t first, int64_t failures) {
  std::string text = absl::StrFormat(
      "%d of %d tensors are out of tolerance; the first in order of execution "
      "and its neighbours:\n",
      failures, c.rows.size());
  const size_t begin = first < 2 ? 0 : first - 2;
  const size_t end = std::min(c.rows.size(), first + 3);
  for (size_t i = begin; i < end; ++i) {
    absl::StrAppend(&text, i == first ? "> " : "  ", Describe(c.rows[i]), "\n");
  }
  return absl::StrCat(text, Advice(c.rows[first]));
}

}  // namespace

std::string ToString(const Similarity& s) {
  std::string text =
      absl::StrFormat("cosine %.6f, euclidean %.6f", s.cosine, s.euclidean);
  if (s.equal) return text + ", equal bits";
  absl::StrAppendFormat(&text, ", largest difference %g at %d of %d",
                        s.max_abs_difference, s.max_abs_difference_index,
                        s.count);
  if (s.non_finite > 0) {
    absl::StrAppendFormat(&text, ", %d not finite", s.non_finite);
  }
  return text;
}

Measurements Measure(const TensorMap& target, const TensorMap& reference,
                     const std::vector<std::string>& order) {
  Measurements result;
  result.targets = static_cast<int64_t>(target.size());
  result.references = static_cast<int64_t>(reference.size());
  for (const auto& [name, tensor] : target) {
    if (reference.count(name) == 0) result.only_target.push_back(name);
  }
  for (const std::string& name : CommonNames(target, reference, order)) {
    absl::StatusOr<Similarity> similarity =
        Compare(target.at(name), reference.at(name));
    result.rows.push_back(
        similarity.ok()
            ? Measurements::Row{name, *similarity, ""}
            : Measurements::Row{
                  name, {}, std::string(similarity.status().message())});
  }
  return result;
}

Comparison Judge(const Measurements& measurements,
                 const ComparisonOptions& options) {
  Comparison result;
  for (const std::string& name : measurements.only_target) {
    if (options.whole_target && options.excepts.count(name) == 0) {
      result.summary = absl::StrCat("'", name, "' of ", options.target_name,
                                    " is not in ", options.reference_name);
      return result;
    }
  }
  int64_t failures = 0;
  size_t first = 0;
  double least_cosine = 1, least_euclidean = 1;
  for (const Measurements::Row& measured : measurements.rows) {
    if (options.excepts.count(measured.name) != 0) continue;
    Comparison::Row row{measured};
    if (row.error.empty()) {
      const Similarity& similarity = row.similarity;
      row.passed =
          similarity.Within(options.min_cosine, options.min_euclidean) &&
          (similarity.equal || !options.exact);
      least_cosine = std::min(least_cosine, similarity.cosine);
      least_euclidean = std::min(least_euclidean, similarity.euclidean);
    }
    if (!row.passed && failures++ == 0) first = result.rows.size();
    result.rows.push_back(std::move(row));
  }
  if (result.rows.empty()) {
    result.summary = absl::StrCat(
        "nothing was compared: ", options.target_name, " (",
        measurements.targets, " tensors) and ", options.reference_name, " (",
        measurements.references, " tensors) have no name in common");
    return result;
  }
  result.passed = failures == 0;
  result.summary = result.passed
                       ? absl::StrFormat(
                             "%d tensors compared, least cosine %.6f, least "
                             "euclidean %.6f%s",
                             result.rows.size(), least_cosine, least_euclidean,
                             options.exact ? ", equal bits" : "")
                       : Failure(result, first, failures);
  return result;
}

Comparison CompareTensors(const TensorMap& target, const TensorMap& reference,
                          const std::vector<std::string>& order,
                          const ComparisonOptions& options) {
  return Judge(Measure(target, reference, order), options);
}

}  // namespace tpuc
