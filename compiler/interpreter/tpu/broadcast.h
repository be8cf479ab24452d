// SPDX-License-Identifier: Apache-2.0
// Loops over two operands that broadcast to a result in the manner of numpy.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "compiler/support/parallel.h"

namespace tpuc::interpreter {

// Elements that are worth a thread.
inline constexpr int64_t kGrain = 1 << 15;

// One loop over the result, with the strides of both operands in elements;
// neighbouring dimensions that both treat alike are one.
struct BroadcastLoop {
  int64_t size, lhs, rhs;
};

// Innermost first; never empty.
std::vector<BroadcastLoop> BroadcastLoops(const std::vector<int64_t>& shape,
                                          const std::vector<int64_t>& lhs,
                                          const std::vector<int64_t>& rhs);

// Elements of a row: `count` of the result from `result` on; of the operands
// from `lhs` and `rhs` on, with these strides (0 repeats).
struct BroadcastRow {
  int64_t count = 0;
  int64_t result = 0;
  int64_t lhs = 0, lhs_stride = 0;
  int64_t rhs = 0, rhs_stride = 0;
};

// Calls row(BroadcastRow) for rows that cover the result, on several threads.
template <typename Row>
void ForEachBroadcastRow(const std::vector<int64_t>& shape,
                         const std::vector<int64_t>& lhs,
                         const std::vector<int64_t>& rhs, int threads,
                         const Row& row) {
  const std::vector<BroadcastLoop> loops = BroadcastLoops(shape, lhs, rhs);
  const int64_t length = loops[0].size;
  int64_t rows = 1;
  for (size_t d = 1; d < loops.size(); ++d) rows *= loops[d].size;
  const auto run = [&](int64_t index, int64_t first, int64_t last) {
    BroadcastRow part;
    part.count = last - first;
    part.result = index * length + first;
    part.lhs_stride = loops[0].lhs;
    part.rhs_stride = loops[0].rhs;
    part.lhs = first * loops[0].lhs;
    part.rhs = first * loops[0].rhs;
    int64_t rest = index;
    for (size_t d = 1; d < loops.size(); ++d) {
      const int64_t i = rest % loops[d].size;
      rest /= loops[d].size;
      part.lhs += i * loops[d].lhs;
      part.rhs += i * loops[d].rhs;
    }
    row(part);
  };
  if (rows == 1) {
    ParallelFor(threads, length, kGrain,
                [&](int64_t begin, int64_t end) { run(0, begin, end); });
    return;
  }
  ParallelFor(threads, rows, std::max<int64_t>(1, kGrain / length),
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) run(i, 0, length);
              });
}

}  // namespace tpuc::interpreter
