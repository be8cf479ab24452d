// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "compiler/isa/codes.h"
#include "compiler/target/bm1684x/layout.h"

// What kernels, slicing and the choice of forms want to know of copies and
// convolutions, by the cycle model (cycles.h, dma_cycles.h).
namespace tpuc::bm1684x {

// What an instruction costs beside what the model says, so that many small ones
// are no better than a large one.
inline constexpr int64_t kInstructionCycles = 10;

// A copy between `local` and a box of its shape in DDR with `strides`
// (elements), by the cheapest of the instructions that can do it. The box is
// taken to begin at a page.
int64_t CopyCycles(const LocalTensor& local, const Dims& strides, bool is_load);

// Whether that is the matrix copy: the box is one dense row that is dealt to
// the lanes. Cheaper where channels are short, since it doesn't pay for DDR
// pages.
bool PrefersMatrixCopy(const LocalTensor& local, const Dims& strides,
                       bool is_load);

// Whether that is a c/w transpose: neighbours in DDR are of neighbouring
// channels, and the pixels lie in one row or column.
bool PrefersTranspose(const LocalTensor& local, const Dims& strides,
                      bool is_load);

// Whether a load repeats one channel in all lanes, which a broadcast does.
bool IsBroadcast(const LocalTensor& local, const Dims& strides, bool is_load);

// Rows of coefficients, `row` elements for each of `channels`, in DDR: one
// channel behind the other, or lane by lane, in each the rows of its channels.
struct ChannelRows {
  DType dtype = DType::kF32;
  int64_t channels = 1, row = 1;

  int64_t Lanes() const { return std::min(channels, isa::kLanes); }
  int64_t Groups() const { return CeilDiv(channels, isa::kLanes); }
};
// Whether loading all of them takes fewer cycles lane by lane.
bool PrefersLanes(const ChannelRows& rows);

// A convolution by CONV, group by group.
struct GroupedConvolution {
  int64_t groups = 1;
  int64_t ic = 1;  // of a group
  Dims output;     // of a group
  int64_t kernel_h = 1, kernel_w = 1;
  DType dtype = DType::kF32;
};
// Cycles of its instructions and of loading its filter.
int64_t ConvolutionCycles(const GroupedConvolution& conv);

}  // namespace tpuc::bm1684x
