// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/bmodel/bmodel.h"
#include "runtime/relocation.h"
#include "runtime/simulator/simulator.h"

namespace tpuc::runtime {

// A stage whose records and instructions were checked against each other.
struct StageProgram {
  Relocation relocation;
  // Command groups in order of execution, at the relocated addresses.
  std::vector<sim::Program> groups;
  // OK, or why no device of ours runs it: a dynamic or CPU sub-net. Then there
  // are no groups.
  absl::Status runnable;
};

// Fails, naming tensor, command group or instruction, when
// - weights, io and ctx overlap, leave DDR or need more than `memory_limit`
//   bytes together;
// - inputs have one name or overlap, a tensor has more than 8 dimensions, or
//   one above 2^31 - 1;
// - a stream does not decode, holds another number of instructions than its
//   record says, or addresses DDR outside of the regions;
// - sub-nets run other command groups than the stage lists.
absl::StatusOr<StageProgram> CheckStage(const bmodel::Stage& stage,
                                        uint64_t memory_limit);

}  // namespace tpuc::runtime
