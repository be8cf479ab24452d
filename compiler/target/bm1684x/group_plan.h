// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "compiler/dialect/tpu/TpuGroupOps.h"
#include "compiler/target/bm1684x/group.h"
#include "compiler/target/bm1684x/program.h"
#include "compiler/target/bm1684x/slicing.h"

// Slice plans and placements as attributes of tpu.Group, and back.
namespace tpuc::bm1684x {

std::vector<tpu::GroupTile> TilesOf(const SlicePlan& plan);

// Without addresses.
std::vector<tpu::GroupBuffer> BuffersOf(const Kernel& kernel,
                                        const SlicePlan& plan);

// The inverse, of a group of one operation.
SlicePlan PlanOf(tpu::GroupOp group);
LocalPlacement PlacementOf(tpu::GroupOp group);

// Of several operations.
std::vector<int64_t> SlicesOf(const GroupTiling& tiling);
std::vector<tpu::GroupBuffer> BuffersOf(const GroupPlan& plan);
// The inverse.
GroupPlan GroupPlanOf(tpu::GroupOp group);

}  // namespace tpuc::bm1684x
