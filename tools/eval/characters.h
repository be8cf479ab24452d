// SPDX-License-Identifier: Apache-2.0
// Texts as characters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tpuc::eval {

// The characters that a recogniser's classes stand for: the metadata
// "character" of an .onnx file, as PP-OCR's have it, or any other file. A
// character, of any length, is on each line.
absl::StatusOr<std::vector<std::string>> ReadCharacters(
    const std::string& path);

// The code points of UTF-8. A byte that is part of none stands for itself.
std::vector<std::string> CodePoints(absl::string_view text);

// The least number of characters to insert, leave out and replace that makes
// one of the other (Levenshtein).
int64_t EditDistance(const std::vector<std::string>& a,
                     const std::vector<std::string>& b);

}  // namespace tpuc::eval
