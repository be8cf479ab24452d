// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/exp_recipe.h"
#include "compiler/numerics/log_recipe.h"
#include "compiler/target/bm1684x/kernels/elementwise_kernel.h"
#include "compiler/target/bm1684x/kernels/elementwise_kernels.h"

namespace tpuc::bm1684x {
namespace {

using Op = isa::SAr::Op;

uint64_t ArOp(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return Op::kAdd;
    case BinaryKind::kSub:
      return Op::kSub;
    case BinaryKind::kMul:
      return Op::kMul;
    case BinaryKind::kMax:
      return Op::kMax;
    case BinaryKind::kMin:
      return Op::kMin;
    case BinaryKind::kDiv:
      return Op::kDiv;
  }
  return Op::kAdd;
}

void EmitBinary(Emitter& emitter, BinaryKind kind, const LocalTensor& result,
                const ArOperand& a, const ArOperand& b) {
  if (kind == BinaryKind::kDiv)
    emitter.Divide(result, a, b);
  else
    emitter.Ar(ArOp(kind), result, a, b);
}

class BinaryKernel : public ElementwiseKernel {
 public:
  explicit BinaryKernel(const BinarySpec& spec) : spec_(spec) {
    operands_ = {{spec.dtype, Layout::kAligned},
                 {spec.dtype, Layout::kAligned}};
    result_ = {spec.dtype, Layout::kAligned};
    parts_ = ElementwiseParts(spec.shape, {spec.lhs, spec.rhs}, spec.dtype,
                              spec.views);
  }

  bool IsLegal(const Part& part, const Slice& slice) const override {
    return Kernel::IsLegal(part, slice) && StridesFit(part, slice, spec_.dtype);
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    EmitBinary(emitter, spec_.kind, buffers.result,
               ArOperand::Broadcast(buffers.operands[0], slice.size),
               ArOperand::Broadcast(buffers.operands[1], slice.size));
    EmitRelu(emitter, buffers.result, spec_.relu);
  }

 private:
  BinarySpec spec_;
};

class UnaryKernel : public ElementwiseKernel {
 protected:
  explicit UnaryKernel(const UnarySpec& spec) : spec_(spec) {
    operands_ = {{spec.input, Layout::kAligned}};
    result_ = {spec.output, Layout::kAligned};
    parts_ = ElementwiseParts(
        spec.shape, {spec.shape},
        SizeOf(spec.input) > SizeOf(spec.output) ? spec.input : spec.output,
        spec.views);
  }

  UnarySpec spec_;
};

class CastKernel : public UnaryKernel {
 public:
  explicit CastKernel(const UnarySpec& spec) : UnaryKernel(spec) {}
  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    emitter.Cast(buffers.result, buffers.operands[0],
                 isa::round_mode::kHalfToEven);
  }
};

class AbsKernel : public UnaryKernel {
 public:
  explicit AbsKernel(const UnarySpec& spec) : UnaryKernel(spec) {}
  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    emitter.Abs(buffers.result, buffers.operands[0]);
  }
};

class RsqrtKernel : public UnaryKernel {
 public:
  explicit RsqrtKernel(const UnarySpec& spec) : UnaryKernel(spec) {}
  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    emitter.Rsqrt(buffers.result, buffers.operands[0]);
  }
};

class BinaryConstKernel : public UnaryKernel {
 public:
  BinaryConstKernel(const UnarySpec& spec, BinaryKind kind, double value,
                    bool is_reversed)
      : UnaryKernel(spec),
        kind_(kind),
        bits_(ConstantBits(spec.input, value)),
        is_reversed_(is_reversed) {}
  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const ArOperand x = ArOperand::Of(buffers.operands[0]);
    const ArOperand c = ArOperand::Constant(spec_.input, bits_);
    EmitBinary(emitter, kind_, buffers.result, is_reversed_ ? c : x,
               is_reversed_ ? x : c);
  }

 private:
  BinaryKind kind_;
  uint32_t bits_;
  bool is_reversed_;
};

