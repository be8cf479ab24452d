// SPDX-License-Identifier: Apache-2.0
// Images and what is to be found in them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tpuc::eval {

struct Sample {
  std::string image;  // path
  std::string label;
};

// A list: on each line an image, a tab, and its label. Paths are relative to
// the list's folder. With `space_separates` the last space will do for the tab,
// as in ImageNet's lists. Errors name the line; a list without images is one.
absl::StatusOr<std::vector<Sample>> ReadList(const std::string& path,
                                             bool space_separates);

struct ClassFolders {
  std::vector<std::string> classes;  // names of the folders, sorted
  std::vector<Sample> samples;       // labels are indices of classes
};

// A folder with a folder of images (PNG, JPEG) for each class.
absl::StatusOr<ClassFolders> ReadClassFolders(const std::string& path);

bool IsFolder(const std::string& path);

// "'path' line 3"
std::string LineOf(const std::string& path, int64_t line);

}  // namespace tpuc::eval
