// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace tpuc {

// `text` as part of a one-line message: control characters become escapes
// ("\n", "\x1b"). Names in files may hold any byte.
std::string Printable(absl::string_view text);

}  // namespace tpuc
