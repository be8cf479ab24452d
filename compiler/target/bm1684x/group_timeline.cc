// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/group_timeline.h"

#include <algorithm>

#include "compiler/target/bm1684x/cost.h"
#include "compiler/target/bm1684x/cycles.h"

namespace tpuc::bm1684x {
namespace {

using Kind = GroupEvent::Kind;

// Slices from which on one costs what the one before did.
constexpr int64_t kDistinctSlices = 4;

// The two engines, each in order.
class Clock {
 public:
  void Load(int64_t cycles, int64_t& ready) {
    dma_ += cycles;
    ready = dma_;
  }
  void Compute(int64_t cycles, int64_t inputs_ready, int64_t& ready) {
    tiu_ = std::max(tiu_, inputs_ready) + cycles;
    ready = tiu_;
  }
  void Store(int64_t cycles, int64_t ready) {
    dma_ = std::max(dma_, ready) + cycles;
  }
  int64_t End() const { return std::max(dma_, tiu_); }

 private:
  int64_t dma_ = 0, tiu_ = 0;
};

class Estimator {
 public:
  Estimator(const GroupGraph& graph, const GroupTiling& tiling,
            const std::vector<SliceBoxes>& boxes, StageCosts& costs)
      : graph_(graph), costs_(costs), uses_(UsesOf(graph, tiling, boxes)) {
    AddCosts(boxes.front());
    if (boxes.size() > 1) AddCosts(boxes[boxes.size() / 2]);
    if (boxes.size() > 2) AddCosts(boxes.back());
  }

  int64_t Run(int64_t slices) {
    if (slices <= kDistinctSlices) return Cycles(slices);
    const int64_t more = Cycles(kDistinctSlices) - Cycles(kDistinctSlices - 1);
    return Cycles(kDistinctSlices) + (slices - kDistinctSlices) * more;
  }

 private:
  struct SliceCosts {
    std::vector<int64_t> loads, stages, stores;
  };

  void AddCosts(const SliceBoxes& slice) {
    SliceCosts cost;
    for (size_t l = 0; l < graph_.loads.size(); ++l) {
      const auto& [view, spec] = graph_.loads[l];
      cost.loads.push_back(
          kInstructionCycles +
          CopyCycles({0, spec.dtype, slice.loads[l].size, spec.layout},
                     view.strides, /*is_load=*/true));
    }
    for (size_t s = 0; s < graph_.stages.size(); ++s) {
      const GroupStage& stage = graph_.stages[s];
      cost.stages.push_back(
          costs_.Compute(*stage.kernel, slice.results[s], slice.operands[s]) +
          Crops(stage, slice, s));
      cost.stores.push_back(stage.is_stored ? Store(stage, slice.results[s])
                                            : 0);
    }
    slices_.push_back(std::move(cost));
  }

  // An element a lane and cycle at worst.
  static int64_t Crops(const GroupStage& stage, const SliceBoxes& slice,
                       size_t s) {
    int64_t cycles = 0;
    for (size_t k = 0; k < stage.operands.size(); ++k) {
      if (!IsCropped(stage.operands[k], slice, s, k)) continue;
      const Slice& box = slice.operands[s][k];
      const OperandSpec& spec = stage.kernel->operands()[k];
      cycles +=
          kInstructionCycles +
          LocalTensor{0, spec.dtype, box.size}.BytesPerLane() / isa::kEuBytes;
    }
    return cycles;
  }

  static int64_t Store(const GroupStage& stage, const Slice& box) {
    const OperandSpec& spec = stage.kernel->result();
    return kInstructionCycles +
           CopyCycles({0, spec.dtype, box.size, spec.layout},
                      stage.kernel->parts()[0].result.strides,
                      /*is_load=*/false);
  }

  int64_t Cycles(int64_t slices) const {
    Clock clock;
    const int64_t count = static_cast<int64_t>(graph_.stages.size());
    std::vector<int64_t> loaded(graph_.loads.size() * slices, 0);
    std::vector<int64_t> computed(count * slices, 0);
    for (const GroupEvent& event : Timeline(graph_, uses_, slices)) {
      const int64_t t = event.slice;
      const SliceCosts& cost = Costs(t, slices);
      int64_t* const loads = loaded.data() + t * graph_.loads.size();
      int64_t& ready = computed.data()[t * count + event.index % count];
      if (event.kind == Kind::kLoad)
        clock.Load(cost.loads[event.index], loads[event.index]);
      if (event.kind == Kind::kStore)
        clock.Store(cost.stores[event.index], ready);
      if (event.kind == Kind::kCompute)
        clock.Compute(cost.stages[event.index], Ready(event.index, loaded, t),
                      ready);
    }
    return clock.End();
  }

