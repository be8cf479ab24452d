// SPDX-License-Identifier: Apache-2.0
// Operations that move elements without looking at them, of any element type;
// top and tpu mean the same by them.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/support/tensor.h"

namespace tpuc::interpreter {

// The tensors one behind the other along `axis`: equal element types, and equal
// shapes but for that dimension.
Tensor Concatenate(const std::vector<const Tensor*>& tensors, int64_t axis);

// result[n, c, y, x] = input[n, c, rows[y], columns[x]]; the indices lie inside
// the input.
Tensor SelectRowsAndColumns(const Tensor& input,
                            const std::vector<int64_t>& rows,
                            const std::vector<int64_t>& columns);

}  // namespace tpuc::interpreter
