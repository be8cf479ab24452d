// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/kernels/elementwise_kernel.h"
#include "compiler/target/bm1684x/kernels/quantized_elementwise_kernels.h"

namespace tpuc::bm1684x {
namespace {

using Op = isa::SAr::Op;

int64_t PlaneBytes(const Slice& slice, DType dtype) {
  return LocalTensor{0, dtype, slice.size}.BytesPerLane();
}

ArOperand Immediate(DType dtype, double value) {
  return ArOperand::Constant(dtype, ConstantBits(dtype, value));
}

void Requantize(Emitter& emitter, const LocalTensor& result,
                const LocalTensor& input, const Scaling& scaling) {
  emitter.Requantize(result, input, scaling.multiplier, scaling.shift,
                     scaling.zero_point);
}

class UnaryKernel : public ElementwiseKernel {
 protected:
  explicit UnaryKernel(const UnarySpec& spec) {
    operands_ = {{spec.input, Layout::kAligned}};
    result_ = {spec.output, Layout::kAligned};
    parts_ = ElementwiseParts(
        spec.shape, {spec.shape},
        SizeOf(spec.input) > SizeOf(spec.output) ? spec.input : spec.output,
        spec.views);
  }
};

// A zero point is added in 16 bits, which can't change what saturates to 8.
class QuantizeKernel : public UnaryKernel {
 public:
  explicit QuantizeKernel(const QuantizeSpec& spec)
      : UnaryKernel(spec.unary), spec_(spec) {}

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    return (NeedsSecondPlane() ? 2 : 1) * PlaneBytes(slice, DType::kF32);
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor result = buffers.result;
    const LocalTensor first = result.As(DType::kF32).At(buffers.scratch);
    const LocalTensor second =
        first.At(buffers.scratch + PlaneBytes(slice, DType::kF32));
    const bool widens = spec_.unary.input != DType::kF32;
    const LocalTensor& x = widens ? first : buffers.operands[0];
    if (widens)
      emitter.Cast(first, buffers.operands[0], isa::round_mode::kHalfToEven);
    const LocalTensor& product = widens ? second : first;
    emitter.Ar(Op::kMul, product, ArOperand::Of(x),
               Immediate(DType::kF32, spec_.scale));
    if (spec_.zero_point == 0) {
      emitter.Cast(result, product, isa::round_mode::kHalfAwayFromZero);
      return;
    }
    const LocalTensor rounded = (widens ? first : second).As(DType::kI16);
    emitter.Cast(rounded, product, isa::round_mode::kHalfAwayFromZero);
    emitter.Ar(Op::kAddSat, result, ArOperand::Of(rounded),
               Immediate(DType::kI16, spec_.zero_point));
  }

 private:
  bool NeedsSecondPlane() const {
    return spec_.unary.input != DType::kF32 || spec_.zero_point != 0;
  }

  QuantizeSpec spec_;
};

class DequantizeKernel : public UnaryKernel {
 public:
  explicit DequantizeKernel(const QuantizeSpec& spec)
      : UnaryKernel(spec.unary), spec_(spec) {}

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    return Narrows() ? PlaneBytes(slice, DType::kF32) : 0;
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor& result = buffers.result;
    const LocalTensor wide =
        Narrows() ? result.As(DType::kF32).At(buffers.scratch) : result;
    emitter.Dequantize(wide, buffers.operands[0], spec_.zero_point,
                       spec_.scale);
    if (Narrows()) emitter.Cast(result, wide, isa::round_mode::kHalfToEven);
  }

 private:
  bool Narrows() const { return spec_.unary.output != DType::kF32; }

  QuantizeSpec spec_;
};

// RQ reads 16 bits at least.
class RequantKernel : public UnaryKernel {
 public:
  explicit RequantKernel(const RequantSpec& spec)
      : UnaryKernel(spec.unary), spec_(spec) {}

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    return PlaneBytes(slice, DType::kI16);
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor centred =
        buffers.result.As(DType::kI16).At(buffers.scratch);
    emitter.Ar(Op::kSub, centred, ArOperand::Of(buffers.operands[0]),
               Immediate(DType::kI16, spec_.input_zero_point));
    Requantize(emitter, buffers.result, centred, spec_.scaling);
  }

 private:
  RequantSpec spec_;
};

