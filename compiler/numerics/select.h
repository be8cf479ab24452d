// SPDX-License-Identifier: Apache-2.0
// Comparisons and selections shared by AR and CMP (docs/isa/bm1684x.md, c.1
// rows 4, 5, 10, 11, 13 and c.9).
#pragma once

#include <cstdint>

#include "compiler/numerics/elementwise.h"
#include "compiler/support/dtype.h"

namespace tpuc::numerics {

enum class Relation : uint8_t {
  kGreater,  // a > b; false with a NaN
  kEqual,    // the same bits, so a NaN equals itself and +0 differs from -0
  kLess,     // not a >= b and not the same bits: true when one side is a NaN
};

// mask[i] = 0xFF or 0.
void CompareMask(Relation relation, DType type, int64_t count, RowOperand a,
                 RowOperand b, uint8_t* mask);

// dst[i] = mask[i] ? yes[i] : no[i], elements of `type`; moves bits.
void SelectRow(const uint8_t* mask, DType type, int64_t count, RowOperand yes,
               RowOperand no, void* dst, int64_t dst_stride);

// Replaces denormals of f32 and bf16 rows by zeros of their sign.
void FlushDenormalRow(DType type, int64_t count, void* data, int64_t stride);

}  // namespace tpuc::numerics