class ClipKernel : public UnaryKernel {
 public:
  ClipKernel(const UnarySpec& spec, double min, double max)
      : UnaryKernel(spec),
        min_(ConstantBits(spec.input, min)),
        max_(ConstantBits(spec.input, max)) {}
  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    emitter.Ar(Op::kMax, buffers.result, ArOperand::Of(buffers.operands[0]),
               ArOperand::Constant(spec_.input, min_));
    emitter.Ar(Op::kMin, buffers.result, ArOperand::Of(buffers.result),
               ArOperand::Constant(spec_.input, max_));
  }

 private:
  uint32_t min_, max_;
};

// e^x = 2^k * e^(x - k ln 2) with k = floor(x log2 e); 2^k by its exponent
// bits, the other factor by a series.
class ExpKernel : public UnaryKernel {
 public:
  explicit ExpKernel(const UnarySpec& spec) : UnaryKernel(spec) {}

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    return 2 * Plane(slice);
  }
  int64_t TableBytes() const override { return isa::kEuBytes; }
  void EmitTables(Emitter& emitter, int64_t address) const override {
    emitter.StaticBroadcast(address, kSeriesOffset, numerics::kExpTerms);
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor& x = buffers.operands[0];
    const LocalTensor y = buffers.result;
    const LocalTensor t = y.At(buffers.scratch);
    const LocalTensor k = y.At(buffers.scratch + Plane(slice));
    emitter.Ar(Op::kMax, t, ArOperand::Of(x), Float(numerics::kExpMin));
    emitter.Ar(Op::kMin, y, ArOperand::Of(t), Float(numerics::kExpMax));
    emitter.Ar(Op::kMul, t, ArOperand::Of(y), Float(numerics::kLog2E));
    emitter.Cast(k, t, isa::round_mode::kFloor);
    emitter.Ar(Op::kMul, t, ArOperand::Of(k), Float(numerics::kLn2));
    emitter.Ar(Op::kSub, t, ArOperand::Of(y), ArOperand::Of(t));
    emitter.Taylor(y, t, buffers.table, numerics::kExpTerms);
    // From here t holds the exponent.
    const LocalTensor i = t.As(DType::kI16), e = k.As(DType::kI16);
    emitter.Cast(i, k, isa::round_mode::kHalfAwayFromZero);
    emitter.Ar(Op::kMax, e, ArOperand::Of(i), Int(-numerics::kExpBias));
    emitter.Ar(Op::kMin, i, ArOperand::Of(e), Int(numerics::kExpBias));
    emitter.AddShift(k.As(DType::kI32), ArOperand::Of(i),
                     Int(numerics::kExpBias), numerics::kExpMantissaBits);
    emitter.Ar(Op::kMul, y, ArOperand::Of(y), ArOperand::Of(k));
  }

 private:
  static constexpr int64_t kSeriesOffset = 1024;  // 1/k! in static memory

  static int64_t Plane(const Slice& slice) {
    return LocalTensor{0, DType::kF32, slice.size}.BytesPerLane();
  }
  static ArOperand Float(float value) {
    return ArOperand::Constant(DType::kF32, ConstantBits(DType::kF32, value));
  }
  static ArOperand Int(int value) {
    return ArOperand::Constant(DType::kI16, ConstantBits(DType::kI16, value));
  }
};

