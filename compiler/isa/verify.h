// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "compiler/isa/instruction.h"

// Legality of instructions and programs, by docs/isa/bm1684x.md. The limits of
// the hardware are enforced even where a simulator is lenient (alignment of
// EU-aligned tensors, for one).
namespace tpuc::isa {

// One instruction: values fit their fields, reserved bits are 0, opcode and
// form agree with the format, the sub-opcode is known, dtype, layout and
// rounding codes exist and the operation takes them, sizes aren't 0, addresses
// lie in the memory they must and are aligned as their layout asks. Command
// ids aren't looked at: they are given last (see VerifyProgram).
//
// The message names instruction, field, value and rule:
//   "sAR.add cmd_id 5: res0_c = 0: a size is 1 to 65535"
absl::Status Verify(const Instruction& instruction);

// The two streams of one command group, end instructions included. Besides
// each instruction: ids count 1, 2, 3, .. in each stream; each stream ends in
// its end instruction and holds no other; no wait is for an instruction that
// doesn't exist; the waits of the two streams don't wait for each other in a
// circle (hardware would hang).
absl::Status VerifyProgram(absl::Span<const Instruction> tiu,
                           absl::Span<const Instruction> gdma);

}  // namespace tpuc::isa
