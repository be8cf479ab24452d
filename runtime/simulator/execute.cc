// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/execute.h"

#include "absl/strings/str_cat.h"
#include "compiler/numerics/float_format.h"

namespace tpuc::sim {

absl::StatusOr<DType> OperandType(uint64_t prec, uint64_t sign,
                                  absl::string_view field) {
  DType type;
  if (!numerics::FromPrecision(static_cast<uint32_t>(prec), sign != 0, &type)) {
    return absl::UnimplementedError(
        absl::StrCat(field, " is ", prec, ", a type that this chip lacks"));
  }
  return type;
}

absl::StatusOr<numerics::Shape4> ResultShape(uint64_t n, uint64_t c, uint64_t h,
                                             uint64_t w) {
  if (n == 0 || c == 0 || h == 0 || w == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "shape [", n, ", ", c, ", ", h, ", ", w, "] has a zero extent"));
  }
  return numerics::Shape4{static_cast<int64_t>(n), static_cast<int64_t>(c),
                          static_cast<int64_t>(h), static_cast<int64_t>(w)};
}

absl::StatusOr<numerics::MutablePlanes> LocalTensor(
    const Context& context, uint64_t address, DType type,
    const numerics::Shape4& shape, Layout layout) {
  const absl::StatusOr<LocalAddress> start = ParseLocalAddress(address);
  if (!start.ok()) return start.status();
  LocalStrides strides;
  switch (layout) {
    case Layout::kAligned:
      strides = AlignedStrides(shape, SizeOf(type), start->lane);
      break;
    case Layout::kCompact:
      strides = CompactStrides(shape, start->lane);
      break;
    case Layout::kPerChannel:
      strides = {0, 1, 0, 0};
      break;
    case Layout::kLineAligned:
      strides = LineAlignedStrides(shape, SizeOf(type), start->lane);
      break;
  }
  return context.memory.Planes(address, type, shape, strides);
}

absl::StatusOr<numerics::MutablePlanes> LocalTensor(
    const Context& context, uint64_t address, DType type,
    const numerics::Shape4& shape, const LocalStrides& strides) {
  return context.memory.Planes(address, type, shape, strides);
}

absl::Status ExecuteInstruction(const isa::Instruction& i,
                                const Context& context) {
  switch (i.format()) {
    case isa::Format::kSAr:
      return Execute(isa::SAr::From(i), context);
    case isa::Format::kSConv:
      return Execute(isa::SConv::From(i), context);
    case isa::Format::kSPorD:
      return Execute(isa::SPorD::From(i), context);
    case isa::Format::kSMm:
      return Execute(isa::SMm::From(i), context);
    case isa::Format::kSMm2:
      return Execute(isa::SMm2::From(i), context);
    case isa::Format::kSRqDq:
      return Execute(isa::SRqDq::From(i), context);
    case isa::Format::kSSfu:
      return Execute(isa::SSfu::From(i), context);
    case isa::Format::kSLin:
      return Execute(isa::SLin::From(i), context);
    case isa::Format::kSCmp:
      return Execute(isa::SCmp::From(i), context);
    case isa::Format::kSTransBc:
      return Execute(isa::STransBc::From(i), context);
    case isa::Format::kSSg:
      return Execute(isa::SSg::From(i), context);
    case isa::Format::kSSgl:
      return Execute(isa::SSgl::From(i), context);
    case isa::Format::kSVc:
      return Execute(isa::SVc::From(i), context);
    case isa::Format::kDmaTensor:
      return Execute(isa::DmaTensor::From(i), context);
    case isa::Format::kDmaMatrix:
      return Execute(isa::DmaMatrix::From(i), context);
    case isa::Format::kDmaGeneral:
      return Execute(isa::DmaGeneral::From(i), context);
    case isa::Format::kSDmaGeneral:
      return Execute(isa::SDmaGeneral::From(i), context);
    case isa::Format::kDmaCwTranspose:
      return Execute(isa::DmaCwTranspose::From(i), context);
    case isa::Format::kDmaGather:
      return Execute(isa::DmaGather::From(i), context);
    case isa::Format::kDmaScatter:
      return Execute(isa::DmaScatter::From(i), context);
    case isa::Format::kSysid:
      if (i.sub_opcode() == 30 || i.IsEnd()) return absl::OkStatus();  // nop
      break;
    case isa::Format::kSDmaSys:
      if (i.sub_opcode() <= 1) return absl::OkStatus();  // end, nop
      break;
    default:
      break;
  }
  return absl::UnimplementedError(
      absl::StrCat("the simulator has no ", i.info().name, " with operation ",
                   i.sub_opcode()));
}

}  // namespace tpuc::sim
