// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <vector>

#include "compiler/isa/generator/table.h"

namespace tpuc::isa::generator {

// IsaOps.td: one operation per field map, that is one per format, but one for
// all long TIU formats together.
void EmitOps(const std::vector<Format>& formats, std::ostream& out);

// IsaFields.cc.inc: conversions between operations and instructions.
void EmitOpFields(const std::vector<Format>& formats, std::ostream& out);

}  // namespace tpuc::isa::generator
