// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/target/bm1684x/layout.h"

// What kernels and slicing want to know of copies, by the cycle model
// (dma_cycles.h).
namespace tpuc::bm1684x {

// A copy between `local` and a box of its shape in DDR with `strides`
// (elements), by the cheaper of the two instructions that can do it. The box is
// taken to begin at a page.
int64_t CopyCycles(const LocalTensor& local, const Dims& strides, bool is_load);

// Whether that is the matrix copy: the box is one dense row that is dealt to
// the lanes. Cheaper where channels are short, since it doesn't pay for DDR
// pages.
bool PrefersMatrixCopy(const LocalTensor& local, const Dims& strides,
                       bool is_load);

}  // namespace tpuc::bm1684x
