// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/target/bm1684x/layout.h"

// Cycles by the model of docs/isa/bm1684x.md, g.
namespace tpuc::bm1684x {

// A tensor copy between `local` and a box of its shape in DDR with `strides`
// (elements). The box is taken to begin at a page.
double CopyCycles(const LocalTensor& local, const Dims& strides, bool is_load);

}  // namespace tpuc::bm1684x
