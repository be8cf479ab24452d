// SPDX-License-Identifier: Apache-2.0
// Measurements as a file.
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "compiler/support/comparison.h"

namespace tpuc {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no infinity.
std::string Exact(double value) { return absl::StrFormat("%.17g", value); }

// What is no number is not a number, which passes no comparison.
double Number(const Json& row, const char* key) {
  double value = 0;
  return absl::SimpleAtod(row.at(key).get<std::string>(), &value)
             ? value
             : std::numeric_limits<double>::quiet_NaN();
}

Measurements::Row RowOf(const Json& json) {
  Measurements::Row row;
  row.name = json.at("name").get<std::string>();
  if (json.contains("error")) {
    row.error = json.at("error").get<std::string>();
    return row;
  }
  Similarity& s = row.similarity;
  s.count = json.at("count").get<int64_t>();
  s.non_finite = json.at("non_finite").get<int64_t>();
  s.equal = json.at("equal").get<bool>();
  s.cosine = Number(json, "cosine");
  s.euclidean = Number(json, "euclidean");
  s.max_abs_difference = Number(json, "max_abs_difference");
  s.max_abs_difference_index =
      json.at("max_abs_difference_index").get<int64_t>();
  return row;
}

}  // namespace

std::string ToJson(const Measurements& measurements) {
  Json rows = Json::array();
  for (const Measurements::Row& row : measurements.rows) {
    const Similarity& s = row.similarity;
    if (!row.error.empty()) {
      rows.push_back({{"name", row.name}, {"error", row.error}});
      continue;
    }
    rows.push_back({{"name", row.name},
                    {"count", s.count},
                    {"non_finite", s.non_finite},
                    {"equal", s.equal},
                    {"cosine", Exact(s.cosine)},
                    {"euclidean", Exact(s.euclidean)},
                    {"max_abs_difference", Exact(s.max_abs_difference)},
                    {"max_abs_difference_index", s.max_abs_difference_index}});
  }
  const Json json = {{"targets", measurements.targets},
                     {"references", measurements.references},
                     {"only_target", measurements.only_target},
                     {"rows", std::move(rows)}};
  // Names are whatever bytes a model has.
  return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<Measurements> MeasurementsFromJson(absl::string_view text) {
  try {
    const Json json = Json::parse(text.begin(), text.end());
    Measurements result;
    result.targets = json.at("targets").get<int64_t>();
    result.references = json.at("references").get<int64_t>();
    result.only_target = json.at("only_target").get<std::vector<std::string>>();
    for (const Json& row : json.at("rows")) result.rows.push_back(RowOf(row));
    return result;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("no similarities of tensors: ", error.what()));
  }
}

}  // namespace tpuc