// ln x = n ln 2 + ln(x / 2^n) with x / 2^n near 1; 2^-n by its exponent bits,
// the logarithm by a series.
class LogKernel : public UnaryKernel {
 public:
  explicit LogKernel(const UnarySpec& spec) : UnaryKernel(spec) {}

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    return 2 * Plane(slice);
  }
  int64_t TableBytes() const override { return isa::kEuBytes; }
  void EmitTables(Emitter& emitter, int64_t address) const override {
    emitter.StaticBroadcast(address, numerics::kLogSeriesOffset,
                            numerics::kLogTerms);
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor y = buffers.result;
    const LocalTensor m = y.At(buffers.scratch);
    const LocalTensor n = y.At(buffers.scratch + Plane(slice));
    const LocalTensor exponent = n.As(DType::kI32), power = y.As(DType::kI32);
    emitter.Ar(Op::kMax, y, ArOperand::Of(buffers.operands[0]),
               Float(numerics::kLogMin));
    emitter.Ar(Op::kMin, m, ArOperand::Of(y), Float(numerics::kLogMax));
    emitter.Exponent(exponent, m);
    emitter.SubtractShift(power, Int32(numerics::kLogTop),
                          ArOperand::Of(exponent), numerics::kLogMantissaBits);
    emitter.Ar(Op::kMul, m, ArOperand::Of(m), ArOperand::Of(y));
    emitter.Ar(Op::kSub, m, ArOperand::Of(m), Float(1.0f));
    emitter.Taylor(y, m, buffers.table, numerics::kLogTerms);
    emitter.Cast(m, exponent, isa::round_mode::kHalfToEven);
    emitter.Ar(Op::kSub, n, ArOperand::Of(m), Float(numerics::kLogBias));
    emitter.Ar(Op::kMul, m, ArOperand::Of(n), Float(numerics::kLogLn2));
    emitter.Ar(Op::kAdd, y, ArOperand::Of(y), ArOperand::Of(m));
  }

 private:
  static int64_t Plane(const Slice& slice) {
    return LocalTensor{0, DType::kF32, slice.size}.BytesPerLane();
  }
  static ArOperand Float(float value) {
    return ArOperand::Constant(DType::kF32, ConstantBits(DType::kF32, value));
  }
  static ArOperand Int32(int value) {
    return ArOperand::Constant(DType::kI32, ConstantBits(DType::kI32, value));
  }
};

class ErfSeriesKernel : public UnaryKernel {
 public:
  explicit ErfSeriesKernel(const UnarySpec& spec) : UnaryKernel(spec) {}

  int64_t TableBytes() const override { return isa::kEuBytes; }
  void EmitTables(Emitter& emitter, int64_t address) const override {
    emitter.StaticBroadcast(address, numerics::kErfSeriesOffset,
                            numerics::kErfTerms);
  }
  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    emitter.Taylor(buffers.result, buffers.operands[0], buffers.table,
                   numerics::kErfTerms);
  }
};

}  // namespace

std::unique_ptr<Kernel> MakeBinaryKernel(const BinarySpec& spec) {
  return std::make_unique<BinaryKernel>(spec);
}
std::unique_ptr<Kernel> MakeCastKernel(const UnarySpec& spec) {
  return std::make_unique<CastKernel>(spec);
}
std::unique_ptr<Kernel> MakeBinaryConstKernel(const UnarySpec& spec,
                                              BinaryKind kind, double value,
                                              bool is_reversed) {
  return std::make_unique<BinaryConstKernel>(spec, kind, value, is_reversed);
}
std::unique_ptr<Kernel> MakeClipKernel(const UnarySpec& spec, double min,
                                       double max) {
  return std::make_unique<ClipKernel>(spec, min, max);
}
std::unique_ptr<Kernel> MakeAbsKernel(const UnarySpec& spec) {
  return std::make_unique<AbsKernel>(spec);
}
std::unique_ptr<Kernel> MakeRsqrtKernel(const UnarySpec& spec) {
  return std::make_unique<RsqrtKernel>(spec);
}
std::unique_ptr<Kernel> MakeExpKernel(const UnarySpec& spec) {
  return std::make_unique<ExpKernel>(spec);
}
std::unique_ptr<Kernel> MakeLogKernel(const UnarySpec& spec) {
  return std::make_unique<LogKernel>(spec);
}
std::unique_ptr<Kernel> MakeErfSeriesKernel(const UnarySpec& spec) {
  return std::make_unique<ErfSeriesKernel>(spec);
}

}  // namespace tpuc::bm1684x