class LutKernel : public UnaryKernel {
 public:
  LutKernel(const UnarySpec& spec, bool per_channel)
      : UnaryKernel(spec), per_channel_(per_channel) {
    operands_.push_back({DType::kI8, Layout::kAligned});
    for (Part& part : parts_)
      part.operands.push_back(TableView(part, per_channel));
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    if (operand == 0) return out;
    Slice slice = Whole(part.operands[1].shape);
    if (!per_channel_) return slice;
    slice.start[kC] = out.start[kC];
    slice.size[kC] = out.size[kC];
    return slice;
  }

  // Planes are rows of indices.
  bool IsLegal(const Part& part, const Slice& slice) const override {
    return Kernel::IsLegal(part, slice) &&
           slice.size[kH] * slice.size[kW] <= isa::kMaxSize;
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    emitter.Lookup(buffers.result, buffers.operands[0],
                   buffers.operands[1].address, per_channel_);
  }

 private:
  // One table is the same in every lane.
  static DdrView TableView(const Part& part, bool per_channel) {
    if (!per_channel) return {0, {1, isa::kLanes, 1, 256}, {0, 0, 0, 1}};
    return {0, {1, part.result.shape[kC], 1, 256}, {0, 256, 0, 1}};
  }

  bool per_channel_;
};

// Operands are scaled (added) or less their zero point (multiplied) as large as
// they are, then combined with broadcasting.
class QuantizedBinaryKernel : public ElementwiseKernel {
 public:
  explicit QuantizedBinaryKernel(const QuantizedBinarySpec& spec)
      : spec_(spec) {
    std::vector<std::vector<int64_t>> shapes;
    for (const auto& operand : spec.operands) {
      operands_.push_back({operand.dtype, Layout::kAligned});
      shapes.push_back(operand.shape);
    }
    result_ = {spec.output, Layout::kAligned};
    parts_ = ElementwiseParts(spec.shape, shapes, spec.output, spec.views);
  }

  bool IsLegal(const Part& part, const Slice& slice) const override {
    return Kernel::IsLegal(part, slice) &&
           StridesFit(part, slice, spec_.output);
  }

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    int64_t bytes = PlaneBytes(slice, DType::kI32);
    for (int k = 0; k < 2; ++k)
      bytes += OperandBytes(k, OperandSlice(part, k, slice, 0));
    return bytes;
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor combined =
        buffers.result.As(DType::kI32).At(buffers.scratch);
    int64_t next = buffers.scratch + PlaneBytes(slice, DType::kI32);
    std::array<LocalTensor, 2> changed;
    for (int k = 0; k < 2; ++k) {
      changed[k] = buffers.operands[k];
      if (!Changes(k)) continue;
      changed[k] = changed[k].As(ChangedType()).At(next);
      next += OperandBytes(k, OperandSlice(part, k, slice, 0));
      emitter.Scale(changed[k], buffers.operands[k],
                    spec_.operands[k].zero_point, spec_.operands[k].multiplier);
    }
    emitter.Ar(spec_.adds ? Op::kAdd : Op::kMul, combined,
               ArOperand::Broadcast(changed[0], slice.size),
               ArOperand::Broadcast(changed[1], slice.size));
    Requantize(emitter, buffers.result, combined, spec_.scaling);
  }

 private:
  bool Changes(int k) const {
    return spec_.adds || spec_.operands[k].zero_point != 0;
  }
  DType ChangedType() const { return spec_.adds ? DType::kI32 : DType::kI16; }
  int64_t OperandBytes(int k, const Slice& slice) const {
    return Changes(k) ? PlaneBytes(slice, ChangedType()) : 0;
  }

  QuantizedBinarySpec spec_;
};

}  // namespace

std::unique_ptr<Kernel> MakeQuantizeKernel(const QuantizeSpec& spec) {
  return std::make_unique<QuantizeKernel>(spec);
}
std::unique_ptr<Kernel> MakeDequantizeKernel(const QuantizeSpec& spec) {
  return std::make_unique<DequantizeKernel>(spec);
}
std::unique_ptr<Kernel> MakeRequantKernel(const RequantSpec& spec) {
  return std::make_unique<RequantKernel>(spec);
}
std::unique_ptr<Kernel> MakeLutKernel(const UnarySpec& spec, bool per_channel) {
  return std::make_unique<LutKernel>(spec, per_channel);
}
std::unique_ptr<Kernel> MakeQuantizedBinaryKernel(
    const QuantizedBinarySpec& spec) {
  return std::make_unique<QuantizedBinaryKernel>(spec);
}

}  // namespace tpuc::bm1684x
