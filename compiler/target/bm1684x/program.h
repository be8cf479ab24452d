// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/target/bm1684x/slicing.h"

// Turns a sliced kernel with addresses into instructions in program order.
namespace tpuc::bm1684x {

// Where the buffers of a plan lie: one address in the lane for each copy.
struct LocalPlacement {
  std::vector<std::vector<int64_t>> operands;
  std::vector<int64_t> result;
  int64_t scratch = 0;
  int64_t table = 0;
};

// DDR addresses of the first element of each tensor.
struct GlobalPlacement {
  std::vector<uint64_t> operands;
  uint64_t result = 0;
};

// Loads of step t + 1 come before the computation of step t, the store of
// step t - 1 behind it, as far as there are two copies of a buffer.
void EmitSliced(const Kernel& kernel, const SlicePlan& plan,
                const LocalPlacement& local, const GlobalPlacement& global,
                Emitter& emitter);

// What that takes by the cycle model, both engines together; estimated, as the
// instructions have no waits yet.
int64_t EstimateCycles(const Kernel& kernel, const SlicePlan& plan);

}  // namespace tpuc::bm1684x
