// SPDX-License-Identifier: Apache-2.0
#include "tools/eval/characters.h"

#include <algorithm>
#include <climits>
#include <numeric>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "compiler/support/file.h"
#include "onnx/onnx-ml.pb.h"

namespace tpuc::eval {
namespace {

absl::StatusOr<std::string> MetadataOf(const std::string& path,
                                       const std::string& bytes) {
  onnx::ModelProto model;
  if (bytes.size() > INT_MAX ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "': is not an ONNX model"));
  for (const auto& entry : model.metadata_props())
    if (entry.key() == "character") return entry.value();
  return absl::NotFoundError(
      absl::StrCat("'", path, "' has no metadata 'character'"));
}

// How many bytes the code point has that starts with `byte`.
size_t LengthOf(unsigned char byte) {
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  return byte >= 0xC0 ? 2 : 1;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadCharacters(
    const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (text.ok() && absl::EndsWith(path, ".onnx"))
    text = MetadataOf(path, *text);
  if (!text.ok()) return text.status();
  const absl::string_view lines = absl::StripSuffix(*text, "\n");
  if (lines.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "' has no characters"));
  return std::vector<std::string>(absl::StrSplit(lines, '\n'));
}

std::vector<std::string> CodePoints(absl::string_view text) {
  std::vector<std::string> points;
  while (!text.empty()) {
    size_t length = 1;
    const size_t most =
        std::min(LengthOf(static_cast<unsigned char>(text[0])), text.size());
    while (length < most &&
           (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
      ++length;
    points.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return points;
}

int64_t EditDistance(const std::vector<std::string>& a,
                     const std::vector<std::string>& b) {
  // Distances of the first i characters of a from the first j of b.
  std::vector<int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i) + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace tpuc::eval
