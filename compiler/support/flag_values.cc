// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/flag_values.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tpuc {

absl::StatusOr<std::vector<std::vector<int64_t>>> ParseShapes(
    absl::string_view text) {
  const auto fail = [&] {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot read shapes from '", text, "'; write them as [[1,3,224,224]]"));
  };
  std::string compact;
  for (char c : text) {
    if (c != ' ') compact.push_back(c);
  }
  absl::string_view rest = compact;
  const bool nested = absl::ConsumePrefix(&rest, "[[");
  if (!nested && !absl::ConsumePrefix(&rest, "[")) return fail();
  if (!absl::ConsumeSuffix(&rest, nested ? "]]" : "]")) return fail();
  std::vector<std::vector<int64_t>> shapes;
  for (absl::string_view list : absl::StrSplit(rest, "],[")) {
    std::vector<int64_t> shape;
    if (list.empty()) {
      shapes.push_back(shape);
      continue;
    }
    for (absl::string_view item : absl::StrSplit(list, ',')) {
      int64_t dim;
      if (!absl::SimpleAtoi(item, &dim)) return fail();
      shape.push_back(dim);
    }
    shapes.push_back(std::move(shape));
  }
  if (!nested && shapes.size() != 1) return fail();
  return shapes;
}

absl::StatusOr<std::pair<double, double>> ParseTolerance(
    absl::string_view text) {
  std::vector<double> numbers;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    double value;
    if (!absl::SimpleAtod(absl::StripAsciiWhitespace(part), &value) ||
        !(value >= -1 && value <= 1)) {
      numbers.clear();
      break;
    }
    numbers.push_back(value);
  }
  if (numbers.empty() || numbers.size() > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("--tolerance '", text,
                     "' must be cosine,euclidean, each at most 1, for example "
                     "0.99,0.95"));
  }
  return std::make_pair(numbers[0], numbers.back());
}

std::vector<std::string> SplitNames(absl::string_view text) {
  return absl::StrSplit(text, ',', absl::SkipEmpty());
}

}  // namespace tpuc
