// SPDX-License-Identifier: Apache-2.0
#include "tools/lib/sample_files.h"

#include <algorithm>
#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "compiler/support/file.h"

namespace tpuc {
namespace {

bool IsSample(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  for (const char* extension : {".png", ".jpg", ".jpeg", ".npy", ".npz"})
    if (absl::EndsWith(lower, extension)) return true;
  return false;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SamplesInFolder(
    const std::string& folder, std::vector<std::string>* others) {
  std::error_code error;
  std::vector<std::string> samples;
  for (std::filesystem::directory_iterator it(folder, error), end;
       !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (absl::StartsWith(name, ".")) continue;
    if (IsSample(name)) {
      samples.push_back(JoinPath(folder, name));
    } else {
      others->push_back(name);
    }
  }
  if (error)
    return absl::NotFoundError(absl::StrCat("cannot read the folder '", folder,
                                            "': ", error.message()));
  if (samples.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("the data set is empty: '", folder,
                     "' has no .png, .jpg, .jpeg, .npy or .npz file"));
  std::sort(samples.begin(), samples.end());
  std::sort(others->begin(), others->end());
  return samples;
}

absl::StatusOr<std::vector<std::string>> SamplesInList(
    const std::string& file) {
  auto text = ReadFile(file);
  if (!text.ok()) return text.status();
  std::vector<std::string> samples;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty() && line[0] != '#') samples.emplace_back(line);
  }
  if (samples.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("the data set is empty: '", file, "' lists no file"));
  return samples;
}

}  // namespace tpuc
