// SPDX-License-Identifier: Apache-2.0
#include "tools/eval/scores.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "compiler/support/file.h"
#include "nlohmann/json.hpp"

namespace tpuc::eval {
namespace {

using Json = nlohmann::ordered_json;

const Metric* Find(const Score& score, const std::string& name) {
  for (const Metric& metric : score.metrics)
    if (metric.name == name) return &metric;
  return nullptr;
}

std::string Names(const Score& score) {
  return absl::StrJoin(score.metrics, ", ",
                       [](std::string* out, const Metric& metric) {
                         absl::StrAppend(out, metric.name);
                       });
}

bool FromJson(const Json& json, Score& score) {
  if (!json.is_object() || !json.contains("model") ||
      !json["model"].is_string() || !json.contains("metrics") ||
      !json["metrics"].is_object())
    return false;
  score.model = json["model"].get<std::string>();
  for (const auto& [name, value] : json["metrics"].items()) {
    if (!value.is_number()) return false;
    score.metrics.push_back({name, value.get<double>()});
  }
  return true;
}

bool FromJson(const Json& json, Scores& scores) {
  if (!json.is_object() || !json.contains("task") ||
      !json["task"].is_string() || !json.contains("images") ||
      !json["images"].is_number_integer() || !json.contains("models") ||
      !json["models"].is_array())
    return false;
  scores.task = json["task"].get<std::string>();
  scores.images = json["images"].get<int64_t>();
  for (const Json& entry : json["models"]) {
    scores.models.emplace_back();
    if (!FromJson(entry, scores.models.back())) return false;
  }
  return !scores.models.empty();
}

// As in the table, so that what is below a limit is seen to be.
std::string Number(double value) { return absl::StrFormat("%.2f", value); }

absl::StatusOr<double> ValueOf(const Score& score, const std::string& metric) {
  if (const Metric* found = Find(score, metric)) return found->value;
  return absl::InvalidArgumentError(absl::StrCat("'", score.model,
                                                 "' has no metric '", metric,
                                                 "'; it has ", Names(score)));
}

}  // namespace

std::string ToJson(const Scores& scores) {
  Json json;
  json["task"] = scores.task;
  json["images"] = scores.images;
  json["models"] = Json::array();
  for (const Score& score : scores.models) {
    Json metrics = Json::object();
    for (const Metric& metric : score.metrics)
      metrics[metric.name] = metric.value;
    json["models"].push_back({{"model", score.model}, {"metrics", metrics}});
  }
  return json.dump(2) + "\n";
}

absl::StatusOr<Scores> ReadScores(const std::string& path) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  Scores scores;
  if (!FromJson(Json::parse(*text, nullptr, false), scores))
    return absl::InvalidArgumentError(absl::StrCat(
        "'", path, "' has no scores as --json of model_eval writes them"));
  return scores;
}

absl::Status Append(Scores more, const std::string& path, Scores* scores) {
  if (scores->models.empty()) {
    scores->task = more.task;
    scores->images = more.images;
  }
  if (scores->task != more.task || scores->images != more.images)
    return absl::InvalidArgumentError(absl::StrCat(
        "'", path, "' is of ", more.task, " on ", more.images,
        " images; the others are of ", scores->task, " on ", scores->images));
  std::move(more.models.begin(), more.models.end(),
            std::back_inserter(scores->models));
  return absl::OkStatus();
}

std::string Table(const Scores& scores) {
  std::vector<std::string> metrics;
  size_t width = scores.task.size();
  for (const Score& score : scores.models) {
    width = std::max(width, score.model.size());
    for (const Metric& metric : score.metrics)
      if (std::find(metrics.begin(), metrics.end(), metric.name) ==
          metrics.end())
        metrics.push_back(metric.name);
  }
  std::string table = absl::StrFormat("%-*s  %7s", static_cast<int>(width),
                                      scores.task, "images");
  const auto column = [](const std::string& name) {
    return static_cast<int>(std::max<size_t>(name.size(), 6));
  };
  for (const std::string& name : metrics)
    absl::StrAppendFormat(&table, "  %*s", column(name), name);
  table += "\n";
  for (const Score& score : scores.models) {
    absl::StrAppendFormat(&table, "%-*s  %7d", static_cast<int>(width),
                          score.model, scores.images);
    for (const std::string& name : metrics) {
      const Metric* metric = Find(score, name);
      absl::StrAppendFormat(&table, "  %*s", column(name),
                            metric ? Number(metric->value) : "-");
    }
    table += "\n";
  }
  return table;
}

absl::StatusOr<Limit> ParseLimit(const std::string& flag,
                                 const std::string& text) {
  const size_t equals = text.find('=');
  Limit limit;
  if (equals == std::string::npos || equals == 0 ||
      !absl::SimpleAtod(text.substr(equals + 1), &limit.value) ||
      !(limit.value >= 0 && limit.value <= 100))
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag, " is '", text,
                     "'; it must be a metric and a number from 0 to 100: "
                     "top1=97.5"));
  limit.metric = text.substr(0, equals);
  return limit;
}

absl::Status CheckLimits(const Scores& scores, const Score* reference,
                         const std::vector<Limit>& least,
                         const std::vector<Limit>& drops) {
  // Rounding of sums must not decide: 91.2 - 90.2 is more than 1.
  constexpr double kSlack = 1e-9;
  std::vector<std::string> failures;
  for (const Score& score : scores.models) {
    for (const Limit& limit : least) {
      auto value = ValueOf(score, limit.metric);
      if (!value.ok()) return value.status();
      if (*value < limit.value - kSlack)
        failures.push_back(absl::StrCat(score.model, ": ", limit.metric, " is ",
                                        Number(*value), ", at least ",
                                        Number(limit.value), " is wanted"));
    }
    for (const Limit& limit : drops) {
      auto value = ValueOf(score, limit.metric);
      auto wanted = ValueOf(*reference, limit.metric);
      if (!value.ok()) return value.status();
      if (!wanted.ok()) return wanted.status();
      if (*wanted - *value > limit.value + kSlack)
        failures.push_back(absl::StrCat(
            score.model, ": ", limit.metric, " is ", Number(*value), ", ",
            Number(*wanted - *value), " lower than that of ", reference->model,
            ", ", Number(*wanted), "; at most ", Number(limit.value),
            " is wanted"));
    }
  }
  if (failures.empty()) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrJoin(failures, "\n"));
}

}  // namespace tpuc::eval
