// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "compiler/isa/instruction.h"
#include "compiler/target/bm1684x/cycles.h"

namespace tpuc::bm1684x {

// When an instruction runs: cycles [start, end) from the start of its command
// group. start == end for instructions that cost nothing.
struct Timing {
  int64_t start = 0;
  int64_t end = 0;
  // What it waited for: cycles between the end of its predecessor, which it
  // would have followed at once, and its start.
  int64_t waited = 0;
  Cost cost;
};

struct Schedule {
  std::vector<Timing> tiu, gdma;  // one for each instruction
  int64_t cycles = 0;             // to the end of the last one
};

// Each engine runs its stream in order; an instruction starts when its
// predecessor has ended and the other engine has ended the last instruction
// whose id is not above its cmd_id_dep. The engines don't slow each other down
// (docs/isa/bm1684x.md, g). Fails, naming engine, form and id, for instructions
// without a known cost, and for waits that never end.
absl::StatusOr<Schedule> MakeSchedule(absl::Span<const isa::Instruction> tiu,
                                      absl::Span<const isa::Instruction> gdma);

}  // namespace tpuc::bm1684x
