// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace tpuc::numerics {

// How a caller shares a loop among its threads: calls body(begin, end) for
// disjoint parts of [0, count) of `grain` items or more, and returns when all
// are done.
using ParallelFor =
    std::function<void(int64_t count, int64_t grain,
                       const std::function<void(int64_t, int64_t)>& body)>;

inline void Serially(int64_t count, int64_t,
                     const std::function<void(int64_t, int64_t)>& body) {
  body(0, count);
}

}  // namespace tpuc::numerics
