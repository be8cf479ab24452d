// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "compiler/target/bm1684x/group.h"

// In which order the slices and stages of a group move and compute.
namespace tpuc::bm1684x {

// When a load is read, and how often it is made.
struct LoadUse {
  int first = 0, last = 0;  // stages that read it
  bool is_kept = false;     // once for all slices
  // Two copies, of which one is filled while a slice reads the other.
  bool is_double = false;
};

// Of each load.
std::vector<LoadUse> UsesOf(const GroupGraph& graph, const GroupTiling& tiling,
                            const std::vector<SliceBoxes>& boxes);

struct GroupEvent {
  enum class Kind : uint8_t { kLoad, kCompute, kStore };
  Kind kind = Kind::kCompute;
  int64_t slice = 0;
  int index = 0;  // of the load or the stage
};

// Events of `slices` slices. A load comes one operation before the one that
// reads it, that of a slice's first operation one slice before. A store follows
// the operation behind the one that it stores, so that the DMA doesn't wait.
std::vector<GroupEvent> Timeline(const GroupGraph& graph,
                                 const std::vector<LoadUse>& uses,
                                 int64_t slices);

}  // namespace tpuc::bm1684x
