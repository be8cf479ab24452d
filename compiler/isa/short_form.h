// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "compiler/isa/instruction.h"

namespace tpuc::isa {

// The short form that does what an instruction in the long form (1024 bits, one
// field map for all TIU types; docs/isa/bm1684x.md, c.0) does: fields of one
// name hold the same value, and fields that the short form lacks have no
// effect. Source: `tests/vendor/case.py`, which draws both forms. Other
// instructions come back unchanged.
//
// Fails, naming the field, when lanes are masked out, or when a value doesn't
// fit into the short form's field.
absl::StatusOr<Instruction> ToShortForm(const Instruction& instruction);

}  // namespace tpuc::isa
