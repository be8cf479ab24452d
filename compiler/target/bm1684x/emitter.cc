// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/emitter.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "compiler/numerics/float_format.h"
#include "compiler/target/bm1684x/cost.h"

namespace tpuc::bm1684x {
namespace {

uint64_t Prec(DType type) {
  const int code = isa::PrecOf(type);
  assert(code >= 0);
  return static_cast<uint64_t>(code);
}

uint64_t LayoutCode(Layout layout) {
  return layout == Layout::kAligned ? isa::layout::kAligned
                                    : isa::layout::kCompact;
}

void SetResult(isa::SAr& ar, const LocalTensor& result) {
  ar.res0_prec = Prec(result.dtype);
  ar.res0_str = LayoutCode(result.layout);
  ar.res0_n = result.shape[kN];
  ar.res0_c = result.shape[kC];
  ar.res0_h = result.shape[kH];
  ar.res0_w = result.shape[kW];
  ar.res0_addr = result.address;
}

void SetFirst(isa::SAr& ar, const ArOperand& a) {
  ar.opd0_prec = Prec(a.dtype);
  ar.opd0_sign = isa::IsSigned(a.dtype);
  ar.opd0_const = a.is_constant;
  ar.opd0_addr = a.is_constant ? a.bits : a.address;
  if (a.is_constant) return;
  ar.opd0_str = a.layout;
  ar.opd0_n_str = a.strides[kN];
  ar.opd0_c_str = a.strides[kC];
  ar.opd0_h_str = a.strides[kH];
  ar.opd0_w_str = a.strides[kW];
}

void SetSecond(isa::SAr& ar, const ArOperand& b) {
  ar.opd1_prec = Prec(b.dtype);
  ar.opd1_sign = isa::IsSigned(b.dtype);
  ar.opd1_const = b.is_constant;
  ar.opd1_addr = b.is_constant ? b.bits : b.address;
  if (b.is_constant) return;
  ar.opd1_str = b.layout;
  ar.opd1_n_str = b.strides[kN];
  ar.opd1_c_str = b.strides[kC];
  ar.opd1_h_str = b.strides[kH];
  ar.opd1_w_str = b.strides[kW];
}

// Lowest finite value, which never wins a maximum against a number.
uint32_t LowestBits(DType type) {
  switch (type) {
    case DType::kF32:
      return 0xFF7FFFFF;
    case DType::kF16:
      return 0xFBFF;
    case DType::kBF16:
      return 0xFF7F;
    default:
      return ConstantBits(type, static_cast<double>(numerics::MinOf(type)));
  }
}

// SFU fields but those of its parameters.
isa::SSfu Special(uint64_t op, const LocalTensor& result,
                  const LocalTensor& input) {
  isa::SSfu sfu;
  sfu.tsk_eu_typ = op;
  sfu.res0_prec = Prec(result.dtype);
  sfu.opd0_prec = Prec(input.dtype);
  sfu.res0_n = result.shape[kN];
  sfu.res0_c = result.shape[kC];
  sfu.res0_h = result.shape[kH];
  sfu.res0_w = result.shape[kW];
  sfu.res0_addr = result.address;
  sfu.opd0_addr = input.address;
  return sfu;
}

}  // namespace

ArOperand ArOperand::Of(const LocalTensor& tensor) {
  ArOperand operand;
  operand.dtype = tensor.dtype;
  operand.address = tensor.address;
  operand.layout = LayoutCode(tensor.layout);
  return operand;
}

ArOperand ArOperand::Broadcast(const LocalTensor& tensor, const Dims& shape) {
  ArOperand operand = Of(tensor);
  if (tensor.shape == shape) return operand;
  assert(tensor.shape[kC] == shape[kC]);
  operand.layout = isa::layout::kStrides;
  operand.strides = tensor.Strides();
  for (int d : {kN, kH, kW})
    if (tensor.shape[d] == 1) operand.strides[d] = 0;
  return operand;
}

ArOperand ArOperand::Constant(DType dtype, uint32_t bits) {
  ArOperand operand;
  operand.dtype = dtype;
  operand.is_constant = true;
  operand.bits = bits;
  return operand;
}

uint32_t ConstantBits(DType dtype, double value) {
  switch (dtype) {
    case DType::kF32:
      return numerics::FloatBits(static_cast<float>(value));
    case DType::kF16:
      return numerics::F32ToF16(static_cast<float>(value));
    case DType::kBF16:
      return numerics::F32ToBF16(static_cast<float>(value));
    default: {
      const auto bits = static_cast<uint32_t>(std::llrint(value));
      const int width = 8 * static_cast<int>(SizeOf(dtype));
      return width == 32 ? bits : bits & ((1u << width) - 1);
    }
  }
}

void Emitter::Ar(uint64_t op, const LocalTensor& result, const ArOperand& a,
                 const ArOperand& b) {
  isa::SAr ar;
  ar.tsk_eu_typ = op;
  ar.tsk_opd_num = 2;
  SetResult(ar, result);
  SetFirst(ar, a);
  SetSecond(ar, b);
  instructions_.push_back(ar.ToInstruction());
}

void Emitter::AddShift(const LocalTensor& result, const ArOperand& a,
                       const ArOperand& b, int shift) {
  IntegerShift(isa::SAr::Op::kAddSat, result, a, b, shift);
}

void Emitter::SubtractShift(const LocalTensor& result, const ArOperand& a,
                            const ArOperand& b, int shift) {
  IntegerShift(isa::SAr::Op::kSubSat, result, a, b, shift);
}

void Emitter::IntegerShift(uint64_t op, const LocalTensor& result,
                           const ArOperand& a, const ArOperand& b, int shift) {
  isa::SAr ar;
  ar.tsk_eu_typ = op;
  ar.tsk_opd_num = 3;
  SetResult(ar, result);
  SetFirst(ar, a);
  SetSecond(ar, b);
  ar.opd2_prec = isa::prec::kInt8;
  ar.opd2_sign = 1;
  ar.opd2_const = 1;
  ar.opd2_addr = static_cast<uint8_t>(shift);
  instructions_.push_back(ar.ToInstruction());
}

void Emitter::Divide(const LocalTensor& result, const ArOperand& a,
                     const ArOperand& b) {
  assert(result.dtype == DType::kF32);
  isa::SAr ar;
  ar.tsk_eu_typ = isa::SAr::Op::kDiv;
  ar.tsk_opd_num = 2;
  ar.opd2_n_str = 2;  // steps - 1
  SetResult(ar, result);
  SetFirst(ar, a);
  SetSecond(ar, b);
  instructions_.push_back(ar.ToInstruction());
}

void Emitter::Cast(const LocalTensor& result, const LocalTensor& input,
                   uint64_t rounding) {
  isa::SAr ar;
  ar.tsk_eu_typ = isa::SAr::Op::kCast;
  ar.tsk_opd_num = 1;
  ar.opd2_n_str = rounding;
  ar.opd2_sign = isa::IsSigned(result.dtype);
  SetResult(ar, result);
  SetFirst(ar, ArOperand::Of(input));
  instructions_.push_back(ar.ToInstruction());
}

void Emitter::Abs(const LocalTensor& result, const LocalTensor& input) {
  isa::SAr ar;
  ar.tsk_eu_typ = isa::SAr::Op::kAbs;
  ar.tsk_opd_num = 1;
  SetResult(ar, result);
  SetFirst(ar, ArOperand::Of(input));
  instructions_.push_back(ar.ToInstruction());
}

void Emitter::StridedCopy(DType dtype, const Dims& shape, const Strided& result,
                          const Strided& input) {
  isa::SAr ar;
  ar.tsk_eu_typ = isa::SAr::Op::kCopy;
  ar.tsk_opd_num = 1;
  SetResult(ar, {result.address, dtype, shape});
  ar.res0_str = isa::layout::kStrides;
  ar.res0_n_str = result.strides[kN];
  ar.res0_c_str = result.strides[kC];
  ar.res0_h_str = result.strides[kH];
  ar.res0_w_str = result.strides[kW];
  ArOperand operand;
  operand.dtype = dtype;
  operand.address = input.address;
  operand.layout = isa::layout::kStrides;
  operand.strides = input.strides;
  SetFirst(ar, operand);
  instructions_.push_back(ar.ToInstruction());
}

void Emitter::FillChannels(const LocalTensor& result, int64_t values_address) {
  isa::SAr ar;
  ar.tsk_eu_typ = isa::SAr::Op::kCopy;
  ar.tsk_opd_num = 1;
  SetResult(ar, result);
  ArOperand values;
  values.dtype = result.dtype;
  values.address = values_address;
  values.layout = isa::layout::kPerChannel;
  SetFirst(ar, values);
  instructions_.push_back(ar.ToInstruction());
}

void Emitter::Conv(const LocalTensor& result, const LocalTensor& input,
                   int64_t filter_address, const int64_t* bias_address,
                   const WindowFields& window, bool accumulate) {
  assert(!accumulate || SizeOf(result.dtype) == 4);
  isa::SConv conv;
  conv.opd0_sign = isa::IsSigned(input.dtype);
  conv.opd1_sign = 1;
  conv.opd2_sign = 1;
  conv.res_add = accumulate;
  conv.res0_prec = Prec(result.dtype);
  conv.opd0_prec = Prec(input.dtype);
  conv.opd0_up_pad = window.pad_top;
  conv.opd0_dn_pad = window.pad_bottom;
  conv.opd0_lf_pad = window.pad_left;
  conv.opd0_rt_pad = window.pad_right;
  conv.res_op_x_str = window.stride_w;
  conv.res_op_y_str = window.stride_h;
  conv.opd1_x_ins0 = window.dilation_w - 1;
  conv.opd1_y_ins0 = window.dilation_h - 1;
  conv.opd0_x_ins0 = window.insert_w;
  conv.opd0_y_ins0 = window.insert_h;
  conv.opd3_const = 1;
  conv.opd3_addr = window.pad_bits;
  conv.opd0_str = LayoutCode(input.layout);
  conv.res0_n = result.shape[kN];
  conv.res0_c = result.shape[kC];
  conv.res0_h = result.shape[kH];
  conv.res0_w = result.shape[kW];
  conv.opd0_c = input.shape[kC];
  conv.opd0_h = input.shape[kH];
  conv.opd0_w = input.shape[kW];
  conv.opd1_h = window.kernel_h;
  conv.opd1_w = window.kernel_w;
  conv.res0_addr = result.address;
  conv.opd0_addr = input.address;
  conv.opd1_addr = filter_address;
  // Without a bias: the immediate 0, for 8 bits the filter's zero point.
  conv.opd2_const = bias_address == nullptr;
  conv.opd2_addr = bias_address == nullptr ? 0 : *bias_address;
  instructions_.push_back(conv.ToInstruction());
}

void Emitter::MultiplyRows(const LocalTensor& result, const LocalTensor& left,
                           const LocalTensor& right, bool right_transposed,
                           bool accumulate) {
  assert(!accumulate || result.dtype == DType::kF32);
  isa::SMm2 mm;
  mm.tsk_eu_typ = right_transposed ? isa::SMm2::Op::kNt : isa::SMm2::Op::kNn;
  mm.res_add = accumulate;
  mm.opd0_sign = 1;
  mm.opd1_sign = 1;
  mm.opd2_const = 1;
  mm.res0_prec = Prec(result.dtype);
  mm.opd0_prec = Prec(left.dtype);
  mm.res0_c = result.shape[kC];
  mm.res0_w = result.shape[kW];
  mm.opd1_c = right.shape[kC];
  mm.opd1_w = right.shape[kW];
  mm.res0_addr = result.address;
  mm.opd0_addr = left.address;
  mm.opd1_addr = right.address;
  instructions_.push_back(mm.ToInstruction());
}

isa::SPorD Emitter::Window(const LocalTensor& result, const LocalTensor& input,
                           const WindowFields& window) {
  isa::SPorD pool;
  pool.opd0_sign = isa::IsSigned(input.dtype);
  pool.opd1_sign = isa::IsSigned(input.dtype);
  pool.opd2_sign = 1;
  pool.opd3_const = 1;
  pool.opd3_addr = window.pad_bits;
  pool.res0_prec = Prec(result.dtype);
  pool.opd0_prec = Prec(input.dtype);
  pool.opd1_x_ins0 = window.dilation_w - 1;
  pool.opd1_y_ins0 = window.dilation_h - 1;
  pool.opd0_x_ins0 = window.insert_w;
  pool.opd0_y_ins0 = window.insert_h;
  pool.opd0_up_pad = window.pad_top;
  pool.opd0_dn_pad = window.pad_bottom;
  pool.opd0_lf_pad = window.pad_left;
  pool.opd0_rt_pad = window.pad_right;
  pool.res_op_x_str = window.stride_w;
  pool.res_op_y_str = window.stride_h;
  pool.res0_n = result.shape[kN];
  pool.res0_c = result.shape[kC];
  pool.res0_h = result.shape[kH];
  pool.res0_w = result.shape[kW];
  pool.opd0_h = input.shape[kH];
  pool.opd0_w = input.shape[kW];
  pool.opd1_h = window.kernel_h;
  pool.opd1_w = window.kernel_w;
  pool.res0_addr = result.address;
  pool.opd0_addr = input.address;
  return pool;
}

void Emitter::Depthwise(const LocalTensor& result, const LocalTensor& input,
                        int64_t filter_address, const int64_t* bias_address,
                        const WindowFields& window) {
  isa::SPorD pool = Window(result, input, window);
  pool.tsk_eu_typ = isa::SPorD::Op::kDepthwise;
  pool.opd1_sign = 1;
  pool.opd1_addr = filter_address;
  pool.opd2_const = bias_address == nullptr;
  pool.opd2_addr = bias_address == nullptr ? 0 : *bias_address;
  instructions_.push_back(pool.ToInstruction());
}

void Emitter::WindowSum(const LocalTensor& result, const LocalTensor& input,
                        int32_t start, const WindowFields& window) {
  isa::SPorD pool = Window(result, input, window);
  pool.tsk_eu_typ = isa::SPorD::Op::kDepthwise;
  pool.opd1_sign = 1;
  pool.opd1_const = 1;
  pool.opd1_addr = 1;
  pool.opd2_const = 1;
  pool.opd2_addr = static_cast<uint32_t>(start);
  instructions_.push_back(pool.ToInstruction());
}

void Emitter::AveragePool(const LocalTensor& result, const LocalTensor& input,
                          uint32_t scale_bits, const WindowFields& window) {
  isa::SPorD pool = Window(result, input, window);
  pool.tsk_eu_typ = isa::SPorD::Op::kAvgpool;
  pool.opd1_const = 1;
  pool.opd1_addr = scale_bits;
  pool.opd2_const = 1;
  instructions_.push_back(pool.ToInstruction());
}

void Emitter::MaxPool(const LocalTensor& result, const LocalTensor& input,
                      const WindowFields& window) {
  isa::SPorD pool = Window(result, input, window);
  pool.tsk_eu_typ = isa::SPorD::Op::kMaxpool;
  pool.opd1_const = 1;
  pool.opd2_const = 1;
  pool.opd3_addr = LowestBits(input.dtype);
  instructions_.push_back(pool.ToInstruction());
}

void Emitter::Taylor(const LocalTensor& result, const LocalTensor& input,
                     int64_t table_address, int64_t count) {
  isa::SSfu sfu = Special(isa::SSfu::Op::kTaylor4x, result, input);
  sfu.opd1_n = count;
  sfu.opd1_addr = table_address;
  instructions_.push_back(sfu.ToInstruction());
}

void Emitter::Exponent(const LocalTensor& result, const LocalTensor& input) {
  instructions_.push_back(
      Special(isa::SSfu::Op::kNormalize, result, input).ToInstruction());
}

void Emitter::Rsqrt(const LocalTensor& result, const LocalTensor& input) {
  isa::SSfu sfu = Special(isa::SSfu::Op::kRsqrt, result, input);
  sfu.opd2_n_str = 2;  // steps - 1
  instructions_.push_back(sfu.ToInstruction());
}

void Emitter::StaticBroadcast(int64_t address, int64_t static_offset,
                              int64_t count) {
  isa::STransBc bc;
  bc.tsk_eu_typ = isa::STransBc::Op::kStaticBroadcast;
  bc.res0_prec = isa::prec::kF32;
  bc.res0_n = 1;
  bc.res0_c = isa::kLanes;
  bc.res0_h = 1;
  bc.res0_w = count;
  bc.opd0_c = 1;
  bc.opd0_w = count;
  bc.res0_addr = address;
  bc.opd0_addr = isa::kStaticBase + static_offset;
  instructions_.push_back(bc.ToInstruction());
}

}  // namespace tpuc::bm1684x
