// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "compiler/target/bm1684x/kernels/channel_constants.h"
#include "compiler/target/bm1684x/kernels/window_kernels.h"

namespace tpuc::bm1684x {
namespace {

// Limits of CONV and PorD fields (docs/isa/bm1684x.md, c.2).
constexpr int64_t kMaxPad = 15, kMaxStride = 15, kMaxDilation = 16;
constexpr int64_t kMaxInsert = 15;

absl::Status CheckAxis(const char* axis, int64_t kernel, int64_t stride,
                       int64_t dilation, int64_t insert, int64_t before,
                       int64_t after) {
  const int64_t extent = (kernel - 1) * dilation + 1;
  if (insert > kMaxInsert)
    return absl::InvalidArgumentError(absl::StrCat(
        "window along ", axis, " has ", insert,
        " zeros between neighbours (a transposed convolution's stride less 1); "
        "the chip takes up to ",
        kMaxInsert));
  if (insert >= extent)
    return absl::InvalidArgumentError(
        absl::StrCat("window along ", axis, " of extent ", extent,
                     " lies wholly between neighbours that ", insert,
                     " zeros hold apart; widen the filter"));
  if (stride > kMaxStride || dilation > kMaxDilation || before > kMaxPad ||
      after > kMaxPad)
    return absl::InvalidArgumentError(absl::StrCat(
        "window along ", axis, " has stride ", stride, ", dilation ", dilation,
        ", pads ", before, " and ", after,
        "; the chip takes strides and pads up to 15 and dilations up to 16"));
  if (before >= extent || after >= extent)
    return absl::InvalidArgumentError(
        absl::StrCat("window along ", axis, " of extent ", extent,
                     " lies wholly in the padding (", before, ", ", after,
                     "); pad in an operator of its own"));
  return absl::OkStatus();
}

absl::Status Check(const WindowSpec& w) {
  absl::Status status = CheckAxis("h", w.kernel_h, w.stride_h, w.dilation_h,
                                  w.insert_h, w.pad_top, w.pad_bottom);
  if (!status.ok()) return status;
  return CheckAxis("w", w.kernel_w, w.stride_w, w.dilation_w, w.insert_w,
                   w.pad_left, w.pad_right);
}

// Slices of the input, shared by convolution and pooling.
class WindowKernel : public Kernel {
 protected:
  WindowKernel(const WindowSpec& window, const Dims& input)
      : window_(window), input_(input) {}

  WindowRange Rows(const Slice& out) const {
    return InputRange(out.start[kH], out.size[kH], input_[kH], window_.kernel_h,
                      window_.stride_h, window_.dilation_h, window_.insert_h,
                      window_.pad_top);
  }
  WindowRange Columns(const Slice& out) const {
    return InputRange(out.start[kW], out.size[kW], input_[kW], window_.kernel_w,
                      window_.stride_w, window_.dilation_w, window_.insert_w,
                      window_.pad_left);
  }
  // Rows and columns of the window, images and channels of the result.
  Slice InputSlice(const Slice& out) const {
    const WindowRange rows = Rows(out), columns = Columns(out);
    return {{out.start[kN], out.start[kC], rows.start, columns.start},
            {out.size[kN], out.size[kC], rows.size, columns.size}};
  }
  WindowFields Fields(const Slice& out) const {
    const WindowRange rows = Rows(out), columns = Columns(out);
    WindowFields fields;
    fields.kernel_h = window_.kernel_h;
    fields.kernel_w = window_.kernel_w;
    fields.stride_h = window_.stride_h;
    fields.stride_w = window_.stride_w;
    fields.dilation_h = window_.dilation_h;
    fields.dilation_w = window_.dilation_w;
    fields.insert_h = window_.insert_h;
    fields.insert_w = window_.insert_w;
    fields.pad_top = rows.pad_before;
    fields.pad_bottom = rows.pad_after;
    fields.pad_left = columns.pad_before;
    fields.pad_right = columns.pad_after;
    fields.pad_bits = window_.pad_bits;
    return fields;
  }
  bool InputFits(const Slice& out) const {
    const Slice input = InputSlice(out);
    return input.size[kH] <= isa::kMaxSize && input.size[kW] <= isa::kMaxSize;
  }

