// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "compiler/support/printable.h"

namespace tpuc::runtime {

// An error with "where: " before its message; OK stays OK. `where` may hold
// names of a file.
inline absl::Status Annotate(const absl::Status& status,
                             absl::string_view where) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(Printable(where), ": ", status.message()));
}

}  // namespace tpuc::runtime
