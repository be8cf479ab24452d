// SPDX-License-Identifier: Apache-2.0
// Instructions on quantized tensors.
#include <cassert>

#include "compiler/numerics/float_format.h"
#include "compiler/target/bm1684x/emitter.h"

namespace tpuc::bm1684x {
namespace {

uint64_t Prec(DType type) { return static_cast<uint64_t>(isa::PrecOf(type)); }

// RQ&DQ fields but those of its parameters, which are immediates.
isa::SRqDq Requantisation(uint64_t op, const LocalTensor& result,
                          const LocalTensor& input) {
  assert(result.layout == Layout::kAligned && input.layout == result.layout);
  isa::SRqDq rq;
  rq.tsk_eu_typ = op;
  rq.opd0_sign = isa::IsSigned(input.dtype);
  rq.opd2_sign = isa::IsSigned(result.dtype);
  rq.res0_prec = Prec(result.dtype);
  rq.opd0_prec = Prec(input.dtype);
  rq.res0_n = result.shape[kN];
  rq.res0_c = result.shape[kC];
  rq.res0_h = result.shape[kH];
  rq.res0_w = result.shape[kW];
  rq.res0_addr = result.address;
  rq.opd0_addr = input.address;
  rq.opd1_const = 1;
  return rq;
}

}  // namespace

void Emitter::Requantize(const LocalTensor& result, const LocalTensor& input,
                         int32_t multiplier, int32_t shift,
                         int32_t zero_point) {
  isa::SRqDq rq = Requantisation(isa::SRqDq::Op::kRq1, result, input);
  rq.opd2_n_str = isa::round_mode::kHalfUp;
  rq.opd1_addr = static_cast<uint32_t>(multiplier);
  rq.opd2_addr = static_cast<uint8_t>(shift) |
                 uint32_t{static_cast<uint16_t>(zero_point)} << 16;
  instructions_.push_back(rq.ToInstruction());
}

void Emitter::RequantizeChannels(const LocalTensor& result,
                                 const LocalTensor& input,
                                 int64_t table_address) {
  isa::SRqDq rq = Requantisation(isa::SRqDq::Op::kRq1, result, input);
  rq.opd2_n_str = isa::round_mode::kHalfUp;
  rq.opd1_const = 0;
  rq.opd1_addr = table_address;
  instructions_.push_back(rq.ToInstruction());
}

void Emitter::Dequantize(const LocalTensor& result, const LocalTensor& input,
                         int32_t zero_point, float scale) {
  isa::SRqDq dq = Requantisation(isa::SRqDq::Op::kDq0, result, input);
  dq.opd1_addr = static_cast<uint16_t>(zero_point);
  dq.opd2_addr = numerics::FloatBits(scale);
  instructions_.push_back(dq.ToInstruction());
}

void Emitter::Scale(const LocalTensor& result, const LocalTensor& input,
                    int32_t zero_point, int32_t multiplier) {
  isa::SRqDq dq = Requantisation(isa::SRqDq::Op::kDq1, result, input);
  dq.opd1_addr = static_cast<uint16_t>(zero_point);
  dq.opd2_addr = static_cast<uint32_t>(multiplier);
  instructions_.push_back(dq.ToInstruction());
}

// Planes of one row: indices are counted along w.
void Emitter::Lookup(const LocalTensor& result, const LocalTensor& input,
                     int64_t table_address, bool per_channel) {
  isa::SSg sg;
  sg.tsk_eu_typ = isa::SSg::Op::kPeSGatherD1coor;
  sg.opd0_str = per_channel ? 0 : 3;  // 3: one table for all channels
  sg.res0_prec = Prec(result.dtype);
  sg.opd0_prec = sg.res0_prec;
  sg.opd1_prec = Prec(input.dtype);
  sg.res0_n = result.shape[kN];
  sg.res0_c = sg.opd1_c = result.shape[kC];
  sg.res0_h = sg.opd0_h = 1;
  sg.res0_w = sg.opd1_w = result.shape[kH] * result.shape[kW];
  sg.opd0_w = 256;
  sg.res0_addr = result.address;
  sg.opd0_addr = table_address;
  sg.opd1_addr = input.address;
  instructions_.push_back(sg.ToInstruction());
}

}  // namespace tpuc::bm1684x
