// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/group_plan.h"

#include <iterator>
#include <string>

namespace tpuc::bm1684x {
namespace {

constexpr char kLetters[] = "nchw";

// By BufferRole.
constexpr const char* kRoles[] = {"load", "value", "crop", "scratch", "table"};

}  // namespace

std::vector<tpu::GroupTile> TilesOf(const SlicePlan& plan) {
  std::vector<tpu::GroupTile> tiles;
  for (const Tiling& tiling : plan.parts) {
    tpu::GroupTile tile;
    tile.tile.assign(tiling.tile.begin(), tiling.tile.end());
    for (int d : tiling.order) tile.order += kLetters[d];
    tiles.push_back(tile);
  }
  return tiles;
}

std::vector<tpu::GroupBuffer> BuffersOf(const Kernel& kernel,
                                        const SlicePlan& plan) {
  std::vector<tpu::GroupBuffer> buffers;
  const auto add = [&](const char* kind, int64_t index, Layout layout,
                       const BufferNeed& need) {
    tpu::GroupBuffer buffer;
    buffer.kind = kind;
    buffer.index = index;
    buffer.layout = Name(layout);
    buffer.bytes = need.bytes;
    buffer.count = need.count;
    buffers.push_back(buffer);
  };
  for (size_t k = 0; k < plan.operands.size(); ++k)
    if (kernel.operands()[k].place == Place::kLocal)
      add("operand", k, kernel.operands()[k].layout, plan.operands[k]);
  if (kernel.result().place == Place::kLocal)
    add("result", 0, kernel.result().layout, plan.result);
  if (plan.scratch_bytes > 0)
    add("scratch", 0, Layout::kAligned, {plan.scratch_bytes, 1});
  if (plan.table_bytes > 0)
    add("table", 0, Layout::kAligned, {plan.table_bytes, 1});
  return buffers;
}

SlicePlan PlanOf(tpu::GroupOp group) {
  SlicePlan plan;
  for (const tpu::GroupTile& tile : tpu::TilesOf(group)) {
    Tiling tiling;
    for (int d = 0; d < 4; ++d) {
      tiling.tile[d] = tile.tile[d];
      tiling.order[d] =
          static_cast<int>(std::string(kLetters).find(tile.order[d]));
    }
    plan.parts.push_back(tiling);
  }
  return plan;
}

LocalPlacement PlacementOf(tpu::GroupOp group) {
  LocalPlacement local;
  for (const tpu::GroupBuffer& buffer : tpu::BuffersOf(group)) {
    if (buffer.kind == "operand") {
      local.operands.resize(buffer.index + 1);
      local.operands[buffer.index] = buffer.addresses;
    }
    if (buffer.kind == "result") local.result = buffer.addresses;
    if (buffer.kind == "scratch") local.scratch = buffer.addresses[0];
    if (buffer.kind == "table") local.table = buffer.addresses[0];
  }
  return local;
}

std::vector<int64_t> SlicesOf(const GroupTiling& tiling) {
  return {tiling.n, tiling.h, tiling.keeps};
}

std::vector<tpu::GroupBuffer> BuffersOf(const GroupPlan& plan) {
  std::vector<tpu::GroupBuffer> buffers;
  for (const GroupBuffer& planned : plan.buffers) {
    tpu::GroupBuffer buffer;
    buffer.kind = kRoles[static_cast<int>(planned.role)];
    buffer.index = planned.index;
    buffer.layout = Name(planned.layout);
    buffer.bytes = planned.local.bytes;
    buffer.count = planned.local.count;
    buffer.first = planned.local.first;
    buffer.last = planned.local.last;
    buffers.push_back(buffer);
  }
  return buffers;
}

GroupPlan GroupPlanOf(tpu::GroupOp group) {
  GroupPlan plan;
  const llvm::ArrayRef<int64_t> slices = *group.getSlices();
  plan.tiling = {slices[0], slices[1], slices[2] != 0};
  for (const tpu::GroupBuffer& buffer : tpu::BuffersOf(group)) {
    GroupBuffer planned;
    for (int role = 0; role < static_cast<int>(std::size(kRoles)); ++role)
      if (buffer.kind == kRoles[role])
        planned.role = static_cast<BufferRole>(role);
    planned.index = static_cast<int>(buffer.index);
    planned.local = {buffer.bytes, buffer.count, buffer.first, buffer.last,
                     buffer.addresses};
    plan.buffers.push_back(planned);
  }
  return plan;
}

}  // namespace tpuc::bm1684x