  WindowSpec window_;
  Dims input_;
};

// Input channels that one cube of the nIC layout holds.
int64_t CubeChannels(DType dtype) {
  return dtype == DType::kF32
             ? 1
             : isa::kEuBytes / static_cast<int64_t>(SizeOf(dtype));
}

// Operands of convolutions; the table is there for 8 bits only.
constexpr int kInput = 0, kFilter = 1, kBias = 2, kTable = 3;

// What CONV and depthwise PorD have in common, above all requantisation.
class ConvolutionKernel : public WindowKernel {
 public:
  Tensor PackConstant(int operand, const Tensor& value) const override {
    if (!IsOfChannels(operand)) return value;
    return operand == kBias ? biases_.Pack(value) : table_.Pack(value);
  }
  std::string Packing(int operand) const override {
    return IsOfChannels(operand) ? biases_.Packing() : "plain";
  }

 protected:
  // `bias`: its type unless the convolution is of 8 bits.
  ConvolutionKernel(const ConvSpec& spec, int64_t parts, DType bias)
      : WindowKernel(spec.window, spec.input),
        spec_(spec),
        biases_(parts, spec.output[kC], 1),
        table_(parts, spec.output[kC], 3) {
    operands_ = {{spec.dtype, Layout::kAligned},
                 {spec.requant ? DType::kI8 : spec.dtype, Layout::kCompact}};
    result_ = {spec.requant.value_or(spec.dtype), Layout::kAligned};
    if (spec.requant) bias = DType::kI32;
    if (spec.has_bias) operands_.push_back({bias, Layout::kCompact});
    if (spec.requant) operands_.push_back({DType::kI32, Layout::kAligned});
  }

  // A constant that is loaded at once for all channels of a part.
  bool IsOfChannels(int operand) const {
    return spec_.requant && operand >= kBias;
  }
  static LocalTensor Accumulator(DType type, const Slice& slice,
                                 int64_t address) {
    return {address, type, slice.size, Layout::kAligned};
  }
  int64_t BiasAddress(const Buffers& buffers, const Slice& slice) const {
    const int64_t address = buffers.operands[kBias].address;
    return spec_.requant ? biases_.Address(address, slice) : address;
  }
  void EmitRequant(Emitter& emitter, const Slice& slice, const Buffers& buffers,
                   const LocalTensor& sum) const {
    emitter.RequantizeChannels(
        buffers.result, sum,
        table_.Address(buffers.operands[kTable].address, slice));
  }

  ConvSpec spec_;
  ChannelConstants biases_, table_;  // of 8 bits
};

// CONV; also matrix products, which differ in views and packing only.
class ConvKernel : public ConvolutionKernel {
 public:
  explicit ConvKernel(const ConvSpec& spec)
      : ConvolutionKernel(spec, spec.group, DType::kF32),
        filter_(spec.group,
                {operands_[kFilter].dtype, spec.output[kC] / spec.group,
                 CubeRows(InputChannels()) * Cube()},
                Cube()) {
    const int64_t ic = InputChannels(), oc = spec.output[kC] / spec.group;
    const DdrView input = DenseView(spec.input),
                  output = DenseView(spec.output);
    for (int64_t g = 0; g < spec.group; ++g) {
      Part part;
      part.result = ChannelsOf(output, spec.interleave ? g : g * oc, oc);
      if (spec.interleave) part.result.strides[kC] *= spec.group;
      part.operands = {ChannelsOf(input, g * ic, ic), filter_.View(g)};
      if (spec.requant) {
        part.operands.push_back(biases_.View(g));
        part.operands.push_back(table_.View(g));
      } else if (spec.has_bias) {
        part.operands.push_back(
            ChannelsOf(DenseView({1, spec.output[kC], 1, 1}), g * oc, oc));
      }
      parts_.push_back(part);
    }
    num_cuts_ = static_cast<int>(spec.ic_cuts.size()) + 1;
  }

