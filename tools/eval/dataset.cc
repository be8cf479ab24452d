// SPDX-License-Identifier: Apache-2.0
#include "tools/eval/dataset.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "compiler/support/file.h"

namespace tpuc::eval {
namespace {

namespace fs = std::filesystem;

bool IsImageName(const fs::path& path) {
  const std::string extension =
      absl::AsciiStrToLower(path.extension().string());
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

// The entries of a folder by name: folders, or images.
absl::StatusOr<std::vector<std::string>> Entries(const std::string& path,
                                                 bool folders) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    if (folders ? it->is_directory(error)
                : !it->is_directory(error) && IsImageName(it->path()))
      names.push_back(it->path().filename().string());
  }
  if (error)
    return absl::NotFoundError(
        absl::StrCat("cannot read '", path, "': ", error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

bool IsFolder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::string LineOf(const std::string& path, int64_t line) {
  return absl::StrCat("'", path, "' line ", line);
}

absl::StatusOr<std::vector<Sample>> ReadList(const std::string& path,
                                             bool space_separates) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  const std::string folder = DirName(path);
  std::vector<Sample> samples;
  int64_t number = 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    ++number;
    line = absl::StripSuffix(line, "\r");
    if (line.empty()) continue;
    size_t end = line.find('\t');
    if (end == line.npos && space_separates) end = line.rfind(' ');
    if (end == line.npos || end == 0 || end + 1 == line.size())
      return absl::InvalidArgumentError(
          absl::StrCat(LineOf(path, number), ": '", line,
                       "' has no label; a line is an image, a tab, its label"));
    samples.push_back({JoinPath(folder, line.substr(0, end)),
                       std::string(line.substr(end + 1))});
  }
  if (samples.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "' lists no images"));
  return samples;
}

absl::StatusOr<ClassFolders> ReadClassFolders(const std::string& path) {
  auto classes = Entries(path, /*folders=*/true);
  if (!classes.ok()) return classes.status();
  ClassFolders result;
  result.classes = *std::move(classes);
  for (size_t i = 0; i < result.classes.size(); ++i) {
    const std::string folder = JoinPath(path, result.classes[i]);
    auto images = Entries(folder, /*folders=*/false);
    if (!images.ok()) return images.status();
    for (const std::string& image : *images)
      result.samples.push_back({JoinPath(folder, image), absl::StrCat(i)});
  }
  if (result.samples.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("'", path,
                     "' has no images (.png, .jpg, .jpeg) in folders that "
                     "stand for classes"));
  return result;
}

}  // namespace tpuc::eval
