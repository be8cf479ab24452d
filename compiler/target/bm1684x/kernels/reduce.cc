// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "compiler/target/bm1684x/kernels/window_kernels.h"

namespace tpuc::bm1684x {
namespace {

// One PorD with a window of the chunk's height. Chunks are channels where that
// fills more lanes than the outer index does.
class ReduceKernel : public Kernel {
 public:
  explicit ReduceKernel(const ReduceSpec& spec) : spec_(spec) {
    operands_ = {{spec.dtype, Layout::kAligned}};
    result_ = {spec.dtype, Layout::kAligned};
    const int64_t full = spec.length / spec.chunk;
    const int64_t rest = spec.length % spec.chunk;
    if (full > 0) AddPart(0, full, spec.chunk);
    if (rest > 0) AddPart(full, 1, rest);
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    Slice slice = out;
    slice.size[kH] = part.operands[0].shape[kH];
    return slice;
  }

  bool IsLegal(const Part& part, const Slice& slice) const override {
    return Kernel::IsLegal(part, slice) &&
           part.operands[0].shape[kH] <= isa::kMaxSize;
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    WindowFields window;
    window.kernel_h = part.operands[0].shape[kH];
    if (spec_.is_max)
      emitter.MaxPool(buffers.result, buffers.operands[0], window);
    else
      emitter.AveragePool(buffers.result, buffers.operands[0],
                          ConstantBits(spec_.dtype, spec_.scale), window);
  }

 private:
  // `count` chunks of `rows` rows from chunk `first` on.
  void AddPart(int64_t first, int64_t count, int64_t rows) {
    const int64_t chunks = CeilDiv(spec_.length, spec_.chunk);
    const int64_t inner = spec_.inner;
    // Size and strides (input, output) of the two loops around a chunk.
    struct Loop {
      int64_t size, input, output;
    };
    Loop outer = {spec_.outer, spec_.length * inner, chunks * inner};
    Loop chunk = {count, spec_.chunk * inner, inner};
    if (count == chunks && rows == spec_.chunk) {
      chunk.size *= outer.size;
      outer.size = 1;
    }
    const bool chunk_on_lanes = chunk.size >= outer.size;
    const Loop& n = chunk_on_lanes ? outer : chunk;
    const Loop& c = chunk_on_lanes ? chunk : outer;
    Part part;
    part.operands = {{first * spec_.chunk * inner,
                      {n.size, c.size, rows, inner},
                      {n.input, c.input, inner, 1}}};
    part.result = {first * inner,
                   {n.size, c.size, 1, inner},
                   {n.output, c.output, inner, 1}};
    parts_.push_back(part);
  }

  ReduceSpec spec_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kernel>> MakeReduceKernel(
    const ReduceSpec& spec) {
  if (spec.chunk < 1 || spec.length < 1)
    return absl::InvalidArgumentError(absl::StrCat(
        "reduction of ", spec.length, " elements in chunks of ", spec.chunk));
  return std::make_unique<ReduceKernel>(spec);
}

}  // namespace tpuc::bm1684x
