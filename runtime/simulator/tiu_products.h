// SPDX-License-Identifier: Apache-2.0
// Internal to the simulator: what CONV, PorD, MM and MM2 have in common.
#pragma once

#include <cstdint>
#include <functional>

#include "compiler/numerics/parallel_for.h"
#include "runtime/simulator/access.h"
#include "runtime/simulator/parallel.h"

namespace tpuc::sim {

inline int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }

// How numerics spreads its own loops over the simulator's threads.
inline numerics::ParallelFor Parallel(ThreadPool& threads) {
  return [&threads](int64_t count, int64_t grain,
                    const std::function<void(int64_t, int64_t)>& body) {
    threads.For(count, grain, body);
  };
}

// What happens to a result that may be accumulated onto.
inline Use ResultUse(bool accumulate) {
  return accumulate ? Use::kUpdate : Use::kWrite;
}

}  // namespace tpuc::sim
