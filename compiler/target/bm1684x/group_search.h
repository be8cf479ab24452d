// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/target/bm1684x/group.h"

// Which operations of a sequence run together.
namespace tpuc::bm1684x {

// Operations [first, last]. Without a plan: one that runs alone.
struct GroupRange {
  int first = 0, last = 0;
  std::optional<GroupPlan> plan;
};

// The ranges with the fewest modelled cycles, found by dynamic programming over
// the places where one group ends and the next begins. `alone`: cycles of each
// operation by itself. A group has at most 32 operations.
std::vector<GroupRange> FindGroups(const std::vector<GroupCandidate>& sequence,
                                   const std::vector<int64_t>& alone,
                                   int64_t capacity);

}  // namespace tpuc::bm1684x