  // As [M, K] x [K, N]: M pixels of K channels, one below the other.
  void UseMatrixViews(int64_t m, int64_t k, int64_t n) {
    is_matmul_ = true;
    parts_[0].operands[0] = {0, {1, k, m, 1}, {0, 1, k, 1}};
    parts_[0].result = {0, {1, n, m, 1}, {0, 1, n, 1}};
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    const int64_t ic_begin = CutBegin(cut), ic_end = CutBegin(cut + 1);
    if (operand == kInput) {
      Slice slice = InputSlice(out);
      slice.start[kC] = ic_begin;
      slice.size[kC] = ic_end - ic_begin;
      return slice;
    }
    if (operand == kFilter)
      return filter_.Box(out, CubeRows(ic_begin) * Cube(),
                         CubeRows(ic_end) * Cube());
    Slice slice = Whole(part.operands[operand].shape);
    if (IsOfChannels(operand)) return slice;
    slice.start[kC] = out.start[kC];
    slice.size[kC] = out.size[kC];
    return slice;
  }

  bool IsLegal(const Part& part, const Slice& slice) const override {
    if (!Kernel::IsLegal(part, slice) || !InputFits(slice)) return false;
    for (int cut = 0; cut < num_cuts_; ++cut) {
      const int64_t ic = CutBegin(cut + 1) - CutBegin(cut);
      if (ic > isa::kMaxSize || CubeRows(ic) > isa::kMaxSize) return false;
    }
    return true;
  }

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    return UsesAccumulator() ? Accumulator(SumType(), slice, 0).BytesPerLane()
                             : 0;
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor target =
        UsesAccumulator() ? Accumulator(SumType(), slice, buffers.scratch)
                          : buffers.result;
    const int64_t bias = spec_.has_bias ? BiasAddress(buffers, slice) : 0;
    // CONV takes no int32 bias, so that such a sum starts from it.
    if (spec_.requant && cut == 0) emitter.FillChannels(target, bias);
    emitter.Conv(target, buffers.operands[kInput],
                 buffers.operands[kFilter].address,
                 spec_.has_bias && !spec_.requant && cut == 0 ? &bias : nullptr,
                 Fields(slice), /*accumulate=*/spec_.requant || cut > 0);
    if (cut + 1 < num_cuts_) return;
    if (spec_.requant)
      EmitRequant(emitter, slice, buffers, target);
    else if (UsesAccumulator())
      emitter.Cast(buffers.result, target, isa::round_mode::kHalfToEven);
    EmitRelu(emitter, buffers.result, spec_.relu);
  }

  Tensor PackConstant(int operand, const Tensor& value) const override {
    if (operand != kFilter)
      return ConvolutionKernel::PackConstant(operand, value);
    Tensor packed(value.dtype(), filter_.Shape());
    switch (SizeOf(value.dtype())) {
      case 1:
        PackFilter(value.data<uint8_t>(), packed.data<uint8_t>());
        break;
      case 2:
        PackFilter(value.data<uint16_t>(), packed.data<uint16_t>());
        break;
      default:
        PackFilter(value.data<uint32_t>(), packed.data<uint32_t>());
    }
    return packed;
  }
  std::string Packing(int operand) const override {
    if (operand != kFilter) return ConvolutionKernel::Packing(operand);
    return filter_.Packing(is_matmul_ ? "nic_kn" : "nic");
  }

