// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/group_search.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tpuc::bm1684x {
namespace {

constexpr int kMostStages = 32;
constexpr int64_t kMostSlices = 64;
// Tilings that fit, beyond which more slices are not worth a look.
constexpr int kFittingTilings = 3;

// Numbers of slices to try grow by about a quarter.
int64_t More(int64_t pieces) {
  return pieces + std::max<int64_t>(1, pieces / 4);
}

class Search {
 public:
  Search(const std::vector<GroupCandidate>& sequence, int64_t capacity)
      : sequence_(sequence), capacity_(capacity) {}

  struct Found {
    int64_t cycles = std::numeric_limits<int64_t>::max();
    std::optional<GroupPlan> plan;
  };

  // The best plan of a range; `least` (slices) says where to begin, and where
  // the range with one operation more may. Without a plan, none fits.
  Found Best(int first, int last, int64_t& least) {
    Found best;
    std::vector<int> tensors;
    const auto graph = MakeGraph(sequence_, first, last, &tensors);
    if (!graph) return best;
    const Dims shape = Shape(*graph);
    int fitting = 0;
    bool is_first = true;
    for (int64_t slices = least;
         slices <= kMostSlices && fitting < kFittingTilings;
         slices = More(slices)) {
      const GroupTiling tiling = TilingOf(shape, slices);
      const auto boxes = BoxesOf(*graph, tiling);
      if (!boxes) continue;
      auto plan = PlanGroup(*graph, tiling, *boxes, capacity_);
      if (!plan) continue;
      if (is_first) least = slices;
      is_first = false;
      ++fitting;
      const int64_t cycles = EstimateCycles(*graph, *plan, *boxes, costs_);
      if (cycles < best.cycles) best = {cycles, std::move(plan)};
    }
    return best;
  }

 private:
  // Of the stored result with the fewest rows.
  static Dims Shape(const GroupGraph& graph) {
    Dims shape = {1, 1, kMostSlices, 1};
    for (const GroupStage& stage : graph.stages) {
      if (!stage.is_stored) continue;
      const Dims& result = stage.kernel->parts()[0].result.shape;
      shape[kN] = result[kN];
      shape[kH] = std::min(shape[kH], result[kH]);
    }
    return shape;
  }

  // Along n first, which has no halo.
  static GroupTiling TilingOf(const Dims& shape, int64_t slices) {
    GroupTiling tiling;
    tiling.n = std::min(slices, shape[kN]);
    tiling.h = CeilDiv(slices, tiling.n);
    return tiling;
  }

  const std::vector<GroupCandidate>& sequence_;
  int64_t capacity_;
  StageCosts costs_;
};

}  // namespace

std::vector<GroupRange> FindGroups(const std::vector<GroupCandidate>& sequence,
                                   const std::vector<int64_t>& alone,
                                   int64_t capacity) {
  const int count = static_cast<int>(sequence.size());
  Search search(sequence, capacity);
  // Of the operations before each; how the last of them run.
  std::vector<int64_t> cycles(count + 1, std::numeric_limits<int64_t>::max());
  std::vector<GroupRange> choice(count + 1);
  cycles[0] = 0;
  for (int first = 0; first < count; ++first) {
    const auto offer = [&](int last, int64_t more,
                           std::optional<GroupPlan> plan) {
      if (cycles[first] + more >= cycles[last + 1]) return;
      cycles[last + 1] = cycles[first] + more;
      choice[last + 1] = {first, last, std::move(plan)};
    };
    offer(first, alone[first], std::nullopt);
    int64_t least = 1;
    for (int last = first + 1; last < std::min(count, first + kMostStages);
         ++last) {
      if (sequence[last].kernel == nullptr) break;
      auto found = search.Best(first, last, least);
      if (found.plan) offer(last, found.cycles, std::move(found.plan));
    }
  }
  std::vector<GroupRange> ranges;
  for (int end = count; end > 0; end = ranges.back().first)
    ranges.push_back(choice[end]);
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

}  // namespace tpuc::bm1684x
