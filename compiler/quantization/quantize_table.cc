// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/quantize_table.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "compiler/support/file.h"
#include "compiler/support/printable.h"

namespace tpuc::quantization {

absl::StatusOr<QuantizeTable> ParseQuantizeTable(absl::string_view text,
                                                 const std::string& file) {
  QuantizeTable table;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    const auto error = [&](const auto&... what) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", number, ": ", what...));
    };
    if (words.size() != 2) {
      return error("expected a name and a mode, found ", words.size(),
                   " words");
    }
    const std::string mode = absl::AsciiStrToUpper(words[1]);
    if (mode != "F32" && mode != "F16" && mode != "BF16" && mode != "INT8") {
      return error("mode '", Printable(words[1]),
                   "' is unknown; accepted are F32, F16, BF16 and INT8");
    }
    if (!table.emplace(words[0], mode).second)
      return error("'", Printable(words[0]), "' occurs twice");
  }
  return table;
}

absl::StatusOr<QuantizeTable> ReadQuantizeTable(const std::string& path) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  return ParseQuantizeTable(*text, path);
}

}  // namespace tpuc::quantization
