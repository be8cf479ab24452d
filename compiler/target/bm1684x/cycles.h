// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "compiler/isa/instruction.h"

// The cycle model: what each instruction costs, read off its fields. It gives
// the numbers of the vendor's cost functions (docs/isa/bm1684x.md, chapter g),
// which are themselves a model: 1 cycle = 1 ns at the nominal 1 GHz, no
// start-up cost, no contention between the engines. Totals: schedule.h.
namespace tpuc::bm1684x {

struct Cost {
  int64_t cycles = 0;  // may be 0
  // GDMA: bytes of the elements that are moved or filled, without repetitions.
  int64_t bytes = 0;
  // CONV, MM, MM2 and depthwise PorD: multiply-accumulates, padding of channels
  // to the machine's width not counted.
  int64_t macs = 0;
  // MACs that all lanes do in a cycle at most in that operand type; 0 for
  // instructions without.
  int64_t peak_macs = 0;
};

// Instructions that end a stream, and nops, cost nothing. Fails, naming form
// and field, for forms whose cost is not known: LAR, SEG, the TIU's other
// system commands, matrix copies that stay on one side, sub-opcodes that the
// form does not have.
absl::StatusOr<Cost> CostOf(const isa::Instruction& instruction);

// The engines' halves of CostOf.
absl::StatusOr<Cost> TiuCost(const isa::Instruction& instruction);
absl::StatusOr<Cost> GdmaCost(const isa::Instruction& instruction);

}  // namespace tpuc::bm1684x
