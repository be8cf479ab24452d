// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <vector>

#include "compiler/isa/generator/table.h"

namespace tpuc::isa::generator {

// formats.h: enum Format and one struct with named fields per format.
void EmitHeader(const std::vector<Format>& formats, std::ostream& out);

// formats.cc: the field tables, and conversions of the structs.
void EmitSource(const std::vector<Format>& formats, std::ostream& out);

}  // namespace tpuc::isa::generator
