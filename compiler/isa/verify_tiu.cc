// SPDX-License-Identifier: Apache-2.0
// Source of the rules: docs/isa/bm1684x.md, chapters a to c. The long and the
// short form of an instruction name their fields alike, so one template does
// for both.
#include "compiler/isa/codes.h"
#include "compiler/isa/verify_rules.h"

namespace tpuc::isa {
namespace {

constexpr uint64_t kLocalAddressEnd = kLanes * kLaneBytes;

// A local address: lane in bits 23..18, byte in the lane below.
void Address(Rules& rules, int field, uint64_t align) {
  uint64_t address = rules.instruction().Get(field);
  rules.Require(address < kLocalAddressEnd, field,
                "a local address has 24 bits, without the base 0x8000000");
  rules.Require(align == 0 || address % align == 0, field,
                align == kEuBytes
                    ? "an EU-aligned tensor starts at a multiple of 64 bytes"
                    : "the address isn't a multiple of the element size");
}

void Aligned(Rules& rules, int field) { Address(rules, field, kEuBytes); }

// Operand in a layout of its own.
void Operand(Rules& rules, int field, uint64_t layout_code, uint64_t prec) {
  Address(rules, field,
          layout_code == layout::kAligned ? kEuBytes : SizeOfPrec(prec));
}

template <typename T>
void ResultSizes(Rules& rules) {
  rules.Sizes(T::kRes0N, T::kRes0C, T::kRes0H, T::kRes0W);
}

void Rounding(Rules& rules, int field, uint64_t mode, uint64_t last) {
  rules.Require(mode <= last, field,
                last == 4 ? "rounding of a cast to an integer is 0 to 4"
                          : "rounding modes are 0 to 6");
}

bool Is16BitFloat(uint64_t prec) {
  return prec == prec::kF16 || prec == prec::kBF16;
}

// Operations of AR (c.1) that work on numbers of one dtype when any is float.
bool NeedsOneFloatType(uint64_t op) {
  using Op = SAr::Op;
  return op == Op::kMul || op == Op::kAdd || op == Op::kSub || op == Op::kMax ||
         op == Op::kMin || op == Op::kAddSat || op == Op::kSubSat ||
         op == Op::kMulSat || op == Op::kAbsOfDifference;
}

template <typename T>
void VerifyArTypes(Rules& rules, const T& ar) {
  using Op = SAr::Op;
  const uint64_t op = ar.tsk_eu_typ;
  bool any_float = IsFloatPrec(ar.opd0_prec) || IsFloatPrec(ar.opd1_prec) ||
                   IsFloatPrec(ar.res0_prec);
  if (NeedsOneFloatType(op) && any_float) {
    rules.Require(ar.opd1_prec == ar.opd0_prec, T::kOpd1Prec,
                  "float operands have one dtype");
    rules.Require(ar.res0_prec == ar.opd0_prec, T::kRes0Prec,
                  "the result has the dtype of float operands");
  }
  if (op == Op::kDiv) {
    rules.Require(ar.opd0_prec == prec::kF32, T::kOpd0Prec, "div is f32 only");
    rules.Require(ar.opd1_prec == prec::kF32, T::kOpd1Prec, "div is f32 only");
    rules.Require(ar.res0_prec == prec::kF32, T::kRes0Prec, "div is f32 only");
  }
  if (op == Op::kAbsOfDifference)
    rules.Require(IsFloatPrec(ar.opd0_prec), T::kOpd0Prec,
                  "abs of difference takes floats only");
  if (op == Op::kSelectGt || op == Op::kSelectEq || op == Op::kSelectLt)
    rules.Require(
        !any_float || ar.opd0_prec == ar.opd1_prec ||
            (!IsFloatPrec(ar.opd0_prec) && !IsFloatPrec(ar.opd1_prec)),
        T::kOpd1Prec, "compared floats have one dtype");
  if (op == Op::kCast) {
    bool from_float = IsFloatPrec(ar.opd0_prec);
    bool to_float = IsFloatPrec(ar.res0_prec);
    rules.Require(!(Is16BitFloat(ar.opd0_prec) && Is16BitFloat(ar.res0_prec) &&
                    ar.opd0_prec != ar.res0_prec),
                  T::kRes0Prec, "f16 and bf16 convert through f32");
    Rounding(rules, T::kOpd2NStr, ar.opd2_n_str,
             from_float && !to_float ? 4 : 6);
  } else if (op != Op::kDiv) {
    Rounding(rules, T::kOpd2NStr, ar.opd2_n_str, 6);
  }
}

template <typename T>
void VerifyAr(Rules& rules) {
  T ar = T::From(rules.instruction());
  ResultSizes<T>(rules);
  VerifyArTypes(rules, ar);
  Operand(rules, T::kRes0Addr, ar.res0_str, ar.res0_prec);
  if (!ar.opd0_const) Operand(rules, T::kOpd0Addr, ar.opd0_str, ar.opd0_prec);
  if (!ar.opd1_const) Operand(rules, T::kOpd1Addr, ar.opd1_str, ar.opd1_prec);
  if (!ar.opd2_const) Address(rules, T::kOpd2Addr, SizeOfPrec(ar.opd2_prec));
}

// Window of CONV and PorD along one axis (c.2): the last tap of the last
// output lies inside the padded input.
struct Window {
  uint64_t in, inserted, pad_before, pad_after, kernel, dilation, stride, out;

