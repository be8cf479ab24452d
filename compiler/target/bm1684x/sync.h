// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "compiler/isa/instruction.h"

// Ids and waits of the two engines (docs/isa/bm1684x.md, e).
namespace tpuc::bm1684x {

// Numbers the instructions of one command group, given in program order with
// both engines mixed, and makes each wait for the newest earlier instruction of
// the other engine that it must not overtake: one that touches the same byte of
// local or static memory, where at least one of the two writes. DDR and L2 are
// touched by GDMA alone, which is in order. A wait that an earlier wait of the
// same engine implies is dropped (cmd_id_dep 0). All waits point backwards in
// program order, so the engines cannot block each other.
//
// Lanes are not told apart, so two tensors at the same bytes of different lanes
// count as overlapping. O(n log n).
//
// Fails when an engine has more instructions than ids (2^20 - 1).
absl::Status AssignSync(absl::Span<isa::Instruction> program);

// Proves, without AssignSync's bookkeeping, that the waits order every pair of
// instructions of different engines that touches a common byte of local or
// static memory, where at least one writes. Each stream is in id order. Fails
// naming the first pair that may run in either order, or the wait for an id
// that doesn't exist or comes too late.
absl::Status CheckSync(absl::Span<const isa::Instruction> tiu,
                       absl::Span<const isa::Instruction> gdma);

}  // namespace tpuc::bm1684x