 private:
  static DdrView ChannelsOf(DdrView view, int64_t first, int64_t count) {
    view.offset += first * view.strides[kC];
    view.shape[kC] = count;
    return view;
  }
  // Of a group.
  int64_t InputChannels() const { return spec_.input[kC] / spec_.group; }
  int64_t Cube() const { return CubeChannels(spec_.dtype); }
  int64_t CubeRows(int64_t ic) const {
    return CeilDiv(ic, Cube()) * window_.kernel_h * window_.kernel_w;
  }
  int64_t CutBegin(int cut) const {
    if (cut == 0) return 0;
    if (cut == num_cuts_) return InputChannels();
    return spec_.ic_cuts[cut - 1];
  }
  // From [oc, ic, taps], or [ic, oc] of a matrix, to [oc, ic / cube, taps,
  // cube].
  template <typename T>
  void PackFilter(const T* from, T* to) const {
    const int64_t oc = spec_.output[kC], ic = InputChannels(), cube = Cube();
    const int64_t taps = window_.kernel_h * window_.kernel_w;
    const int64_t o_stride = is_matmul_ ? 1 : ic * taps;
    const int64_t i_stride = is_matmul_ ? oc : taps;
    constexpr int64_t kBlock = 16;  // a matrix is transposed line by line
    for (int64_t o0 = 0; o0 < oc; o0 += kBlock)
      for (int64_t i0 = 0; i0 < ic; i0 += cube)
        for (int64_t o = o0; o < std::min(o0 + kBlock, oc); ++o)
          for (int64_t t = 0; t < taps; ++t) {
            const T* source = from + o * o_stride + i0 * i_stride + t;
            T* target = to + filter_.Begin(o) + i0 * taps + t * cube;
            for (int64_t i = 0; i < std::min(cube, ic - i0); ++i)
              target[i] = source[i * i_stride];
          }
  }
  DType SumType() const { return spec_.requant ? DType::kI32 : DType::kF32; }
  bool UsesAccumulator() const {
    return spec_.requant || (num_cuts_ > 1 && spec_.dtype != DType::kF32);
  }

  FilterRows filter_;
  bool is_matmul_ = false;
};

class DepthwiseKernel : public ConvolutionKernel {
 public:
  explicit DepthwiseKernel(const ConvSpec& spec)
      : ConvolutionKernel(spec, 1, spec.dtype),
        filter_(1, {operands_[kFilter].dtype, spec.output[kC], Taps()},
                Taps()) {
    const int64_t c = spec.output[kC];
    Part part;
    part.result = DenseView(spec.output);
    part.operands = {DenseView(spec.input), filter_.View(0)};
    if (spec.requant) {
      part.operands.push_back(biases_.View(0));
      part.operands.push_back(table_.View(0));
    } else if (spec.has_bias) {
      part.operands.push_back(DenseView({1, c, 1, 1}));
    }
    parts_ = {part};
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    if (operand == kInput) return InputSlice(out);
    if (operand == kFilter) return filter_.Box(out, 0, Taps());
    Slice slice = Whole(part.operands[operand].shape);
    if (IsOfChannels(operand)) return slice;
    slice.start[kC] = out.start[kC];
    slice.size[kC] = out.size[kC];
    return slice;
  }

  bool IsLegal(const Part& part, const Slice& slice) const override {
    return Kernel::IsLegal(part, slice) && InputFits(slice);
  }

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    return spec_.requant ? Accumulator(DType::kI32, slice, 0).BytesPerLane()
                         : 0;
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor target =
        spec_.requant ? Accumulator(DType::kI32, slice, buffers.scratch)
                      : buffers.result;
    const int64_t bias = spec_.has_bias ? BiasAddress(buffers, slice) : 0;
    emitter.Depthwise(target, buffers.operands[kInput],
                      buffers.operands[kFilter].address,
                      spec_.has_bias ? &bias : nullptr, Fields(slice));
    if (spec_.requant) EmitRequant(emitter, slice, buffers, target);
    EmitRelu(emitter, buffers.result, spec_.relu);
  }

  Tensor PackConstant(int operand, const Tensor& value) const override {
    if (operand != kFilter)
      return ConvolutionKernel::PackConstant(operand, value);
    Tensor packed(value.dtype(), filter_.Shape());
    const size_t row = Taps() * SizeOf(value.dtype());
    const auto* from = static_cast<const uint8_t*>(value.raw());
    auto* to = static_cast<uint8_t*>(packed.raw());
    for (int64_t c = 0; c < spec_.output[kC]; ++c)
      std::copy_n(from + c * row, row,
                  to + filter_.Begin(c) * SizeOf(value.dtype()));
    return packed;
  }
  std::string Packing(int operand) const override {
    return operand == kFilter ? filter_.Packing("plain")
                              : ConvolutionKernel::Packing(operand);
  }

