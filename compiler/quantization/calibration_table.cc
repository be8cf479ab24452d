// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/calibration_table.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "compiler/support/file.h"
#include "compiler/support/printable.h"

namespace tpuc::quantization {
namespace {

constexpr char kChannels[] = "#channels";

using Words = std::vector<absl::string_view>;

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", Printable(text), "'");
}

absl::Status Error(const std::string& what) {
  return absl::InvalidArgumentError(what);
}

absl::StatusOr<double> Number(absl::string_view word, const char* what) {
  double value;
  if (!absl::SimpleAtod(word, &value))
    return Error(
        absl::StrCat("the ", what, " ", Quoted(word), " is not a number"));
  if (!std::isfinite(value))
    return Error(
        absl::StrCat("the ", what, " ", Quoted(word), " is not finite"));
  return value;
}

absl::StatusOr<TensorRange> ParseRange(const Words& words) {
  auto threshold = Number(words[1], "threshold");
  if (!threshold.ok()) return threshold.status();
  auto min = Number(words[2], "minimum");
  if (!min.ok()) return min.status();
  auto max = Number(words[3], "maximum");
  if (!max.ok()) return max.status();
  if (*threshold <= 0)
    return Error(absl::StrCat("the threshold is ", words[1],
                              "; it must be greater than 0"));
  if (*min > *max)
    return Error(absl::StrCat("the minimum ", words[2],
                              " is greater than the maximum ", words[3]));
  return TensorRange{*threshold, *min, *max};
}

// Whether these are NAME COUNT NUMBER... COUNT NUMBER..., as for a weight.
bool IsWeight(const Words& words) {
  const size_t count = (words.size() - 3) / 2;
  const std::string text = absl::StrCat(count);
  return words.size() >= 5 && words.size() % 2 == 1 && words[1] == text &&
         words[2 + count] == text;
}

absl::StatusOr<std::vector<double>> ParseScales(const Words& words) {
  const size_t count = (words.size() - 3) / 2;
  std::vector<double> scales;
  for (size_t i = 0; i < count; ++i) {
    auto scale = Number(words[2 + i], "scale");
    if (!scale.ok()) return scale.status();
    if (*scale <= 0)
      return Error(absl::StrCat("scale ", i, " is ", words[2 + i],
                                "; it must be greater than 0"));
    auto zero_point = Number(words[3 + count + i], "zero point");
    if (!zero_point.ok()) return zero_point.status();
    if (*zero_point != 0)
      return Error(absl::StrCat("zero point ", i, " is ", words[3 + count + i],
                                "; weights are quantized symmetrically, so it "
                                "must be 0"));
    scales.push_back(*scale);
  }
  return scales;
}

// The words behind #channels.
absl::Status ParseChannels(const Words& words, CalibrationTable& table) {
  if (words.empty()) return Error("a tensor's name is missing");
  const std::string name(words[0]);
  if (!IsWeight(words))
    return Error(
        "a line of channels is #channels NAME COUNT MIN... COUNT MAX...");
  ChannelRanges ranges;
  const size_t count = (words.size() - 3) / 2;
  for (size_t i = 0; i < count; ++i) {
    auto min = Number(words[2 + i], "minimum");
    if (!min.ok()) return min.status();
    auto max = Number(words[3 + count + i], "maximum");
    if (!max.ok()) return max.status();
    if (*min > *max)
      return Error(absl::StrCat("the minimum of channel ", i, ", ",
                                words[2 + i], ", is greater than the maximum ",
                                words[3 + count + i]));
    ranges.min.push_back(*min);
    ranges.max.push_back(*max);
  }
  if (!table.channels.emplace(name, std::move(ranges)).second)
    return Error("the tensor has a line of channels already");
  return absl::OkStatus();
}

absl::Status ParseLine(const Words& words, CalibrationTable& table) {
  const std::string name(words[0]);
  if (words.size() == 4) {
    auto range = ParseRange(words);
    if (!range.ok()) return range.status();
    table.ranges.emplace(name, *range);
  } else if (IsWeight(words)) {
    auto scales = ParseScales(words);
    if (!scales.ok()) return scales.status();
    table.weight_scales.emplace(name, *std::move(scales));
  } else {
    return Error(absl::StrCat(
        words.size(),
        " words; a line is NAME THRESHOLD MIN MAX or, for a weight, NAME COUNT "
        "SCALE... COUNT ZERO_POINT..."));
  }
  table.order.push_back(name);
  return absl::OkStatus();
}

bool CanHold(absl::string_view name) {
  if (name.empty() || name[0] == '#') return false;
  for (char c : name)
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) return false;
  return true;
}

// As many digits as tell any two floats apart.
std::string Text(double value) { return absl::StrFormat("%.9g", value); }

void AppendNumbers(const std::vector<double>& numbers, std::string& text) {
  absl::StrAppend(&text, " ", numbers.size());
  for (double number : numbers) absl::StrAppend(&text, " ", Text(number));
}

void AppendChannels(const std::string& name, const CalibrationTable& table,
                    std::string& text) {
  const auto it = table.channels.find(name);
  if (it == table.channels.end()) return;
  absl::StrAppend(&text, kChannels, " ", name);
  AppendNumbers(it->second.min, text);
  AppendNumbers(it->second.max, text);
  text += "\n";
}

}  // namespace

absl::StatusOr<CalibrationTable> ParseCalibrationTable(
    absl::string_view text, const std::string& file) {
  CalibrationTable table;
  std::map<std::string, int64_t> line_of;
  int64_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    Words words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\v\f\r"), absl::SkipEmpty());
    if (words[0] == kChannels) {
      words.erase(words.begin());
      const absl::Status status = ParseChannels(words, table);
      if (!status.ok())
        return Error(absl::StrCat(file, ":", number, ": ",
                                  words.empty() ? kChannels : Quoted(words[0]),
                                  ": ", status.message()));
      continue;
    }
    if (line[0] == '#') continue;
    const std::string name(words[0]);
    const auto [known, is_new] = line_of.emplace(name, number);
    const absl::Status status =
        is_new ? ParseLine(words, table)
               : Error(absl::StrCat("the name is on line ", known->second,
                                    " already"));
    if (!status.ok())
      return Error(absl::StrCat(file, ":", number, ": ", Quoted(name), ": ",
                                status.message()));
  }
  if (table.ranges.empty())
    return Error(absl::StrCat(file, ": no tensor in this calibration table"));
  return table;
}

absl::StatusOr<CalibrationTable> ReadCalibrationTable(const std::string& path) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  return ParseCalibrationTable(*text, path);
}

absl::StatusOr<std::string> PrintCalibrationTable(
    const CalibrationTable& table, const std::vector<std::string>& comments) {
  std::string text;
  for (const std::string& comment : comments)
    absl::StrAppend(&text, "# ", Printable(comment), "\n");
  for (const std::string& name : table.order) {
    if (!CanHold(name))
      return Error(absl::StrCat("tensor ", Quoted(name),
                                ": a calibration table can't hold a name that "
                                "is empty, has white space, or starts with #"));
    const auto range = table.ranges.find(name);
    if (range != table.ranges.end()) {
      const TensorRange& r = range->second;
      absl::StrAppend(&text, name, " ", Text(r.threshold), " ", Text(r.min),
                      " ", Text(r.max), "\n");
      AppendChannels(name, table, text);
      continue;
    }
    const std::vector<double>& scales = table.weight_scales.at(name);
    text += name;
    AppendNumbers(scales, text);
    AppendNumbers(std::vector<double>(scales.size()), text);
    text += "\n";
  }
  return text;
}

}  // namespace tpuc::quantization
