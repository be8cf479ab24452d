// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/execute.h"

#include "absl/strings/str_cat.h"
#include "compiler/isa/short_form.h"
#include "compiler/numerics/float_format.h"
#include "runtime/simulator/status_macros.h"

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

void Record(const Context& context, Use use,
            const numerics::MutablePlanes& planes,
            const numerics::Shape4& shape, int64_t element_bytes) {
  if (context.accesses == nullptr) return;
  context.accesses->push_back({use, planes, shape, element_bytes});
}

absl::StatusOr<numerics::MutablePlanes> LocalTensor(
    const Context& context, Use use, uint64_t address, DType type,
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
  return LocalTensor(context, use, address, type, shape, strides);
}

absl::StatusOr<numerics::MutablePlanes> LocalTensor(
    const Context& context, Use use, uint64_t address, DType type,
    const numerics::Shape4& shape, const LocalStrides& strides) {
  absl::StatusOr<numerics::MutablePlanes> planes =
      context.memory.Planes(address, type, shape, strides);
  if (planes.ok()) {
    Record(context, use, *planes, shape, static_cast<int64_t>(SizeOf(type)));
  }
  return planes;
}

absl::StatusOr<uint8_t*> MemoryRange(const Context& context, Use use,
                                     uint64_t address, uint64_t bytes) {
  absl::StatusOr<uint8_t*> start = context.memory.Range(address, bytes);
  if (start.ok()) {
    const int64_t count = static_cast<int64_t>(bytes);
    Record(context, use, {{*start}, count, count, 1}, {1, 1, 1, count}, 1);
  }
  return start;
}

absl::StatusOr<Action> PrepareInstruction(const isa::Instruction& given,
                                          const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const isa::Instruction i, isa::ToShortForm(given));
  const Action nothing = [] { return absl::OkStatus(); };
  switch (i.format()) {
    case isa::Format::kSAr:
      return Prepare(isa::SAr::From(i), context);
    case isa::Format::kSConv:
      return Prepare(isa::SConv::From(i), context);
    case isa::Format::kSPorD:
      return Prepare(isa::SPorD::From(i), context);
    case isa::Format::kSMm:
      return Prepare(isa::SMm::From(i), context);
    case isa::Format::kSMm2:
      return Prepare(isa::SMm2::From(i), context);
    case isa::Format::kSRqDq:
      return Prepare(isa::SRqDq::From(i), context);
    case isa::Format::kSSfu:
      return Prepare(isa::SSfu::From(i), context);
    case isa::Format::kSLin:
      return Prepare(isa::SLin::From(i), context);
    case isa::Format::kSCmp:
      return Prepare(isa::SCmp::From(i), context);
    case isa::Format::kSTransBc:
      return Prepare(isa::STransBc::From(i), context);
    case isa::Format::kSSg:
      return Prepare(isa::SSg::From(i), context);
    case isa::Format::kSSgl:
      return Prepare(isa::SSgl::From(i), context);
    case isa::Format::kSVc:
      return Prepare(isa::SVc::From(i), context);
    case isa::Format::kDmaTensor:
      return Prepare(isa::DmaTensor::From(i), context);
    case isa::Format::kDmaMatrix:
      return Prepare(isa::DmaMatrix::From(i), context);
    case isa::Format::kSDmaMatrix:
      return Prepare(isa::SDmaMatrix::From(i), context);
    case isa::Format::kDmaMaskedSelect:
      return Prepare(isa::DmaMaskedSelect::From(i), context);
    case isa::Format::kSDmaMaskedSelect:
      return Prepare(isa::SDmaMaskedSelect::From(i), context);
    case isa::Format::kDmaNonzero:
      return Prepare(isa::DmaNonzero::From(i), context);
    case isa::Format::kSDmaNonzero:
      return Prepare(isa::SDmaNonzero::From(i), context);
    case isa::Format::kDmaGeneral:
      return Prepare(isa::DmaGeneral::From(i), context);
    case isa::Format::kSDmaGeneral:
      return Prepare(isa::SDmaGeneral::From(i), context);
    case isa::Format::kDmaCwTranspose:
      return Prepare(isa::DmaCwTranspose::From(i), context);
    case isa::Format::kDmaGather:
      return Prepare(isa::DmaGather::From(i), context);
    case isa::Format::kDmaScatter:
      return Prepare(isa::DmaScatter::From(i), context);
    case isa::Format::kSysid:
      if (i.sub_opcode() == 30 || i.IsEnd()) return nothing;  // nop
      break;
    case isa::Format::kSDmaSys:
      if (i.sub_opcode() <= 1) return nothing;  // end, nop
      break;
    default:
      break;
  }
  return absl::UnimplementedError(
      absl::StrCat("the simulator has no ", i.info().name, " with operation ",
                   i.sub_opcode()));
}

}  // namespace tpuc::sim
