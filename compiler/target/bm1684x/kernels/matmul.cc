// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/kernels/matmul_kernels.h"

namespace tpuc::bm1684x {
namespace {

// One product a step: slices hold one matrix of the batch, some rows and
// columns of the result.
class BatchMatMulKernel : public Kernel {
 public:
  bool IsLegal(const Part& part, const Slice& slice) const override {
    if (slice.size[kN] != 1 || !Kernel::IsLegal(part, slice)) return false;
    for (int cut = 0; cut < num_cuts_; ++cut)
      if (CutBegin(cut + 1) - CutBegin(cut) > isa::kMaxSize) return false;
    return true;
  }

 protected:
  explicit BatchMatMulKernel(const BatchMatMulSpec& spec) : spec_(spec) {
    num_cuts_ = static_cast<int>(spec.cuts.size()) + 1;
  }

  // The same box whatever the slice's matrix where the operand has only one.
  static int64_t Batch(const DdrView& operand, const Slice& out) {
    return operand.shape[kN] == 1 ? 0 : out.start[kN];
  }
  int64_t CutBegin(int cut) const {
    if (cut == 0) return 0;
    return cut == num_cuts_ ? spec_.k : spec_.cuts[cut - 1];
  }

  BatchMatMulSpec spec_;
};

// MM2: rows of the left and of the result over the lanes; of the right its
// rows, or its columns when it is transposed.
class Mm2Kernel : public BatchMatMulKernel {
 public:
  explicit Mm2Kernel(const BatchMatMulSpec& spec) : BatchMatMulKernel(spec) {
    operands_ = {{spec.dtype, Layout::kAligned},
                 {spec.dtype, Layout::kAligned}};
    result_ = {spec.result, Layout::kAligned};
    const int64_t k = spec.k, n = spec.n;
    const Dims right = spec.right_transpose ? Dims{spec.right_batches, n, 1, k}
                                            : Dims{spec.right_batches, k, 1, n};
    parts_ = {{{DenseView({spec.left_batches, spec.m, 1, k}), DenseView(right)},
               DenseView({spec.batches(), spec.m, 1, n})}};
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    const int64_t batch = Batch(part.operands[operand], out);
    const int64_t begin = CutBegin(cut), size = CutBegin(cut + 1) - begin;
    if (operand == 0)
      return {{batch, out.start[kC], 0, begin}, {1, out.size[kC], 1, size}};
    if (spec_.right_transpose)
      return {{batch, out.start[kW], 0, begin}, {1, out.size[kW], 1, size}};
    return {{batch, begin, 0, out.start[kW]}, {1, size, 1, out.size[kW]}};
  }

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    return UsesAccumulator() ? Accumulator(slice, 0).BytesPerLane() : 0;
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor target = UsesAccumulator()
                                   ? Accumulator(slice, buffers.scratch)
                                   : buffers.result;
    emitter.MultiplyRows(target, buffers.operands[0], buffers.operands[1],
                         spec_.right_transpose, /*accumulate=*/cut > 0);
    if (cut + 1 < num_cuts_) return;
    if (UsesAccumulator())
      emitter.Cast(buffers.result, target, isa::round_mode::kHalfToEven);
    EmitRelu(emitter, buffers.result, spec_.relu);
  }

 private:
  bool UsesAccumulator() const {
    return num_cuts_ > 1 && spec_.result != DType::kF32;
  }
  static LocalTensor Accumulator(const Slice& slice, int64_t address) {
    return {address, DType::kF32, slice.size, Layout::kAligned};
  }
};

// CONV: rows of the left are filters and so channels of the result, rows of the
// right input channels, columns pixels.
class LeftConvKernel : public BatchMatMulKernel {
 public:
  explicit LeftConvKernel(const BatchMatMulSpec& spec)
      : BatchMatMulKernel(spec) {
    operands_ = {{spec.dtype, Layout::kCompact},
                 {spec.dtype, Layout::kAligned}};
    result_ = {spec.result, Layout::kAligned};
    const int64_t k = spec.k, n = spec.n;
    const DdrView left = DenseView({spec.left_batches, spec.m, 1, k});
    DdrView right = {0, {spec.right_batches, k, n, 1}, {k * n, n, 1, 1}};
    if (spec.right_transpose) right.strides = {k * n, 1, k, 1};
    const DdrView result = {
        0, {spec.batches(), spec.m, n, 1}, {spec.m * n, n, 1, 1}};
    parts_ = {{{left, right}, result}};
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    const int64_t batch = Batch(part.operands[operand], out);
    if (operand == 0)
      return {{batch, out.start[kC], 0, 0}, {1, out.size[kC], 1, spec_.k}};
    return {{batch, 0, out.start[kH], 0}, {1, spec_.k, out.size[kH], 1}};
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    emitter.Conv(buffers.result, buffers.operands[1],
                 buffers.operands[0].address, nullptr, WindowFields(),
                 /*accumulate=*/false);
    EmitRelu(emitter, buffers.result, spec_.relu);
  }
};

}  // namespace

std::unique_ptr<Kernel> MakeBatchMatMulKernel(const BatchMatMulSpec& spec) {
  if (spec.dtype == DType::kF32) return std::make_unique<LeftConvKernel>(spec);
  return std::make_unique<Mm2Kernel>(spec);
}

}  // namespace tpuc::bm1684x