  bool Fits() const {
    uint64_t spread = (in - 1) * (inserted + 1) + 1 + pad_before + pad_after;
    return (out - 1) * stride + (kernel - 1) * (dilation + 1) + 1 <= spread;
  }
};

template <typename T>
void VerifyWindows(Rules& rules, const T& op) {
  rules.Require(op.res_op_y_str != 0, T::kResOpYStr, "a stride is 1 to 15");
  rules.Require(op.res_op_x_str != 0, T::kResOpXStr, "a stride is 1 to 15");
  if (!rules.status().ok()) return;  // the sizes below aren't 0
  Window y = {op.opd0_h, op.opd0_y_ins0, op.opd0_up_pad,  op.opd0_dn_pad,
              op.opd1_h, op.opd1_y_ins0, op.res_op_y_str, op.res0_h};
  Window x = {op.opd0_w, op.opd0_x_ins0, op.opd0_lf_pad,  op.opd0_rt_pad,
              op.opd1_w, op.opd1_x_ins0, op.res_op_x_str, op.res0_w};
  rules.Require(y.Fits(), T::kRes0H,
                "the last window reaches below the padded input");
  rules.Require(x.Fits(), T::kRes0W,
                "the last window reaches right of the padded input");
}

template <typename T>
void VerifyConv(Rules& rules) {
  T conv = T::From(rules.instruction());
  ResultSizes<T>(rules);
  rules.Sizes(T::kOpd0C, T::kOpd0H, T::kOpd0W, T::kOpd1H, T::kOpd1W);
  VerifyWindows(rules, conv);
  bool is_float = IsFloatPrec(conv.opd0_prec);
  rules.Require(is_float || conv.opd0_prec == prec::kInt8, T::kOpd0Prec,
                "a convolution takes int8, f16, bf16 or f32");
  if (is_float)
    rules.Require(
        conv.res0_prec == prec::kF32 || conv.res0_prec == conv.opd0_prec,
        T::kRes0Prec, "a float convolution gives f32 or its input's dtype");
  else
    rules.Require(!IsFloatPrec(conv.res0_prec), T::kRes0Prec,
                  "an int8 convolution gives integers");
  if (conv.res_add)
    rules.Require(
        conv.res0_prec == prec::kF32 || conv.res0_prec == prec::kInt32,
        T::kResAdd, "accumulation needs an f32 or int32 result");
  if (conv.tsk_eu_typ != SConv::Op::kNormal) {
    rules.Require(!is_float, T::kTskEuTyp, "inline requantisation is for int8");
    rules.Require(conv.opd2_const, T::kOpd2Const, "must be an immediate here");
    rules.Require(conv.opd3_const, T::kOpd3Const, "must be an immediate here");
  }
  rules.Require(
      conv.opd0_str == layout::kAligned || conv.opd0_str == layout::kStrides,
      T::kOpd0Str, "the input is EU-aligned (0) or strided (3)");
  Aligned(rules, T::kRes0Addr);
  Operand(rules, T::kOpd0Addr, conv.opd0_str, conv.opd0_prec);
  if (!conv.opd1_const)
    Address(rules, T::kOpd1Addr, SizeOfPrec(conv.opd0_prec));
  // Bias f32 for any float; kernel zero point 8 bits.
  if (!conv.opd2_const) Address(rules, T::kOpd2Addr, is_float ? 4 : 1);
  if (!conv.opd3_const)
    Address(rules, T::kOpd3Addr, SizeOfPrec(conv.opd0_prec));
}

template <typename T>
void VerifyPorD(Rules& rules) {
  using Op = SPorD::Op;
  T op = T::From(rules.instruction());
  uint64_t eu = op.tsk_eu_typ;
  ResultSizes<T>(rules);
  rules.Sizes(T::kOpd0H, T::kOpd0W, T::kOpd1H, T::kOpd1W);
  bool depthwise = eu == Op::kDepthwise || eu == Op::kDepthwiseRelu;
  bool pooling = eu == Op::kAvgpool || eu == Op::kMaxpool;
  if (depthwise || pooling) VerifyWindows(rules, op);
  bool is_float = IsFloatPrec(op.opd0_prec);
  rules.Require(is_float || op.opd0_prec == prec::kInt8, T::kOpd0Prec,
                "depthwise and pooling take int8, f16, bf16 or f32");
  if (is_float)
    rules.Require(op.res0_prec == op.opd0_prec, T::kRes0Prec,
                  "the result has the dtype of a float input");
  if (eu == Op::kAvgpool)
    rules.Require(op.opd1_const, T::kOpd1Const,
                  "the scale of average pooling is an immediate");
  if (!is_float && eu == Op::kAvgpool)
    Rounding(rules, T::kOpd2NStr, op.opd2_n_str, 6);
  Aligned(rules, T::kRes0Addr);
  Aligned(rules, T::kOpd0Addr);
  uint64_t size = SizeOfPrec(op.opd0_prec);
  if (depthwise && !op.opd1_const) Address(rules, T::kOpd1Addr, size);
  if (depthwise && !op.opd2_const)
    Address(rules, T::kOpd2Addr, is_float ? size : 4);
  if (!op.opd3_const) Address(rules, T::kOpd3Addr, size);
}

template <typename T>
void VerifyMm(Rules& rules) {
  T mm = T::From(rules.instruction());
  rules.Sizes(T::kRes0C, T::kRes0W, T::kOpd0N, T::kOpd0C, T::kOpd0W, T::kOpd1W);
  rules.Require(!Is16BitFloat(mm.opd0_prec), T::kOpd0Prec,
                "f16 and bf16 matrices are multiplied by MM2");
  rules.Require(IsFloatPrec(mm.opd0_prec) == IsFloatPrec(mm.res0_prec),
                T::kRes0Prec, "f32 gives f32, integers give integers");
  rules.Require(mm.opd1_w <= mm.opd0_w, T::kOpd1W,
                "the last column block is at most as wide as the others");
  if (mm.tsk_eu_typ != SMm::Op::kNormal)
    rules.Require(mm.opd0_prec == prec::kInt8, T::kOpd0Prec,
                  "inline requantisation is for int8");
  Aligned(rules, T::kRes0Addr);
  if (!mm.opd0_const) Aligned(rules, T::kOpd0Addr);
  Aligned(rules, T::kOpd1Addr);
  if (!mm.opd2_const) Aligned(rules, T::kOpd2Addr);
}

template <typename T>
void VerifyMm2(Rules& rules) {
  using Op = SMm2::Op;
  T mm = T::From(rules.instruction());
  rules.Sizes(T::kRes0C, T::kRes0W, T::kOpd1C, T::kOpd1W);
  bool is_float = Is16BitFloat(mm.opd0_prec);
  rules.Require(is_float || mm.opd0_prec == prec::kInt8, T::kOpd0Prec,
                "MM2 takes int8, f16 or bf16; f32 is multiplied by MM");
  if (is_float)
    rules.Require(mm.res0_prec == prec::kF32 || mm.res0_prec == mm.opd0_prec,
                  T::kRes0Prec, "the result is f32 or has the input's dtype");
  else
    rules.Require(!IsFloatPrec(mm.res0_prec), T::kRes0Prec,
                  "int8 gives integers");
  if (mm.res_add)
    rules.Require(mm.res0_prec == prec::kF32 || mm.res0_prec == prec::kInt32,
                  T::kResAdd, "accumulation needs an f32 or int32 result");
  switch (mm.tsk_eu_typ) {
    case Op::kNn:
      rules.Require(mm.opd1_w == mm.res0_w, T::kOpd1W, "differs from res0_w");
      break;
    case Op::kNt:
      rules.Require(mm.opd1_c == mm.res0_w, T::kOpd1C, "differs from res0_w");
      break;
    case Op::kTt:
      rules.Require(mm.opd1_c == mm.res0_c, T::kOpd1C, "differs from res0_c");
      break;
  }
  Aligned(rules, T::kRes0Addr);
  if (!mm.opd0_const) Aligned(rules, T::kOpd0Addr);
  if (!mm.opd1_const) Aligned(rules, T::kOpd1Addr);
  // Only int8 has a zero point there: a row in each lane, or compact (TT).
  if (!is_float && !mm.opd2_const) Address(rules, T::kOpd2Addr, 1);
}

template <typename T>
void VerifyRqDq(Rules& rules) {
  using Op = SRqDq::Op;
  T op = T::From(rules.instruction());
  ResultSizes<T>(rules);
  uint64_t mode = op.opd2_n_str;
  if (op.tsk_eu_typ == Op::kRq0) {
    Rounding(rules, T::kOpd2NStr, mode & 7, 6);
    Rounding(rules, T::kOpd2NStr, mode >> 3 & 7, 4);
  } else {
    Rounding(rules, T::kOpd2NStr, mode, 6);
  }
  if (op.tsk_eu_typ == Op::kDq0) {
    rules.Require(op.res0_prec == prec::kF32, T::kRes0Prec, "dq0 gives f32");
  } else {
    rules.Require(!IsFloatPrec(op.res0_prec), T::kRes0Prec,
                  "the result is an integer");
  }
  rules.Require(!IsFloatPrec(op.opd0_prec), T::kOpd0Prec,
                "the source is an integer");
  Aligned(rules, T::kRes0Addr);
  Aligned(rules, T::kOpd0Addr);
  if (!op.opd1_const) Aligned(rules, T::kOpd1Addr);
}

template <typename T>
void VerifySfu(Rules& rules) {
  using Op = SSfu::Op;
  T op = T::From(rules.instruction());
  ResultSizes<T>(rules);
  rules.Require(IsFloatPrec(op.opd0_prec), T::kOpd0Prec,
                "special functions take floats");
  if (op.tsk_eu_typ == Op::kRsqrt)
    rules.Require(op.opd0_prec == prec::kF32, T::kOpd0Prec,
                  "rsqrt is f32 only");
  if (op.tsk_eu_typ != Op::kNormalize)
    rules.Require(op.res0_prec == op.opd0_prec, T::kRes0Prec,
                  "the result has the dtype of the input");
  if (op.tsk_eu_typ == Op::kTaylor4x || op.tsk_eu_typ == Op::kTaylor) {
    rules.Size(T::kOpd1N);
    Address(rules, T::kOpd1Addr, SizeOfPrec(op.opd0_prec));
  }
  Aligned(rules, T::kRes0Addr);
  Aligned(rules, T::kOpd0Addr);
}

template <typename T>
void VerifyLin(Rules& rules) {
  T op = T::From(rules.instruction());
  ResultSizes<T>(rules);
  rules.Require(IsFloatPrec(op.res0_prec), T::kRes0Prec,
                "the operation takes floats");
  Aligned(rules, T::kRes0Addr);
  Aligned(rules, T::kOpd0Addr);
  if (!op.opd1_const) Address(rules, T::kOpd1Addr, SizeOfPrec(op.res0_prec));
  if (!op.opd2_const) Address(rules, T::kOpd2Addr, SizeOfPrec(op.res0_prec));
}

template <typename T>
void VerifyCmp(Rules& rules) {
  using Op = SCmp::Op;
  T op = T::From(rules.instruction());
  ResultSizes<T>(rules);
  for (int field : {T::kOpd0Str, T::kOpd1Str}) {
    uint64_t code = rules.instruction().Get(field);
    rules.Require(code == layout::kAligned || code == layout::kStrides, field,
                  "layouts are 0 (EU-aligned) and 3 (broadcast)");
  }
  Aligned(rules, T::kRes0Addr);
  if (op.tsk_eu_typ == Op::kGtAndSel || op.tsk_eu_typ == Op::kLtAndSel)
    Aligned(rules, T::kRes1Addr);
  if (!op.opd0_const) Operand(rules, T::kOpd0Addr, op.opd0_str, op.opd0_prec);
  if (!op.opd1_const) Operand(rules, T::kOpd1Addr, op.opd1_str, op.opd0_prec);
  if (!op.opd2_const) Aligned(rules, T::kOpd2Addr);
  if (!op.opd3_const) Aligned(rules, T::kOpd3Addr);
}

template <typename T>
void VerifyTransBc(Rules& rules) {
  using Op = STransBc::Op;
  T op = T::From(rules.instruction());
  ResultSizes<T>(rules);
  uint64_t eu = op.tsk_eu_typ;
  if (eu == Op::kStaticBroadcast || eu == Op::kStaticDistribute) {
    rules.Require(op.opd0_addr >= kStaticBase &&
                      op.opd0_addr < kStaticBase + kStaticBytes,
                  T::kOpd0Addr,
                  "the source lies in static memory, 0x9000000 to 0x9003fff");
    Operand(rules, T::kRes0Addr,
            eu == Op::kStaticBroadcast ? layout::kAligned : layout::kCompact,
            op.res0_prec);
    return;
  }
  if (eu == Op::kCwTs || eu == Op::kWcTs) {
    rules.Require(op.opd0_c == op.res0_w, T::kOpd0C, "differs from res0_w");
    rules.Require(op.opd0_w == op.res0_c, T::kOpd0W, "differs from res0_c");
  }
  Aligned(rules, T::kOpd0Addr);
  Aligned(rules, T::kRes0Addr);
}

// SG and SGL.
template <typename T>
void VerifyGather(Rules& rules) {
  T op = T::From(rules.instruction());
  ResultSizes<T>(rules);
  uint64_t size = SizeOfPrec(op.res0_prec);
  Address(rules, T::kRes0Addr, size);
  Address(rules, T::kOpd0Addr, size);
  Address(rules, T::kOpd1Addr, SizeOfPrec(op.opd1_prec));
}

template <typename T>
void VerifyVc(Rules& rules) {
  rules.Sizes(T::kRes0C, T::kRes0W, T::kOpd0C, T::kOpd0W, T::kOpd1W);
  Aligned(rules, T::kRes0Addr);
  Aligned(rules, T::kOpd0Addr);
  Aligned(rules, T::kOpd1Addr);
}

}  // namespace

void VerifyTiu(Rules& rules) {
  switch (rules.instruction().format()) {
    case Format::kAr:
      return VerifyAr<Ar>(rules);
    case Format::kSAr:
      return VerifyAr<SAr>(rules);
    case Format::kConv:
      return VerifyConv<Conv>(rules);
    case Format::kSConv:
      return VerifyConv<SConv>(rules);
    case Format::kPorD:
      return VerifyPorD<PorD>(rules);
    case Format::kSPorD:
      return VerifyPorD<SPorD>(rules);
    case Format::kMm:
      return VerifyMm<Mm>(rules);
    case Format::kSMm:
      return VerifyMm<SMm>(rules);
    case Format::kMm2:
      return VerifyMm2<Mm2>(rules);
    case Format::kSMm2:
      return VerifyMm2<SMm2>(rules);
    case Format::kRqDq:
      return VerifyRqDq<RqDq>(rules);
    case Format::kSRqDq:
      return VerifyRqDq<SRqDq>(rules);
    case Format::kSfu:
      return VerifySfu<Sfu>(rules);
    case Format::kSSfu:
      return VerifySfu<SSfu>(rules);
    case Format::kLin:
      return VerifyLin<Lin>(rules);
    case Format::kSLin:
      return VerifyLin<SLin>(rules);
    case Format::kCmp:
      return VerifyCmp<Cmp>(rules);
    case Format::kSCmp:
      return VerifyCmp<SCmp>(rules);
    case Format::kTransBc:
      return VerifyTransBc<TransBc>(rules);
    case Format::kSTransBc:
      return VerifyTransBc<STransBc>(rules);
    case Format::kSg:
      return VerifyGather<Sg>(rules);
    case Format::kSSg:
      return VerifyGather<SSg>(rules);
    case Format::kSgl:
      return VerifyGather<Sgl>(rules);
    case Format::kSSgl:
      return VerifyGather<SSgl>(rules);
    case Format::kVc:
      return VerifyVc<Vc>(rules);
    case Format::kSVc:
      return VerifyVc<SVc>(rules);
    default:
      return;
  }
}

}  // namespace tpuc::isa
