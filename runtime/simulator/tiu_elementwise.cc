// SPDX-License-Identifier: Apache-2.0
// AR, RQ&DQ, SFU, LIN, CMP and VC.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "compiler/numerics/elementwise.h"
#include "compiler/numerics/float_format.h"
#include "compiler/numerics/integer.h"
#include "compiler/numerics/special.h"
#include "runtime/simulator/execute.h"
#include "runtime/simulator/status_macros.h"

namespace tpuc::sim {
namespace {

using numerics::ArOp;
using numerics::MutablePlanes;
using numerics::Planes;
using numerics::Rounding;
using numerics::RowOperand;
using numerics::Shape4;

// Elements that are worth another thread.
constexpr int64_t kParallelElements = 16384;

int64_t ChannelGrain(const Shape4& shape) {
  const int64_t per_channel = std::max<int64_t>(1, shape.n * shape.h * shape.w);
  return std::max<int64_t>(1, kParallelElements / per_channel);
}

const char* At(const void* base, DType type, int64_t elements) {
  return static_cast<const char*>(base) +
         elements * static_cast<int64_t>(SizeOf(type));
}
char* At(void* base, DType type, int64_t elements) {
  return static_cast<char*>(base) +
         elements * static_cast<int64_t>(SizeOf(type));
}

// Calls row(c, n) on several threads, channels apart.
template <typename Row>
void ForEachRow(ThreadPool& threads, const Shape4& shape, const Row& row) {
  threads.For(shape.c, ChannelGrain(shape), [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      for (int64_t n = 0; n < shape.n; ++n) row(c, n);
    }
  });
}

// Constants of an instruction. Views of operands point to them, so the action
// keeps them alive.
using Immediates = std::shared_ptr<const std::array<uint32_t, 4>>;

Immediates MakeImmediates(uint64_t opd0, uint64_t opd1, uint64_t opd2,
                          uint64_t opd3) {
  return std::make_shared<const std::array<uint32_t, 4>>(
      std::array<uint32_t, 4>{
          static_cast<uint32_t>(opd0), static_cast<uint32_t>(opd1),
          static_cast<uint32_t>(opd2), static_cast<uint32_t>(opd3)});
}

// An operand of AR: immediate, or a tensor in one of four layouts.
absl::StatusOr<Planes> ArOperand(const Context& context, bool immediate,
                                 const uint32_t* value, uint64_t layout,
                                 DType type, const Shape4& shape,
                                 const LocalStrides& strides) {
  if (immediate) return numerics::SplatPlanes(value, shape.c);
  absl::StatusOr<MutablePlanes> planes;
  switch (layout) {
    case isa::layout::kAligned:
      planes = LocalTensor(context, Use::kRead, *value, type, shape,
                           Layout::kAligned);
      break;
    case isa::layout::kCompact:
      planes = LocalTensor(context, Use::kRead, *value, type, shape,
                           Layout::kCompact);
      break;
    case isa::layout::kPerChannel:
      planes = LocalTensor(context, Use::kRead, *value, type, shape,
                           Layout::kPerChannel);
      break;
    default:
      planes = LocalTensor(context, Use::kRead, *value, type, shape, strides);
      break;
  }
  if (!planes.ok()) return planes.status();
  return numerics::ToConst(*planes);
}

LocalStrides Strides(uint64_t n, uint64_t c, uint64_t h, uint64_t w) {
  return {static_cast<int64_t>(n), static_cast<int64_t>(c),
          static_cast<int64_t>(h), static_cast<int64_t>(w)};
}

// Codes without an operation of numerics: 28 copies opd0 of one image to all.
constexpr uint64_t kCopyBatch = 28;

bool IsArOp(uint64_t code) { return code <= 30 && code != 24 && code != 25; }

bool ResultSign(uint64_t op, uint64_t sign0, uint64_t sign1, uint64_t sign2) {
  return op == static_cast<uint64_t>(ArOp::kCast) ? sign2 != 0
                                                  : (sign0 | sign1) != 0;
}

bool ReadsSecond(ArOp op) {
  switch (op) {
    case ArOp::kNot:
    case ArOp::kCast:
    case ArOp::kCopy:
    case ArOp::kAbs:
    case ArOp::kFirstOne:
    case ArOp::kFirstZero:
      return false;
    default:
      return true;
  }
}

bool IsVcOp(ArOp op) {
  switch (op) {
    case ArOp::kMul:
    case ArOp::kAdd:
    case ArOp::kSub:
    case ArOp::kMax:
    case ArOp::kMin:
    case ArOp::kAnd:
    case ArOp::kOr:
    case ArOp::kXor:
    case ArOp::kSelectGreater:
    case ArOp::kSelectEqual:
    case ArOp::kDiv:
    case ArOp::kSelectLess:
    case ArOp::kAddSaturate:
    case ArOp::kSubSaturate:
    case ArOp::kMulSaturate:
    case ArOp::kMulDoubledHigh:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<Action> Prepare(const isa::SAr& i, const Context& context) {
  if (!IsArOp(i.tsk_eu_typ)) {
    return absl::UnimplementedError(
        absl::StrCat("AR operation ", i.tsk_eu_typ));
  }
  TPUC_ASSIGN_OR_RETURN(const Shape4 shape,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  const bool batch_copy = i.tsk_eu_typ == kCopyBatch;
  const ArOp op = batch_copy ? ArOp::kCopy : static_cast<ArOp>(i.tsk_eu_typ);
  const bool reads_second = ReadsSecond(op);
  TPUC_ASSIGN_OR_RETURN(const DType type0,
                        OperandType(i.opd0_prec, i.opd0_sign, "opd0_prec"));
  DType type1 = type0;
  if (reads_second) {
    TPUC_ASSIGN_OR_RETURN(type1,
                          OperandType(i.opd1_prec, i.opd1_sign, "opd1_prec"));
  }
  const uint64_t sign1 = reads_second ? i.opd1_sign : 0;
  TPUC_ASSIGN_OR_RETURN(
      const DType result_type,
      OperandType(i.res0_prec,
                  ResultSign(i.tsk_eu_typ, i.opd0_sign, sign1, i.opd2_sign),
                  "res0_prec"));
  numerics::ElementwiseSpec spec;
  spec.op = op;
  spec.res = result_type;
  spec.a = type0;
  spec.b = type1;
  spec.has_shift = i.tsk_opd_num == 3;
  spec.rounding = static_cast<Rounding>(i.opd2_n_str);
  if (i.opd2_n_str > 6) {
    return absl::UnimplementedError(
        absl::StrCat("rounding mode ", i.opd2_n_str));
  }
  spec.iterations = static_cast<int>(i.opd2_n_str);
  TPUC_ASSIGN_OR_RETURN(const numerics::Elementwise kernel,
                        numerics::Elementwise::Create(spec));

  const Immediates values =
      MakeImmediates(i.opd0_addr, i.opd1_addr, i.opd2_addr, 0);
  const Use use = op == ArOp::kMac ? Use::kUpdate : Use::kWrite;
  absl::StatusOr<MutablePlanes> placed;
  const LocalStrides result_strides =
      Strides(i.res0_n_str, i.res0_c_str, i.res0_h_str, i.res0_w_str);
  switch (i.res0_str) {
    case isa::layout::kAligned:
      placed = LocalTensor(context, use, i.res0_addr, result_type, shape,
                           Layout::kAligned);
      break;
    case isa::layout::kCompact:
      placed = LocalTensor(context, use, i.res0_addr, result_type, shape,
                           Layout::kCompact);
      break;
    case isa::layout::kPerChannel:
      placed = LocalTensor(context, use, i.res0_addr, result_type, shape,
                           Layout::kPerChannel);
      break;
    default:
      placed = LocalTensor(context, use, i.res0_addr, result_type, shape,
                           result_strides);
      break;
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result, std::move(placed));
  Shape4 shape0 = shape;
  if (batch_copy) shape0.n = 1;
  TPUC_ASSIGN_OR_RETURN(
      Planes a,
      ArOperand(
          context, i.opd0_const != 0, &(*values)[0], i.opd0_str, type0, shape0,
          Strides(i.opd0_n_str, i.opd0_c_str, i.opd0_h_str, i.opd0_w_str)));
  if (batch_copy) a.n_stride = 0;
  Planes b, c;
  if (reads_second) {
    TPUC_ASSIGN_OR_RETURN(b, ArOperand(context, i.opd1_const != 0,
                                       &(*values)[1], i.opd1_str, type1, shape,
                                       Strides(i.opd1_n_str, i.opd1_c_str,
                                               i.opd1_h_str, i.opd1_w_str)));
  }
  const bool select = op == ArOp::kSelectGreater || op == ArOp::kSelectEqual ||
                      op == ArOp::kSelectLess;
  if (select || op == ArOp::kMac) {
    // Immediates, whatever opd2_const says.
    c = numerics::SplatPlanes(&(*values)[2], shape.c);
  } else if (spec.has_shift) {
    TPUC_ASSIGN_OR_RETURN(
        c, ArOperand(context, i.opd2_const != 0, &(*values)[2],
                     isa::layout::kPerChannel, DType::kI8, shape, {}));
  }
  return Action([=, keep = values, &threads = context.threads] {
    threads.For(shape.c, ChannelGrain(shape), [&](int64_t begin, int64_t end) {
      kernel.Run(shape, result, a, b, c, begin, end);
    });
    return absl::OkStatus();
  });
}

absl::StatusOr<Action> Prepare(const isa::SRqDq& i, const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const Shape4 shape,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  const bool requant = i.tsk_eu_typ <= 1;
  const uint64_t wide_sign = 1;  // 32-bit sources and results of DQ are signed
  TPUC_ASSIGN_OR_RETURN(
      const DType in,
      OperandType(i.opd0_prec,
                  i.opd0_prec == isa::prec::kInt32 ? wide_sign : i.opd0_sign,
                  "opd0_prec"));
  TPUC_ASSIGN_OR_RETURN(
      const DType out,
      OperandType(i.res0_prec,
                  !requant && i.res0_prec == isa::prec::kInt32 ? wide_sign
                                                               : i.opd2_sign,
                  "res0_prec"));
  if (numerics::IsFloat(in)) {
    return absl::UnimplementedError(
        absl::StrCat("requantisation of ", Name(in)));
  }
  const bool to_float = i.tsk_eu_typ == 3;
  if (SizeOf(in) == (requant ? 1 : 4)) {
    return absl::UnimplementedError(absl::StrCat(
        "RQ&DQ operation ", i.tsk_eu_typ, " of ", Name(in), " data"));
  }
  if (to_float ? out != DType::kF32 : numerics::IsFloat(out)) {
    return absl::UnimplementedError(absl::StrCat(
        "RQ&DQ operation ", i.tsk_eu_typ, " with a result of ", Name(out)));
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source,
                        LocalTensor(context, Use::kRead, i.opd0_addr, in, shape,
                                    Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result,
                        LocalTensor(context, Use::kWrite, i.res0_addr, out,
                                    shape, Layout::kAligned));
  const bool table = i.opd1_const == 0;
  // Table entries: channel group g at 64 * g, EU-aligned [1, C, 1, k].
  MutablePlanes entries;
  if (table) {
    Shape4 table_shape{1, shape.c, 1, 3};
    if (i.tsk_eu_typ == 0 || i.tsk_eu_typ == 3) table_shape.w = 2;
    TPUC_ASSIGN_OR_RETURN(
        entries, LocalTensor(context, Use::kRead, i.opd1_addr, DType::kI32,
                             table_shape, Layout::kAligned));
  }
  const uint32_t imm1 = static_cast<uint32_t>(i.opd1_addr);
  const uint32_t imm2 = static_cast<uint32_t>(i.opd2_addr);
  const bool out_signed = i.opd2_sign != 0;
  const Rounding mode = static_cast<Rounding>(i.opd2_n_str & 7);
  const uint64_t last_mode = i.tsk_eu_typ == 0 ? 4 : 6;
  if ((i.opd2_n_str & 7) > last_mode || i.opd2_n_str >> 3 > 4 ||
      i.tsk_eu_typ > 4 || i.tsk_eu_typ == 2) {
    return absl::UnimplementedError(absl::StrCat(
        "RQ&DQ operation ", i.tsk_eu_typ, " with rounding ", i.opd2_n_str));
  }
  const auto zero_of = [](uint32_t bits, bool is_signed) -> int32_t {
    const uint16_t low = static_cast<uint16_t>(bits);
    return is_signed ? static_cast<int16_t>(low) : static_cast<int32_t>(low);
  };
  const int64_t length = shape.h * shape.w;
  // RQ saturates to at most 16 bits; wider results are extended.
  const bool extended = requant && SizeOf(out) == 4;
  DType saturated = out;
  if (extended) saturated = out_signed ? DType::kI16 : DType::kU16;
  return Action([=, &threads = context.threads] {
    ForEachRow(threads, shape, [&](int64_t c, int64_t n) {
      const size_t k = static_cast<size_t>(c);
      uint32_t e[3] = {0, 0, 0};
      if (table) {
        std::memcpy(e, entries.channel[k],
                    i.tsk_eu_typ == 0 || i.tsk_eu_typ == 3 ? 8 : 12);
      }
      const void* src = At(source.channel[k], in, n * source.n_stride);
      void* const row = At(result.channel[k], out, n * result.n_stride);
      std::vector<uint16_t> narrow(static_cast<size_t>(extended ? length : 0));
      void* const dst = extended ? narrow.data() : row;
      switch (i.tsk_eu_typ) {
        case 0: {
          numerics::FloatRequant p;
          p.scale = numerics::BitsFloat(table ? e[0] : imm1);
          p.offset = numerics::BitsFloat(table ? e[1] : imm2);
          p.input_mode = mode;
          p.output_mode = static_cast<Rounding>(i.opd2_n_str >> 3 & 7);
          numerics::Requant0Row(p, in, saturated, length, src, 1, dst, 1);
          break;
        }
        case 1: {
          numerics::IntegerRequant p;
          p.multiplier = static_cast<int32_t>(table ? e[0] : imm1);
          p.shift = table ? static_cast<int32_t>(e[1])
                          : static_cast<int8_t>(imm2 & 0xFF);
          p.zero_point = table ? static_cast<int32_t>(e[2])
                               : zero_of(imm2 >> 16, out_signed);
          if (table && !out_signed) p.zero_point = zero_of(e[2], false);
          p.mode = mode;
          numerics::Requant1Row(p, in, saturated, length, src, 1, dst, 1);
          break;
        }
        case 3: {
          const int32_t zero = zero_of(table ? e[0] : imm1, i.opd0_sign != 0);
          numerics::Dequant0Row(zero, numerics::BitsFloat(table ? e[1] : imm2),
                                in, length, src, 1, static_cast<float*>(dst),
                                1);
          break;
        }
        default: {
          numerics::IntegerRequant p;
          p.zero_point = zero_of(table ? e[0] : imm1, i.opd0_sign != 0);
          p.multiplier = static_cast<int32_t>(table ? e[1] : imm2);
          p.shift = table ? static_cast<int32_t>(e[2])
                          : static_cast<int16_t>(imm1 >> 16);
          p.mode = mode;
          numerics::Dequant1Row(p, in, out, length, src, 1, dst, 1);
          break;
        }
      }
      if (extended) {
        std::vector<int64_t> wide(static_cast<size_t>(length));
        numerics::LoadIntegerRow(saturated, dst, 1, length, wide.data());
        numerics::StoreIntegerRow(out, false, wide.data(), length, row, 1);
      }
    });
    return absl::OkStatus();
  });
}

absl::StatusOr<Action> Prepare(const isa::SSfu& i, const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const Shape4 shape,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  TPUC_ASSIGN_OR_RETURN(const DType type,
                        OperandType(i.opd0_prec, 1, "opd0_prec"));
  TPUC_ASSIGN_OR_RETURN(const DType out,
                        OperandType(i.res0_prec, 1, "res0_prec"));
  if (!numerics::IsFloat(type)) {
    return absl::UnimplementedError(absl::StrCat("SFU on ", Name(type)));
  }
  const bool taylor = i.tsk_eu_typ == 12 || i.tsk_eu_typ == 13;
  const bool normalize = i.tsk_eu_typ == 15;
  const bool rsqrt = i.tsk_eu_typ == 17;
  if ((!taylor && !normalize && !rsqrt) || (rsqrt && type != DType::kF32) ||
      (!normalize && out != type) ||
      (normalize && SizeOf(out) != SizeOf(type))) {
    return absl::UnimplementedError(absl::StrCat("SFU operation ", i.tsk_eu_typ,
                                                 " from ", Name(type), " to ",
                                                 Name(out)));
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source,
                        LocalTensor(context, Use::kRead, i.opd0_addr, type,
                                    shape, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result,
                        LocalTensor(context, Use::kWrite, i.res0_addr, out,
                                    shape, Layout::kAligned));
  MutablePlanes coefficients;
  if (taylor) {
    const Shape4 table{1, shape.c, 1, static_cast<int64_t>(i.opd1_n)};
    if (table.w == 0) {
      return absl::InvalidArgumentError("SFU taylor with no coefficients");
    }
    // Every lane has its copy; all channel groups read the same one.
    TPUC_ASSIGN_OR_RETURN(
        coefficients, LocalTensor(context, Use::kRead, i.opd1_addr, type, table,
                                  LocalStrides{0, 0, 0, 1}));
  }
  const int64_t length = shape.h * shape.w;
  return Action([=, &threads = context.threads] {
    ForEachRow(threads, shape, [&](int64_t c, int64_t n) {
      const size_t k = static_cast<size_t>(c);
      const void* src = At(source.channel[k], type, n * source.n_stride);
      void* dst = At(result.channel[k], out, n * result.n_stride);
      if (taylor) {
        numerics::TaylorRow(type, length, src, 1, coefficients.channel[k],
                            static_cast<int64_t>(i.opd1_n), dst, 1);
      } else if (normalize) {
        numerics::NormalizeRow(type, out, length, src, 1, dst, 1);
      } else {
        numerics::RsqrtRow(static_cast<int>(i.opd2_n_str), length,
                           static_cast<const float*>(src), 1,
                           static_cast<float*>(dst), 1);
      }
    });
    return absl::OkStatus();
  });
}

absl::StatusOr<Action> Prepare(const isa::SLin& i, const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const Shape4 shape,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  TPUC_ASSIGN_OR_RETURN(const DType type,
                        OperandType(i.res0_prec, 1, "res0_prec"));
  const numerics::LinOp op = static_cast<numerics::LinOp>(i.tsk_eu_typ);
  if (!numerics::IsFloat(type) ||
      (op != numerics::LinOp::kMultiplyAdd &&
       op != numerics::LinOp::kSquareOfSum &&
       op != numerics::LinOp::kSquareOfDifference)) {
    return absl::UnimplementedError(
        absl::StrCat("LIN operation ", i.tsk_eu_typ, " on ", Name(type)));
  }
  const Immediates values = MakeImmediates(0, i.opd1_addr, i.opd2_addr, 0);
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source,
                        LocalTensor(context, Use::kRead, i.opd0_addr, type,
                                    shape, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result,
                        LocalTensor(context, Use::kWrite, i.res0_addr, type,
                                    shape, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(const Planes p,
                        ArOperand(context, i.opd1_const != 0, &(*values)[1],
                                  isa::layout::kPerChannel, type, shape, {}));
  Planes q = p;
  if (op == numerics::LinOp::kMultiplyAdd) {
    TPUC_ASSIGN_OR_RETURN(q,
                          ArOperand(context, i.opd2_const != 0, &(*values)[2],
                                    isa::layout::kPerChannel, type, shape, {}));
  }
  const int64_t length = shape.h * shape.w;
  return Action([=, keep = values, &threads = context.threads] {
    ForEachRow(threads, shape, [&](int64_t c, int64_t n) {
      const size_t k = static_cast<size_t>(c);
      numerics::LinRow(op, type, p.channel[k], q.channel[k], length,
                       At(source.channel[k], type, n * source.n_stride), 1,
                       At(result.channel[k], type, n * result.n_stride), 1);
    });
    return absl::OkStatus();
  });
}

absl::StatusOr<Action> Prepare(const isa::SCmp& i, const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const Shape4 shape,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  TPUC_ASSIGN_OR_RETURN(const DType compare,
                        OperandType(i.opd0_prec, i.opd0_sign, "opd0_prec"));
  TPUC_ASSIGN_OR_RETURN(const DType select,
                        OperandType(i.opd2_prec, 0, "opd2_prec"));
  if (i.tsk_eu_typ < 22 || i.tsk_eu_typ > 26) {
    return absl::UnimplementedError(
        absl::StrCat("CMP operation ", i.tsk_eu_typ));
  }
  const numerics::CmpOp op = static_cast<numerics::CmpOp>(i.tsk_eu_typ);
  const bool extreme = op == numerics::CmpOp::kMaxAndSelect ||
                       op == numerics::CmpOp::kMinAndSelect;
  const Immediates values =
      MakeImmediates(i.opd0_addr, i.opd1_addr, i.opd2_addr, i.opd3_addr);
  const bool immediate[4] = {i.opd0_const != 0, i.opd1_const != 0,
                             i.opd2_const != 0, i.opd3_const != 0};
  const uint64_t layouts[4] = {i.opd0_str, i.opd1_str, 0, 0};
  std::array<Planes, 4> operands;
  for (int k = 0; k < 4; ++k) {
    if (layouts[k] != isa::layout::kAligned &&
        layouts[k] != isa::layout::kStrides) {
      return absl::UnimplementedError(
          absl::StrCat("CMP operand ", k, " in layout ", layouts[k]));
    }
    // In the short form layout 3 has no stride fields: all strides are 0, one
    // value a lane.
    TPUC_ASSIGN_OR_RETURN(
        operands[k],
        ArOperand(context, immediate[k], &(*values)[k], layouts[k],
                  k < 2 ? compare : select, shape, LocalStrides{}));
  }
  MutablePlanes largest, selected;
  if (extreme) {
    TPUC_ASSIGN_OR_RETURN(
        largest, LocalTensor(context, Use::kWrite, i.res0_addr, compare, shape,
                             Layout::kAligned));
  }
  TPUC_ASSIGN_OR_RETURN(
      selected,
      LocalTensor(context, Use::kWrite, extreme ? i.res1_addr : i.res0_addr,
                  select, shape, Layout::kAligned));
  const int64_t length = shape.h * shape.w;
  return Action([=, keep = values, &threads = context.threads] {
    ForEachRow(threads, shape, [&](int64_t c, int64_t n) {
      const size_t k = static_cast<size_t>(c);
      RowOperand rows[4];
      for (int j = 0; j < 4; ++j) {
        rows[j] = {At(operands[j].channel[k], j < 2 ? compare : select,
                      n * operands[j].n_stride),
                   operands[j].w_stride};
      }
      numerics::CompareRow(
          op, compare, select, length, rows[0], rows[1], rows[2], rows[3],
          extreme ? At(largest.channel[k], compare, n * largest.n_stride)
                  : nullptr,
          1, At(selected.channel[k], select, n * selected.n_stride), 1);
    });
    return absl::OkStatus();
  });
}

absl::StatusOr<Action> Prepare(const isa::SVc& i, const Context& context) {
  if (!IsVcOp(static_cast<ArOp>(i.tsk_eu_typ))) {
    return absl::UnimplementedError(
        absl::StrCat("VC operation ", i.tsk_eu_typ));
  }
  if (i.opd2_n_str > 6) {
    return absl::UnimplementedError(
        absl::StrCat("rounding mode ", i.opd2_n_str));
  }
  TPUC_ASSIGN_OR_RETURN(const DType type0,
                        OperandType(i.opd0_prec, i.opd0_sign, "opd0_prec"));
  TPUC_ASSIGN_OR_RETURN(const DType type1,
                        OperandType(i.opd1_prec, i.opd1_sign, "opd1_prec"));
  TPUC_ASSIGN_OR_RETURN(
      const DType out,
      OperandType(i.res0_prec, i.opd0_sign | i.opd1_sign, "res0_prec"));
  numerics::ElementwiseSpec spec;
  spec.op = static_cast<ArOp>(i.tsk_eu_typ);
  spec.res = out;
  spec.a = type0;
  spec.b = type1;
  spec.rounding = static_cast<Rounding>(i.opd2_n_str);
  spec.iterations = static_cast<int>(i.opd2_n_str);
  TPUC_ASSIGN_OR_RETURN(const numerics::Elementwise kernel,
                        numerics::Elementwise::Create(spec));
  const int64_t width0 = static_cast<int64_t>(i.opd0_w);
  const int64_t m = (static_cast<int64_t>(i.opd0_c) - 1) * width0 +
                    static_cast<int64_t>(i.opd1_w);
  TPUC_ASSIGN_OR_RETURN(const Shape4 left_shape,
                        ResultShape(1, i.opd0_c, 1, i.opd0_w));
  TPUC_ASSIGN_OR_RETURN(const Shape4 right_shape,
                        ResultShape(1, i.res0_c, 1, i.res0_w));
  Shape4 result_shape = right_shape;
  result_shape.n = m;
  if (i.opd1_w == 0 || i.opd1_w > i.opd0_w) {
    return absl::InvalidArgumentError(absl::StrCat(
        "VC: the last of the blocks of ", i.opd0_w, " has ", i.opd1_w));
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes left,
                        LocalTensor(context, Use::kRead, i.opd0_addr, type0,
                                    left_shape, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes right,
                        LocalTensor(context, Use::kRead, i.opd1_addr, type1,
                                    right_shape, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result,
                        LocalTensor(context, Use::kWrite, i.res0_addr, out,
                                    result_shape, Layout::kAligned));
  return Action([=, selected = static_cast<uint32_t>(i.opd2_addr),
                 &threads = context.threads] {
    ForEachRow(threads, result_shape, [&](int64_t c, int64_t n) {
      const size_t k = static_cast<size_t>(c);
      const size_t block = static_cast<size_t>(n / width0);
      kernel.Row(right_shape.w, At(result.channel[k], out, n * result.n_stride),
                 1, {At(left.channel[block], type0, n % width0), 0},
                 {right.channel[k], 1}, {&selected, 0});
    });
    return absl::OkStatus();
  });
}

}  // namespace tpuc::sim
