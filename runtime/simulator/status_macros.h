// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Leaves the function with the error, if there is one.
#define TPUC_RETURN_IF_ERROR(expression)                      \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) { \
      return status_;                                         \
    }                                                         \
  } while (false)

#define TPUC_CONCAT_INNER(a, b) a##b
#define TPUC_CONCAT(a, b) TPUC_CONCAT_INNER(a, b)

// TPUC_ASSIGN_OR_RETURN(auto x, F()): x = value of F(), or leaves the function.
#define TPUC_ASSIGN_OR_RETURN(target, expression)                     \
  TPUC_ASSIGN_OR_RETURN_INNER(TPUC_CONCAT(result_, __LINE__), target, \
                              expression)
#define TPUC_ASSIGN_OR_RETURN_INNER(result, target, expression) \
  auto result = (expression);                                   \
  if (!result.ok()) return result.status();                     \
  target = *std::move(result)