  int64_t Ready(int stage, const std::vector<int64_t>& loaded,
                int64_t slice) const {
    int64_t ready = 0;
    for (const StageOperand& operand : graph_.stages[stage].operands) {
      if (operand.load < 0) continue;
      const int64_t t = uses_[operand.load].is_kept ? 0 : slice;
      ready = std::max(ready, loaded[t * graph_.loads.size() + operand.load]);
    }
    return ready;
  }

  // Of the first, an inner and the last slice.
  const SliceCosts& Costs(int64_t slice, int64_t slices) const {
    if (slice == 0) return slices_[0];
    if (slice + 1 == slices) return slices_.back();
    return slices_[1];
  }

  const GroupGraph& graph_;
  StageCosts& costs_;
  std::vector<LoadUse> uses_;
  std::vector<SliceCosts> slices_;
};

}  // namespace

std::vector<LoadUse> UsesOf(const GroupGraph& graph, const GroupTiling& tiling,
                            const std::vector<SliceBoxes>& boxes) {
  const int count = static_cast<int>(graph.stages.size());
  std::vector<LoadUse> uses(graph.loads.size());
  for (LoadUse& use : uses) use.first = count;
  for (int s = 0; s < count; ++s)
    for (const StageOperand& operand : graph.stages[s].operands) {
      if (operand.load < 0) continue;
      LoadUse& use = uses[operand.load];
      use.first = std::min(use.first, s);
      use.last = s;
    }
  if (boxes.size() == 1) return uses;
  for (size_t l = 0; l < uses.size(); ++l) {
    const bool same =
        std::all_of(boxes.begin(), boxes.end(), [&](const SliceBoxes& slice) {
          return slice.loads[l] == boxes[0].loads[l];
        });
    uses[l].is_kept = tiling.keeps && same;
    uses[l].is_double = !uses[l].is_kept && uses[l].first == 0;
  }
  return uses;
}

std::vector<GroupEvent> Timeline(const GroupGraph& graph,
                                 const std::vector<LoadUse>& uses,
                                 int64_t slices) {
  std::vector<GroupEvent> events;
  const int count = static_cast<int>(graph.stages.size());
  // Those that stage `stage` of a slice waits for.
  const auto load = [&](int64_t slice, int stage, bool is_double) {
    for (size_t l = 0; l < uses.size(); ++l)
      if (uses[l].first == stage && uses[l].is_double == is_double &&
          (slice == 0 || !uses[l].is_kept))
        events.push_back({Kind::kLoad, slice, static_cast<int>(l)});
  };
  std::optional<GroupEvent> store;
  load(0, 0, /*is_double=*/true);
  load(0, 0, /*is_double=*/false);
  for (int64_t t = 0; t < slices; ++t) {
    if (t + 1 < slices) load(t + 1, 0, /*is_double=*/true);
    for (int s = 0; s < count; ++s) {
      if (s + 1 < count) load(t, s + 1, /*is_double=*/false);
      events.push_back({Kind::kCompute, t, s});
      if (store) events.push_back(*store);
      store.reset();
      if (graph.stages[s].is_stored) store = {Kind::kStore, t, s};
    }
  }
  if (store) events.push_back(*store);
  return events;
}

int64_t StageCosts::Compute(const Kernel& kernel, const Slice& result,
                            const std::vector<Slice>& operands) {
  const Key key = {&kernel, {result.start, result.size}};
  const auto [it, is_new] = compute_.try_emplace(key, 0);
  if (!is_new) return it->second;
  Kernel::Buffers buffers;
  for (size_t k = 0; k < operands.size(); ++k) {
    const OperandSpec& spec = kernel.operands()[k];
    buffers.operands.push_back({0, spec.dtype, operands[k].size, spec.layout});
  }
  buffers.result = {0, kernel.result().dtype, result.size,
                    kernel.result().layout};
  Emitter emitter;
  kernel.Emit(emitter, kernel.parts()[0], result, 0, buffers);
  for (const isa::Instruction& instruction : emitter.instructions()) {
    const auto cost = CostOf(instruction);
    it->second += kInstructionCycles + (cost.ok() ? cost->cycles : 0);
  }
  return it->second;
}

int64_t EstimateCycles(const GroupGraph& graph, const GroupPlan& plan,
                       const std::vector<SliceBoxes>& boxes,
                       StageCosts& costs) {
  return Estimator(graph, plan.tiling, boxes, costs)
      .Run(static_cast<int64_t>(boxes.size()));
}

}  // namespace tpuc::bm1684x
