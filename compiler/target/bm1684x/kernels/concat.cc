// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/kernels/movement_kernels.h"

namespace tpuc::bm1684x {
namespace {

// One part an input: a box of rows [outer, length, inner] of the result.
class ConcatKernel : public Kernel {
 public:
  explicit ConcatKernel(const ConcatSpec& spec) {
    const size_t count = spec.inputs.size();
    operands_.assign(count, {spec.dtype, Layout::kCompact, Place::kDdr});
    result_ = operands_[0];
    const std::vector<int64_t>& first = spec.inputs[0];
    int64_t outer = 1, inner = 1, total = 0;
    for (size_t d = 0; d < first.size(); ++d) {
      if (static_cast<int64_t>(d) < spec.axis) outer *= first[d];
      if (static_cast<int64_t>(d) > spec.axis) inner *= first[d];
    }
    for (const auto& input : spec.inputs) total += input[spec.axis];
    int64_t before = 0;
    for (size_t k = 0; k < count; ++k) {
      const int64_t length = spec.inputs[k][spec.axis];
      Dims shape = {1, outer, length, inner};
      if (inner == 1) shape = {1, outer, 1, length};
      Part part;
      part.operands.resize(count);
      part.operands[k] = {0, shape, {0, length * inner, inner, 1}};
      part.result = {before * inner, shape, {0, total * inner, inner, 1}};
      parts_.push_back(part);
      before += length;
    }
  }

  Dims Granularity(const Part& part) const override { return {1, 1, 1, 1}; }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    return operand == Source(part) ? out : Slice{};
  }

  // An input that was stored in its place already stays there.
  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const DdrBox& source = buffers.ddr_operands[Source(part)];
    if (source.address == buffers.ddr_result.address) return;
    emitter.Move(result_.dtype, slice.size, buffers.ddr_result, source);
  }

 private:
  int Source(const Part& part) const {
    return static_cast<int>(&part - parts_.data());
  }
};

}  // namespace

std::unique_ptr<Kernel> MakeConcatKernel(const ConcatSpec& spec) {
  return std::make_unique<ConcatKernel>(spec);
}

}  // namespace tpuc::bm1684x
