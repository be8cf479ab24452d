// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/target/bm1684x/layout.h"

// Cycles by the model of docs/isa/bm1684x.md, g.
namespace tpuc::bm1684x {

// A copy between `local` and a box of its shape in DDR with `strides`
// (elements), by the cheaper of the two instructions that can do it. The box is
// taken to begin at a page.
double CopyCycles(const LocalTensor& local, const Dims& strides, bool is_load);

// Whether that is the matrix copy: the box is one dense row that is dealt to
// the lanes. Cheaper where channels are short, since it doesn't pay for DDR
// pages.
bool PrefersMatrixCopy(const LocalTensor& local, const Dims& strides,
                       bool is_load);

}  // namespace tpuc::bm1684x
