// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tpuc {

// The whole file. Errors name the path and the system's reason.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Writes beside `path` and renames, so that a reader sees the old file, the
// new file, or none, never a part. A `path` that exists and is not a regular
// file (a pipe, /dev/stdout) is written to directly.
absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view contents);

// "a/b.c" -> "a" ("" when there is no slash), "b.c", and "a/b".
std::string DirName(absl::string_view path);
std::string BaseName(absl::string_view path);
std::string WithoutExtension(absl::string_view path);

// "dir" + "name" -> "dir/name"; an absolute `name` stands alone.
std::string JoinPath(absl::string_view dir, absl::string_view name);

bool FileExists(const std::string& path);

}  // namespace tpuc
