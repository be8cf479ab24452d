// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/target/bm1684x/kernel.h"

namespace tpuc::bm1684x {

// Operands are sliced like the result, and whole where they repeat.
class ElementwiseKernel : public Kernel {
 public:
  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    Slice slice = out;
    for (int d = 0; d < 4; ++d) {
      if (part.operands[operand].shape[d] == part.result.shape[d]) continue;
      slice.start[d] = 0;
      slice.size[d] = 1;
    }
    return slice;
  }

 protected:
  // Stride fields of n and channel group have 16 bits.
  static bool StridesFit(const Part& part, const Slice& slice, DType dtype) {
    bool repeats = false;
    for (const DdrView& view : part.operands)
      repeats |= view.shape != part.result.shape;
    if (!repeats) return true;
    const Dims strides = LocalTensor{0, dtype, slice.size}.Strides();
    return strides[kN] <= isa::kMaxSize && strides[kC] <= isa::kMaxSize;
  }
};

}  // namespace tpuc::bm1684x
