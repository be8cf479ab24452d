// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/target/bm1684x/kernel.h"

// Cuts a kernel's work into slices that fit into local memory.
namespace tpuc::bm1684x {

// Slices of one part: boxes of `tile` elements of the result (smaller at the
// ends), nested in `order` (outermost first; always a permutation of 0..3 for
// n, c, h, w). The cuts of the accumulation are the innermost loop.
struct Tiling {
  Dims tile = {1, 1, 1, 1};
  std::array<int, 4> order = {kC, kN, kH, kW};
};

// A buffer in local memory: `count` copies of `bytes` in each lane. With two
// copies one is filled or drained while the other is used. Tensors that a
// kernel reads or writes in DDR have none: 0 bytes.
struct BufferNeed {
  int64_t bytes = 0;
  int count = 1;
};

struct SlicePlan {
  std::vector<Tiling> parts;         // as Kernel::parts()
  std::vector<BufferNeed> operands;  // as Kernel::operands()
  BufferNeed result;
  int64_t scratch_bytes = 0;
  int64_t table_bytes = 0;
};

// One step: make `slice` of the result of a part, or one cut of it.
struct Step {
  int part = 0;
  int cut = 0;
  Slice slice;
};

// All steps in order.
std::vector<Step> Steps(const Kernel& kernel, const SlicePlan& plan);

// The plan whose transfers take the fewest cycles (cost.h), counting what
// doesn't overlap with computation twice. Fails when not even the smallest
// slice fits into `capacity` bytes of a lane.
absl::StatusOr<SlicePlan> PlanSlices(const Kernel& kernel, int64_t capacity);

}  // namespace tpuc::bm1684x
