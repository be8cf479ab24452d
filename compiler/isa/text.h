// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/isa/instruction.h"

// Instructions as text, one to a line:
//
//   sAR.add cmd_id=1 cmd_id_dep=2 res0_prec=2 ... res0_addr=0x18000
//
// The first word is the format's name in the table, then the sub-opcode by
// name, or by number where it has none (`sSEG.3`; left out when it is 0 and
// nameless). Fields that have their default value are left out. Values are
// decimal or, after 0x, hexadecimal. Every instruction, legal or not, survives
// Print and Parse. 200,000 instructions take half a second each way.
namespace tpuc::isa {

std::string Print(const Instruction& instruction);

// Appends to `out`; saves the string.
void Print(const Instruction& instruction, std::string* out);

// One instruction; spaces around it are ignored. Errors start with
// "LINE:COLUMN: ", where `line` is the number of the line in its file and
// columns count bytes from 1, and name what was found and what is accepted.
absl::StatusOr<Instruction> Parse(absl::string_view text, int line = 1);

}  // namespace tpuc::isa
