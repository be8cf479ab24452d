// SPDX-License-Identifier: Apache-2.0
// Rules: docs/isa/bm1684x.md, chapter g; equality with the vendor's functions:
// //tests/vendor:cycles_sampling.
#include <algorithm>
#include <initializer_list>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "compiler/isa/codes.h"
#include "compiler/target/bm1684x/cycles.h"

namespace tpuc::bm1684x {
namespace {

using isa::Format;
using isa::Instruction;

constexpr int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t Int(uint64_t field) { return static_cast<int64_t>(field); }

// Sizes of up to 16 bits each may multiply to more than any counter holds.
int64_t Product(std::initializer_list<int64_t> factors) {
  constexpr int64_t kMost = int64_t{1} << 40;
  int64_t product = 1;
  for (int64_t factor : factors)
    if (__builtin_mul_overflow(product, factor, &product) || product > kMost)
      product = kMost;
  return product;
}

int64_t ElementBytes(uint64_t prec) {
  return std::max<int64_t>(Int(isa::SizeOfPrec(prec)), 1);
}

// Elements that a lane handles in a cycle.
int64_t EuElements(uint64_t prec) { return isa::kEuBytes / ElementBytes(prec); }

int64_t LaneOf(uint64_t address) {
  return Int(address / isa::kLaneBytes % isa::kLanes);
}

// Whether two addresses lie in one bank of one lane.
bool SameBank(uint64_t a, uint64_t b) {
  return a / isa::kBankBytes == b / isa::kBankBytes;
}

int64_t Groups(uint64_t channels, uint64_t address) {
  return CeilDiv(Int(channels) + LaneOf(address), isa::kLanes);
}

template <typename T>
int64_t ResultGroups(const T& i) {
  return Int(i.res0_n) * Groups(i.res0_c, i.res0_addr);
}

template <typename T>
int64_t Plane(const T& i) {
  return Int(i.res0_h) * Int(i.res0_w);
}

// "P" of chapter g: cycles of a pass over the result at `eu` elements each.
template <typename T>
int64_t Pass(const T& i, int64_t eu) {
  return Product({ResultGroups(i), CeilDiv(Plane(i), eu)});
}

Cost Cycles(int64_t cycles) {
  Cost cost;
  cost.cycles = cycles;
  return cost;
}

absl::Status Unknown(const Instruction& i) {
  return absl::UnimplementedError(
      absl::StrCat("the cost of ", i.info().name, " with sub-opcode ",
                   i.sub_opcode(), " is not known"));
}

// Accesses that a plane with these strides takes in units of a dense line.
int64_t StridedLines(int64_t h, int64_t w, int64_t h_stride, int64_t w_stride,
                     int64_t eu) {
  const int64_t dense = CeilDiv(h * w, eu);
  if (w_stride > 1) return Product({dense, std::min(w_stride, eu)});
  if (h_stride == 0) return dense;
  const bool rows_apart = h_stride - w >= eu || h_stride % eu == 0;
  const int64_t lines = rows_apart ? h * CeilDiv(w + h_stride % eu, eu)
                                   : CeilDiv(h * h_stride, eu);
  return Product({dense, lines / std::max<int64_t>(dense, 1)});
}

// Operands whose place a result must not take for the full rate.
enum InPlace { kFree = 0, kOpd0 = 1, kOpd1 = 2 };

int SlowInPlace(uint64_t operation) {
  using Op = isa::SAr::Op;
  switch (operation) {
    case Op::kDiv:
    case Op::kClamp:
    case Op::kMac:
    case Op::kCopy:
    case Op::kEuIndexGen:
    case Op::kNpuIndexGen:
    case Op::kCopyMb:
    case Op::kGetFirstOne:
    case Op::kGetFirstZero:
      return kFree;
    case Op::kNot:
    case Op::kLogicShift:
    case Op::kCast:
    case Op::kArithShift:
    case Op::kCircularShift:
    case Op::kAbs:
      return kOpd0;
    default:
      return kOpd0 | kOpd1;
  }
}

template <typename T>
Cost ArCost(const T& i) {
  const bool binary = i.tsk_opd_num > 1;
  int64_t eu = std::min(EuElements(i.res0_prec), EuElements(i.opd0_prec));
  if (binary) eu = std::min(eu, EuElements(i.opd1_prec));
  const int64_t h = Int(i.res0_h), w = Int(i.res0_w);
  const int64_t dense = CeilDiv(h * w, eu);
  const auto lines = [&](uint64_t layout, uint64_t h_stride,
                         uint64_t w_stride) {
    return layout == isa::layout::kStrides
               ? StridedLines(h, w, Int(h_stride), Int(w_stride), eu)
               : dense;
  };
  const int64_t lines0 = lines(i.opd0_str, i.opd0_h_str, i.opd0_w_str);
  int64_t most =
      std::max({dense, lines(i.res0_str, i.res0_h_str, i.res0_w_str), lines0});
  if (binary) {
    const int64_t lines1 = lines(i.opd1_str, i.opd1_h_str, i.opd1_w_str);
    const bool both = i.opd0_str == isa::layout::kStrides &&
                      i.opd1_str == isa::layout::kStrides;
    most = std::max(most, both ? lines0 + lines1 : lines1);
  }
  if (i.tsk_eu_typ == isa::SAr::Op::kDiv) {
    const int64_t iterations = Int(i.opd2_n_str) + 1;
    most = std::max(most, Product({8 * iterations + 7, dense}));
  }
  const int slow = SlowInPlace(i.tsk_eu_typ);
  const bool twice =
      ((slow & kOpd0) && !i.opd0_const && i.opd0_addr == i.res0_addr) ||
      ((slow & kOpd1) && binary && !i.opd1_const && i.opd1_addr == i.res0_addr);
  return Cycles(Product({ResultGroups(i), most, twice ? 2 : 1}));
}

// Input channels that one cycle of CONV and MM2 takes.
int64_t CubeChannels(uint64_t prec) {
  return ElementBytes(prec) == 4 ? 1 : EuElements(prec);
}

int64_t PeakMacs(uint64_t prec) {
  constexpr int64_t kPixels = 4, kPixelsF32 = 16;
  const int64_t pixels = ElementBytes(prec) == 4 ? kPixelsF32 : kPixels;
  return isa::kLanes * CubeChannels(prec) * pixels;
}

Cost WithMacs(int64_t cycles, int64_t macs, uint64_t prec) {
  Cost cost;
  cost.cycles = cycles;
  cost.macs = macs;
  cost.peak_macs = PeakMacs(prec);
  return cost;
}

template <typename T>
Cost ConvCost(const T& i) {
  const int64_t n = Int(i.res0_n), oc = Int(i.res0_c), ic = Int(i.opd0_c);
  const int64_t taps = Int(i.opd1_h) * Int(i.opd1_w);
  const int64_t pixels = ElementBytes(i.opd0_prec) == 4 ? 16 : 4;
  return WithMacs(
      Product({n, CeilDiv(oc, isa::kLanes), CeilDiv(Plane(i), pixels), taps,
               CeilDiv(ic, CubeChannels(i.opd0_prec))}),
      Product({n, oc, Plane(i), taps, ic}), i.opd0_prec);
}

template <typename T>
Cost PorDCost(const T& i) {
  const int64_t eu = EuElements(i.res0_prec);
  const int64_t kh = Int(i.opd1_h), kw = Int(i.opd1_w);
  // A kernel of one row handles the rows of the result one by one.
  int64_t cycles = kh > 1 ? Product({Pass(i, eu), kh, kw})
                          : Product({ResultGroups(i), Int(i.res0_h),
                                     CeilDiv(Int(i.res0_w), eu), kw});
  if (i.res_op_y_str > 1 && i.res_op_x_str > 1) cycles = Product({cycles, 3});
  using Op = isa::SPorD::Op;
  if (i.tsk_eu_typ != Op::kDepthwise && i.tsk_eu_typ != Op::kDepthwiseRelu)
    return Cycles(cycles);
  return WithMacs(cycles,
                  Product({Int(i.res0_n), Int(i.res0_c), Plane(i), kh, kw}),
                  i.opd0_prec);
}

// Columns of a left operand whose last block is opd1_w wide.
template <typename T>
int64_t LeftColumns(const T& i) {
  if (i.opd0_c == 0) return 0;
  return (Int(i.opd0_c) - 1) * Int(i.opd0_w) + Int(i.opd1_w);
}

template <typename T>
Cost MmCost(const T& i) {
  const int64_t rows = Int(i.opd0_n);
  const int64_t inner = LeftColumns(i);
  const int64_t passes = Groups(i.res0_c, i.res0_addr) *
                         CeilDiv(Int(i.res0_w), EuElements(i.opd0_prec));
  const int64_t extra = (i.opd2_const ? 0 : 1) + Int(i.res_add);
  return WithMacs(Product({rows, passes, inner + extra}),
                  Product({rows, inner, Int(i.res0_c) * Int(i.res0_w)}),
                  i.opd0_prec);
}

template <typename T>
absl::StatusOr<Cost> Mm2Cost(const Instruction& instruction, const T& i) {
  using Op = isa::SMm2::Op;
  const int64_t cube = CubeChannels(i.opd0_prec);
  const int64_t c = Int(i.res0_c), w = Int(i.res0_w);
  int64_t inner;
  switch (i.tsk_eu_typ) {
    case Op::kNn:
      inner = Int(i.opd1_c);
      break;
    case Op::kNt:
    case Op::kTt:
      inner = Int(i.opd1_w);
      break;
    default:
      return Unknown(instruction);
  }
  return WithMacs(
      Product({CeilDiv(c, isa::kLanes), CeilDiv(inner, cube), CeilDiv(w, 4)}),
      Product({c, w, inner}), i.opd0_prec);
}

template <typename T>
Cost RqDqCost(const T& i) {
  constexpr int64_t kEu = 16;  // whatever the types
  const bool twice = SameBank(i.opd0_addr, i.res0_addr);
  return Cycles(Product({Pass(i, kEu), twice ? 2 : 1}));
}

template <typename T>
absl::StatusOr<Cost> SfuCost(const Instruction& instruction, const T& i) {
  using Op = isa::SSfu::Op;
  const int64_t pass = Pass(i, EuElements(i.opd0_prec));
  switch (i.tsk_eu_typ) {
    case Op::kTaylor:
    case Op::kTaylor4x:
      return Cycles(Product({pass, Int(i.opd1_n)}));
    case Op::kNormalize:
      return Cycles(pass);
    case Op::kRsqrt:
      return Cycles(Product({pass, 30}));
    default:
      return Unknown(instruction);
  }
}

template <typename T>
absl::StatusOr<Cost> SgCost(const Instruction& instruction, const T& i) {
  using Op = isa::SSg::Op;
  const bool by_index = i.tsk_eu_typ == Op::kPeSGatherD1coor ||
                        i.tsk_eu_typ == Op::kPeSGatherHzd ||
                        i.tsk_eu_typ == Op::kPeSScatterHzd;
  const int64_t elements =
      Product({ResultGroups(i), Int(by_index ? i.opd1_w : i.res0_w)});
  switch (i.tsk_eu_typ) {
    case Op::kPlGatherRec:
      return Cycles(1);
    case Op::kPeMGatherD1coor:
      return Cycles(std::max<int64_t>(elements / 4, 1));
    case Op::kPeSGatherHzd:
    case Op::kPeSScatterHzd:
    case Op::kPeSNonzeroHzd:
      return Cycles(elements * 3 / 2);
    case Op::kPeSMaskSelhzd:
      return Cycles(elements * 3);
    case Op::kPlGatherPerw:
    case Op::kPlScatterPerw:
      return Unknown(instruction);
    default:
      return Cycles(elements);
  }
}

template <typename T>
Cost SglCost(const T& i) {
  return Cycles(Product({2, ResultGroups(i), Int(i.res0_h),
                         CeilDiv(Int(i.res0_w), EuElements(i.res0_prec))}));
}

// One row of the result for each value of opd0.
template <typename T>
Cost VcCost(const T& i) {
  const int64_t rows = LeftColumns(i);
  const int64_t eu = std::min({EuElements(i.res0_prec), EuElements(i.opd0_prec),
                               EuElements(i.opd1_prec)});
  return Cycles(Product(
      {rows, Groups(i.res0_c, i.res0_addr), CeilDiv(Int(i.res0_w), eu)}));
}

template <typename T>
absl::StatusOr<Cost> TransBcCost(const Instruction& instruction, const T& i) {
  using Op = isa::STransBc::Op;
  const int64_t eu = EuElements(i.res0_prec);
  switch (i.tsk_eu_typ) {
    case Op::kCwTs:
      return Cycles(
          Product({Int(i.res0_n), Int(i.res0_h), CeilDiv(Int(i.opd0_w), eu)}));
    case Op::kWcTs:
      return Cycles(
          Product({Int(i.res0_n), Int(i.res0_h), CeilDiv(Int(i.opd0_c), eu)}));
    case Op::kLaneCopy:  // channel by channel
    case Op::kLaneBroadcast: {
      const bool twice = SameBank(i.opd0_addr, i.res0_addr);
      return Cycles(Product({Pass(i, eu), Int(i.opd0_c), twice ? 2 : 1}));
    }
    case Op::kStaticBroadcast:
      return Cycles(CeilDiv(Int(i.res0_w), eu));
    case Op::kStaticDistribute:
      return Cycles(CeilDiv(Int(i.res0_c), eu));
    default:
      return Unknown(instruction);
  }
}

}  // namespace

absl::StatusOr<Cost> TiuCost(const Instruction& i) {
  switch (i.format()) {
    case Format::kSAr:
      return ArCost(isa::SAr::From(i));
    case Format::kAr:
      return ArCost(isa::Ar::From(i));
    case Format::kSConv:
      return ConvCost(isa::SConv::From(i));
    case Format::kConv:
      return ConvCost(isa::Conv::From(i));
    case Format::kSPorD:
      return PorDCost(isa::SPorD::From(i));
    case Format::kPorD:
      return PorDCost(isa::PorD::From(i));
    case Format::kSMm:
      return MmCost(isa::SMm::From(i));
    case Format::kMm:
      return MmCost(isa::Mm::From(i));
    case Format::kSMm2:
      return Mm2Cost(i, isa::SMm2::From(i));
    case Format::kMm2:
      return Mm2Cost(i, isa::Mm2::From(i));
    case Format::kSRqDq:
      return RqDqCost(isa::SRqDq::From(i));
    case Format::kRqDq:
      return RqDqCost(isa::RqDq::From(i));
    case Format::kSCmp: {
      const auto cmp = isa::SCmp::From(i);
      return Cycles(Product({2, Pass(cmp, EuElements(cmp.opd0_prec))}));
    }
    case Format::kCmp: {
      const auto cmp = isa::Cmp::From(i);
      return Cycles(Product({2, Pass(cmp, EuElements(cmp.opd0_prec))}));
    }
    case Format::kSLin: {
      const auto lin = isa::SLin::From(i);
      return Cycles(Pass(lin, EuElements(lin.res0_prec)));
    }
    case Format::kLin: {
      const auto lin = isa::Lin::From(i);
      return Cycles(Pass(lin, EuElements(lin.res0_prec)));
    }
    case Format::kSSfu:
      return SfuCost(i, isa::SSfu::From(i));
    case Format::kSfu:
      return SfuCost(i, isa::Sfu::From(i));
    case Format::kSSg:
      return SgCost(i, isa::SSg::From(i));
    case Format::kSg:
      return SgCost(i, isa::Sg::From(i));
    case Format::kSSgl:
      return SglCost(isa::SSgl::From(i));
    case Format::kSgl:
      return SglCost(isa::Sgl::From(i));
    case Format::kSVc:
      return VcCost(isa::SVc::From(i));
    case Format::kVc:
      return VcCost(isa::Vc::From(i));
    case Format::kSTransBc:
      return TransBcCost(i, isa::STransBc::From(i));
    case Format::kTransBc:
      return TransBcCost(i, isa::TransBc::From(i));
    case Format::kSysid:
      if (i.IsEnd() || i.sub_opcode() == isa::Sysid::Op::kNop) return Cost();
      return Unknown(i);
    default:
      return Unknown(i);
  }
}

}  // namespace tpuc::bm1684x
