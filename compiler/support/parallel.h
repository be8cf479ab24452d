// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

namespace tpuc {

// Calls body(begin, end) for consecutive, disjoint ranges that cover
// [0, count), on at most `threads` threads, the calling one included. A range
// has at least `grain` items unless fewer remain. The body must give the same
// results however the ranges are cut.
template <typename Body>
void ParallelFor(int threads, int64_t count, int64_t grain, const Body& body) {
  if (count <= 0) return;
  const int64_t most =
      std::max<int64_t>(1, count / std::max<int64_t>(1, grain));
  const int64_t parts = std::clamp<int64_t>(threads, 1, most);
  std::vector<std::thread> workers;
  workers.reserve(static_cast<size_t>(parts - 1));
  for (int64_t i = 1; i < parts; ++i) {
    workers.emplace_back([&body, i, count, parts] {
      body(count * i / parts, count * (i + 1) / parts);
    });
  }
  body(int64_t{0}, count / parts);
  for (std::thread& worker : workers) worker.join();
}

}  // namespace tpuc
