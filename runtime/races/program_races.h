// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/races/waits.h"
#include "runtime/simulator/simulator.h"

// Races of encoded programs. The bytes of each instruction are those of the
// operands that the simulator resolves for it; gathers and scatters, whose
// addresses are data, count with their whole operands.
namespace tpuc::races {

// The bytes of one operand that lie in local or static memory, as Joined()
// gives them.
std::vector<ByteRange> RangesOf(const sim::Access& access,
                                const sim::Memory& memory);

// Fails for instructions that the simulator refuses, and for those whose
// cmd_id_en is 0, with which no wait holds.
absl::StatusOr<Streams> StreamsOf(const sim::Program& program,
                                  sim::Simulator& simulator);

// What is written when a program starts: static memory, by the firmware.
LastTouch WrittenAtStart();

// One paragraph: both instructions, the bytes, and the waits that would do.
std::string Describe(const Race& race, const sim::Program& program,
                     const Streams& streams);
std::string Describe(const UnwrittenRead& read, const sim::Program& program);

}  // namespace tpuc::races
