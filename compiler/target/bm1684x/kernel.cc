// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/kernel.h"

#include <algorithm>

namespace tpuc::bm1684x {

Dims Kernel::Granularity(const Part& part) const {
  return {1, isa::kLanes, 1, 1};
}

bool Kernel::IsLegal(const Part& part, const Slice& slice) const {
  return std::all_of(slice.size.begin(), slice.size.end(),
                     [](int64_t size) { return size <= isa::kMaxSize; });
}

void EmitRelu(Emitter& emitter, const LocalTensor& result, const Relu& relu) {
  if (!relu.enabled) return;
  const ArOperand value = ArOperand::Of(result);
  emitter.Ar(isa::SAr::Op::kMax, result, value,
             ArOperand::Constant(result.dtype, 0));
  if (relu.limit < 0) return;
  emitter.Ar(isa::SAr::Op::kMin, result, value,
             ArOperand::Constant(result.dtype,
                                 ConstantBits(result.dtype, relu.limit)));
}

WindowRange InputRange(int64_t out_start, int64_t out_size, int64_t extent,
                       int64_t kernel, int64_t stride, int64_t dilation,
                       int64_t insert, int64_t pad_before) {
  // In the spread input: [begin, end), elements lie `step` apart.
  const int64_t begin = out_start * stride - pad_before;
  const int64_t end = (out_start + out_size - 1) * stride - pad_before +
                      (kernel - 1) * dilation + 1;
  const int64_t step = insert + 1;
  const int64_t first = CeilDiv(std::max<int64_t>(begin, 0), step);
  const int64_t last = std::min((end - 1) / step, extent - 1);
  WindowRange range;
  range.start = first;
  range.size = last - first + 1;
  range.pad_before = first * step - begin;
  range.pad_after = end - 1 - last * step;
  return range;
}

}  // namespace tpuc::bm1684x