 private:
  int64_t Taps() const { return window_.kernel_h * window_.kernel_w; }

  FilterRows filter_;
};

class PoolKernel : public WindowKernel {
 public:
  explicit PoolKernel(const PoolSpec& spec)
      : WindowKernel(spec.window, spec.input), spec_(spec) {
    operands_ = {{spec.dtype, Layout::kAligned}};
    result_ = {spec.dtype, Layout::kAligned};
    parts_ = {{{DenseView(spec.input)}, DenseView(spec.output)}};
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    return InputSlice(out);
  }

  bool IsLegal(const Part& part, const Slice& slice) const override {
    return Kernel::IsLegal(part, slice) && InputFits(slice);
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    if (spec_.is_max)
      emitter.MaxPool(buffers.result, buffers.operands[0], Fields(slice));
    else
      emitter.AveragePool(buffers.result, buffers.operands[0],
                          ConstantBits(spec_.dtype, spec_.scale),
                          Fields(slice));
  }

 private:
  PoolSpec spec_;
};

class QuantizedAveragePoolKernel : public WindowKernel {
 public:
  explicit QuantizedAveragePoolKernel(const QuantizedAveragePoolSpec& spec)
      : WindowKernel(spec.window, spec.input), spec_(spec) {
    operands_ = {{spec.dtype, Layout::kAligned}};
    result_ = {spec.result, Layout::kAligned};
    parts_ = {{{DenseView(spec.input)}, DenseView(spec.output)}};
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    return InputSlice(out);
  }

  bool IsLegal(const Part& part, const Slice& slice) const override {
    return Kernel::IsLegal(part, slice) && InputFits(slice);
  }

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    return Sum(slice, 0).BytesPerLane();
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const LocalTensor sum = Sum(slice, buffers.scratch);
    const int64_t taps = window_.kernel_h * window_.kernel_w;
    emitter.WindowSum(sum, buffers.operands[0],
                      static_cast<int32_t>(-taps * spec_.zero_point),
                      Fields(slice));
    emitter.Requantize(buffers.result, sum, spec_.multiplier, spec_.shift,
                       spec_.result_zero_point);
  }

 private:
  static LocalTensor Sum(const Slice& slice, int64_t address) {
    return {address, DType::kI32, slice.size, Layout::kAligned};
  }

  QuantizedAveragePoolSpec spec_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kernel>> MakeConvKernel(const ConvSpec& spec) {
  if (absl::Status status = Check(spec.window); !status.ok()) return status;
  return std::make_unique<ConvKernel>(spec);
}

absl::StatusOr<std::unique_ptr<Kernel>> MakeDepthwiseKernel(
    const ConvSpec& spec) {
  if (absl::Status status = Check(spec.window); !status.ok()) return status;
  return std::make_unique<DepthwiseKernel>(spec);
}

absl::StatusOr<std::unique_ptr<Kernel>> MakeMatMulKernel(
    const MatMulSpec& spec) {
  ConvSpec conv;
  conv.input = {1, spec.k, spec.m, 1};
  conv.output = {1, spec.n, spec.m, 1};
  conv.dtype = spec.dtype;
  conv.has_bias = spec.has_bias;
  conv.ic_cuts = spec.ic_cuts;
  conv.relu = spec.relu;
  conv.requant = spec.requant;
  auto kernel = std::make_unique<ConvKernel>(conv);
  kernel->UseMatrixViews(spec.m, spec.k, spec.n);
  return kernel;
}

absl::StatusOr<std::unique_ptr<Kernel>> MakePoolKernel(const PoolSpec& spec) {
  if (absl::Status status = Check(spec.window); !status.ok()) return status;
  return std::make_unique<PoolKernel>(spec);
}

absl::StatusOr<std::unique_ptr<Kernel>> MakeQuantizedAveragePoolKernel(
    const QuantizedAveragePoolSpec& spec) {
  if (absl::Status status = Check(spec.window); !status.ok()) return status;
  return std::make_unique<QuantizedAveragePoolKernel>(spec);
}

}  // namespace tpuc::bm1684x
