// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tpuc {

// Runs a program and waits. Its standard output goes to our standard error,
// which it shares. An error when it cannot start, does not exit with 0, or is
// killed.
absl::Status RunProcess(const std::vector<std::string>& arguments);

// The path of a file of this workspace ("tools/onnxruntime_runner") among the
// runfiles of the running program, or "" when it is not there. Looks into
// $RUNFILES_DIR, <program>.runfiles, and the folder of runfiles that the
// program itself is in.
std::string FindRunfile(const std::string& path);

}  // namespace tpuc
