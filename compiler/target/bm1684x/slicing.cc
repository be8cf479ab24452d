// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/slicing.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/target/bm1684x/cost.h"

namespace tpuc::bm1684x {
namespace {

constexpr std::array<std::array<int, 4>, 2> kOrders = {
    {{kC, kN, kH, kW}, {kN, kH, kW, kC}}};

Slice FirstSlice(const Part& part, const Dims& tile) {
  Slice slice;
  for (int d = 0; d < 4; ++d)
    slice.size[d] = std::min(tile[d], part.result.shape[d]);
  return slice;
}

// A slice in the middle, whose window isn't clipped where any isn't.
Slice InnerSlice(const Part& part, const Dims& tile) {
  Slice slice = FirstSlice(part, tile);
  for (int d = 0; d < 4; ++d) {
    const int64_t count = CeilDiv(part.result.shape[d], tile[d]);
    if (count > 2) slice.start[d] = count / 2 * tile[d];
  }
  return slice;
}

int64_t OperandBytes(const Kernel& kernel, const Part& part, int operand,
                     const Slice& slice, int cut) {
  const OperandSpec& spec = kernel.operands()[operand];
  if (spec.place == Place::kDdr) return 0;
  const Slice box = kernel.OperandSlice(part, operand, slice, cut);
  return LocalTensor{0, spec.dtype, box.size, spec.layout}.BytesPerLane();
}

int64_t OperandBytes(const Kernel& kernel, const Part& part, int operand,
                     const Slice& slice) {
  int64_t bytes = 0;
  for (int cut = 0; cut < kernel.num_cuts(); ++cut)
    bytes = std::max(bytes, OperandBytes(kernel, part, operand, slice, cut));
  return bytes;
}

int64_t ResultBytes(const Kernel& kernel, const Slice& slice) {
  if (kernel.result().place == Place::kDdr) return 0;
  return LocalTensor{0, kernel.result().dtype, slice.size,
                     kernel.result().layout}
      .BytesPerLane();
}

// Steps between which the operand stays in memory: the operand is loaded once
// for each combination of the loops down to the innermost that changes it.
int64_t Loads(const Kernel& kernel, const Part& part, int operand,
              const Tiling& tiling) {
  const Slice first = FirstSlice(part, tiling.tile);
  const Slice box = kernel.OperandSlice(part, operand, first, 0);
  int64_t loads = 1, steps = 1;
  for (int d : tiling.order) {
    const int64_t count = CeilDiv(part.result.shape[d], tiling.tile[d]);
    steps *= count;
    if (count == 1) continue;
    Slice next = first;
    next.start[d] = tiling.tile[d];
    next.size[d] =
        std::min(tiling.tile[d], part.result.shape[d] - next.start[d]);
    if (kernel.OperandSlice(part, operand, next, 0) != box) loads = steps;
  }
  if (kernel.num_cuts() > 1 &&
      kernel.OperandSlice(part, operand, first, 1) != box)
    loads = steps * kernel.num_cuts();
  return loads;
}

int64_t NumSlices(const Part& part, const Dims& tile) {
  int64_t count = 1;
  for (int d = 0; d < 4; ++d) count *= CeilDiv(part.result.shape[d], tile[d]);
  return count;
}

struct PartNeeds {
  std::vector<BufferNeed> operands;
  BufferNeed result;
  int64_t scratch = 0;
  std::vector<int64_t> loads;  // of each operand
  int64_t slices = 0;
};

PartNeeds Needs(const Kernel& kernel, const Part& part, const Tiling& tiling,
                int max_buffers) {
  PartNeeds needs;
  const Slice first = FirstSlice(part, tiling.tile);
  const Slice inner = InnerSlice(part, tiling.tile);
  for (size_t k = 0; k < kernel.operands().size(); ++k) {
    const int64_t bytes = std::max(OperandBytes(kernel, part, k, first),
                                   OperandBytes(kernel, part, k, inner));
    const int64_t loads = Loads(kernel, part, k, tiling);
    needs.operands.push_back(
        {RoundUp(bytes, isa::kEuBytes), loads > 1 ? max_buffers : 1});
    needs.loads.push_back(loads);
  }
  needs.slices = NumSlices(part, tiling.tile);
  needs.result = {RoundUp(ResultBytes(kernel, first), isa::kEuBytes),
                  needs.slices > 1 ? max_buffers : 1};
  needs.scratch = kernel.ScratchBytes(part, first);
  return needs;
}

// Cycles of the transfers of one slice: each operand's, then the result's.
std::vector<double> TransferCycles(const Kernel& kernel, const Part& part,
                                   const Dims& tile) {
  std::vector<double> cycles;
  const Slice inner = InnerSlice(part, tile);
  for (size_t k = 0; k < kernel.operands().size(); ++k) {
    const OperandSpec& spec = kernel.operands()[k];
    double sum = 0;
    for (int cut = 0; spec.place == Place::kLocal && cut < kernel.num_cuts();
         ++cut)
      sum += static_cast<double>(CopyCycles(
          {0, spec.dtype, kernel.OperandSlice(part, k, inner, cut).size,
           spec.layout},
          part.operands[k].strides, /*is_load=*/true));
    cycles.push_back(sum / kernel.num_cuts());
  }
  if (kernel.result().place == Place::kDdr) {
    cycles.push_back(0);
    return cycles;
  }
  cycles.push_back(static_cast<double>(
      CopyCycles({0, kernel.result().dtype, FirstSlice(part, tile).size,
                  kernel.result().layout},
                 part.result.strides, /*is_load=*/false)));
  return cycles;
}

// The first loads and the last store have nothing to overlap with.
double Cost(const Kernel& kernel, const PartNeeds& needs,
            const std::vector<double>& cycles) {
  double cost = static_cast<double>(kInstructionCycles * needs.slices *
                                    kernel.num_cuts());
  for (size_t k = 0; k < needs.loads.size(); ++k)
    cost += (needs.loads[k] + 1) * cycles[k];
  return cost + (needs.slices + 1) * cycles.back();
}

int64_t Total(const PartNeeds& needs) {
  int64_t bytes = needs.result.bytes * needs.result.count +
                  RoundUp(needs.scratch, isa::kEuBytes);
  for (const BufferNeed& operand : needs.operands)
    bytes += operand.bytes * operand.count;
  return bytes;
}

// Tile sizes to try along a dimension, largest first: equal pieces, their
// number growing by about a fifth.
std::vector<int64_t> TileSizes(int64_t extent, int64_t granularity) {
  if (granularity == 0) return {extent};
  std::vector<int64_t> sizes;
  for (int64_t pieces = 1; pieces <= extent;
       pieces = std::max(pieces + 1, pieces * 6 / 5)) {
    const int64_t size =
        std::min(extent, RoundUp(CeilDiv(extent, pieces), granularity));
    if (sizes.empty() || sizes.back() != size) sizes.push_back(size);
    if (size <= granularity) break;
  }
  if (sizes.back() > granularity) sizes.push_back(granularity);
  return sizes;
}

std::optional<Tiling> BestTiling(const Kernel& kernel, const Part& part,
                                 int64_t capacity, int max_buffers) {
  const Dims granularity = kernel.Granularity(part);
  std::array<std::vector<int64_t>, 4> sizes;
  for (int d = 0; d < 4; ++d)
    sizes[d] = TileSizes(part.result.shape[d], granularity[d]);
  std::optional<Tiling> best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (int64_t c : sizes[kC])
    for (int64_t n : sizes[kN])
      for (int64_t h : sizes[kH])
        for (int64_t w : sizes[kW]) {
          Tiling tiling;
          tiling.tile = {n, c, h, w};
          const Slice inner = InnerSlice(part, tiling.tile);
          if (!kernel.IsLegal(part, inner)) continue;
          std::vector<double> cycles;
          for (const auto& order : kOrders) {
            tiling.order = order;
            const PartNeeds needs = Needs(kernel, part, tiling, max_buffers);
            if (Total(needs) > capacity) continue;
            if (cycles.empty())
              cycles = TransferCycles(kernel, part, tiling.tile);
            const double cost = Cost(kernel, needs, cycles);
            if (cost >= best_cost) continue;
            best_cost = cost;
            best = tiling;
          }
          // Narrower slices move more.
          if (!cycles.empty()) break;
        }
  return best;
}

void Widen(BufferNeed& need, const BufferNeed& other) {
  need.bytes = std::max(need.bytes, other.bytes);
  need.count = std::max(need.count, other.count);
}

void WidenForStep(const Kernel& kernel, const Step& step, SlicePlan& plan) {
  const Part& part = kernel.parts()[step.part];
  for (size_t k = 0; k < plan.operands.size(); ++k) {
    const int64_t bytes = OperandBytes(kernel, part, k, step.slice, step.cut);
    plan.operands[k].bytes =
        std::max(plan.operands[k].bytes, RoundUp(bytes, isa::kEuBytes));
  }
}

}  // namespace

std::vector<Step> Steps(const Kernel& kernel, const SlicePlan& plan) {
  std::vector<Step> steps;
  for (size_t p = 0; p < plan.parts.size(); ++p) {
    const Dims& shape = kernel.parts()[p].result.shape;
    const Tiling& tiling = plan.parts[p];
    Dims count;
    for (int d = 0; d < 4; ++d) count[d] = CeilDiv(shape[d], tiling.tile[d]);
    const int64_t slices = Elements(count);
    for (int64_t i = 0; i < slices; ++i) {
      Step step;
      step.part = static_cast<int>(p);
      int64_t rest = i;
      for (int k = 3; k >= 0; --k) {
        const int d = tiling.order[k];
        step.slice.start[d] = rest % count[d] * tiling.tile[d];
        step.slice.size[d] =
            std::min(tiling.tile[d], shape[d] - step.slice.start[d]);
        rest /= count[d];
      }
      for (step.cut = 0; step.cut < kernel.num_cuts(); ++step.cut)
        steps.push_back(step);
    }
  }
  return steps;
}

absl::StatusOr<SlicePlan> PlanSlices(const Kernel& kernel, int64_t capacity) {
  const int64_t table = RoundUp(kernel.TableBytes(), isa::kEuBytes);
  // Parts share the buffers, and clipped slices aren't looked at while
  // searching, so what all steps need together is checked at the end, and the
  // search repeated with less room.
  for (int max_buffers : {2, 1}) {
    for (int64_t limit = capacity - table; limit > 0; limit = limit * 3 / 4) {
      SlicePlan plan;
      plan.table_bytes = table;
      plan.operands.resize(kernel.operands().size());
      bool found = true;
      for (const Part& part : kernel.parts()) {
        const auto tiling = BestTiling(kernel, part, limit, max_buffers);
        if (!tiling) {
          found = false;
          break;
        }
        plan.parts.push_back(*tiling);
        const PartNeeds needs = Needs(kernel, part, *tiling, max_buffers);
        for (size_t k = 0; k < plan.operands.size(); ++k)
          Widen(plan.operands[k], needs.operands[k]);
        Widen(plan.result, needs.result);
        plan.scratch_bytes =
            std::max(plan.scratch_bytes, RoundUp(needs.scratch, isa::kEuBytes));
      }
      if (!found) break;
      // Several parts follow each other in the same pipeline.
      if (kernel.parts().size() > 1 && max_buffers > 1) {
        plan.result.count = 2;
        for (BufferNeed& operand : plan.operands) operand.count = 2;
      }
      for (const Step& step : Steps(kernel, plan))
        WidenForStep(kernel, step, plan);
      PartNeeds all;
      all.operands = plan.operands;
      all.result = plan.result;
      all.scratch = plan.scratch_bytes;
      if (Total(all) <= capacity - table) return plan;
    }
  }
  std::vector<std::string> shapes;
  for (const Part& part : kernel.parts())
    shapes.push_back(absl::StrJoin(part.result.shape, "x"));
  return absl::ResourceExhaustedError(absl::StrCat(
      "the smallest slice of a result of ", absl::StrJoin(shapes, " + "),
      " needs more than the ", capacity, " bytes of a lane"));
}

}  // namespace tpuc::bm1684x
