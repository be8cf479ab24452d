// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

namespace tpuc::quantization {

// The least n from 0 to `most` for which `passes(n)` holds, when it holds for
// all larger ones too; nothing when it fails for `most`. Tries small numbers
// first: 0, 1, 3, 7, ... and then between the last two. About 2 log2(n) calls.
template <typename Passes>
absl::StatusOr<std::optional<int64_t>> SmallestPassing(int64_t most,
                                                       const Passes& passes) {
  int64_t failed = -1;  // the largest that does
  int64_t next = 0;
  for (;;) {
    absl::StatusOr<bool> good = passes(next);
    if (!good.ok()) return good.status();
    if (*good) break;
    if (next == most) return std::nullopt;
    failed = next;
    next = std::min(most, 2 * next + 1);
  }
  while (next - failed > 1) {
    const int64_t middle = failed + (next - failed) / 2;
    absl::StatusOr<bool> good = passes(middle);
    if (!good.ok()) return good.status();
    (*good ? next : failed) = middle;
  }
  return next;
}

}  // namespace tpuc::quantization
