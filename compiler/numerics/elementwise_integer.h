// SPDX-License-Identifier: Apache-2.0
// Internal to numerics: the integer operations of AR (docs/isa/bm1684x.md,
// c.1).
#pragma once

#include <cstdint>

#include "compiler/numerics/elementwise.h"
#include "compiler/support/dtype.h"

namespace tpuc::numerics {

// Width of an element in bits.
inline int Bits(DType type) { return static_cast<int>(SizeOf(type)) * 8; }

// Whether the result is saturated to its type; else it wraps.
bool Saturates(ArOp op);

// Results before wrapping or saturation. `s` is the third operand, or null.
void IntegerLoop(const ElementwiseSpec& spec, int64_t count, const int64_t* a,
                 const int64_t* b, const int64_t* s, int64_t* r);

}  // namespace tpuc::numerics
