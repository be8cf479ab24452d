// SPDX-License-Identifier: Apache-2.0
// CONV and PorD.
#include "runtime/simulator/tiu_products.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/numerics/conv.h"
#include "compiler/numerics/float_format.h"
#include "compiler/numerics/integer.h"
#include "compiler/numerics/pool.h"
#include "runtime/simulator/execute.h"
#include "runtime/simulator/status_macros.h"

namespace tpuc::sim {
namespace {

using numerics::MutablePlanes;
using numerics::Planes;
using numerics::Shape4;

// The window fields have the same names in CONV and PorD.
template <typename Instruction>
numerics::Window WindowOf(const Instruction& i) {
  numerics::Window w;
  w.in_h = Int(i.opd0_h);
  w.in_w = Int(i.opd0_w);
  w.out_h = Int(i.res0_h);
  w.out_w = Int(i.res0_w);
  w.kernel_h = Int(i.opd1_h);
  w.kernel_w = Int(i.opd1_w);
  w.stride_h = Int(i.res_op_y_str);
  w.stride_w = Int(i.res_op_x_str);
  w.dilation_h = Int(i.opd1_y_ins0) + 1;
  w.dilation_w = Int(i.opd1_x_ins0) + 1;
  w.insert_h = Int(i.opd0_y_ins0);
  w.insert_w = Int(i.opd0_x_ins0);
  w.pad_top = Int(i.opd0_up_pad);
  w.pad_bottom = Int(i.opd0_dn_pad);
  w.pad_left = Int(i.opd0_lf_pad);
  w.pad_right = Int(i.opd0_rt_pad);
  w.pad_mode = static_cast<numerics::PadMode>(i.pad_mode);
  w.rotate_kernel = i.kernel_rotate != 0;
  return w;
}

// Values that an instruction reads from local memory when it runs, one a
// channel, or its immediate.
struct Values {
  DType type = DType::kF32;
  std::vector<const void*> at;  // empty: `immediate` is the only one
  uint32_t immediate = 0;

  size_t size() const { return at.empty() ? 1 : at.size(); }
  const void* operator[](size_t i) const {
    return at.empty() ? &immediate : at[i];
  }
};

// Padding values: an immediate, or element 0 of compact [1, C, 1, 2]. Element 1
// goes between inserted neighbours, which the arithmetic lacks.
template <typename Instruction>
absl::StatusOr<Values> PadValues(const Instruction& i, const Context& context,
                                 DType type, int64_t channels) {
  const numerics::Window w = WindowOf(i);
  const bool pads = (w.pad_top | w.pad_bottom | w.pad_left | w.pad_right) != 0;
  if (i.opd3_const == 0 && (w.insert_h | w.insert_w) != 0) {
    return absl::UnimplementedError(
        "inserted elements with a value in memory (opd3_const 0)");
  }
  if (i.opd3_const != 0 || !pads) {
    return Values{type, {}, static_cast<uint32_t>(i.opd3_addr)};
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes planes,
                        LocalTensor(context, Use::kRead, i.opd3_addr, type,
                                    {1, channels, 1, 2}, Layout::kCompact));
  return Values{type, {planes.channel.begin(), planes.channel.end()}, 0};
}

std::vector<uint32_t> ReadBits(const Values& values) {
  std::vector<uint32_t> bits;
  for (size_t k = 0; k < values.size(); ++k) {
    uint32_t value = values.immediate;
    if (!values.at.empty()) std::memcpy(&value, values[k], SizeOf(values.type));
    bits.push_back(value);
  }
  return bits;
}

std::vector<const void*> ConstPointers(const MutablePlanes& planes) {
  return {planes.channel.begin(), planes.channel.end()};
}

// What happens to int32 sums of 8-bit convolutions that are not the result
// (docs/isa/bm1684x.md, c.2): bias, right shift that rounds half up,
// saturation, old result (modulo 2^32).
struct ConvFinish {
  DType result;
  DType saturate_to;
  int shift = 0;
  bool accumulate = false;
};

std::optional<ConvFinish> FinishOf(const isa::SConv& i,
                                   const numerics::ConvSpec& spec) {
  const bool narrow = !numerics::IsFloat(spec.input) && SizeOf(spec.result) < 4;
  if (i.tsk_eu_typ == 0 && !narrow) return std::nullopt;
  ConvFinish finish{spec.result, spec.result};
  if (i.tsk_eu_typ == 0) return finish;
  if (i.tsk_eu_typ == 2) {
    finish.saturate_to = SizeOf(spec.result) == 1   ? DType::kU8
                         : SizeOf(spec.result) == 2 ? DType::kU16
                                                    : DType::kU32;
  }
  finish.shift = static_cast<int>(i.opd3_addr);
  finish.accumulate = i.res_add != 0;
  return finish;
}

absl::Status CheckRequant(const isa::SConv& i, const numerics::ConvSpec& spec) {
  if (numerics::IsFloat(spec.input)) {
    return absl::UnimplementedError(absl::StrCat(
        "CONV operation ", i.tsk_eu_typ, " of ", Name(spec.input)));
  }
  if (i.opd3_addr > 31) {
    return absl::UnimplementedError(
        absl::StrCat("CONV with a right shift of ", i.opd3_addr));
  }
  return absl::OkStatus();
}

// sums: dense [n, c, h, w]; rows of the result are dense too.
void Finish(const ConvFinish& f, const Shape4& shape, const int32_t* sums,
            const std::vector<int32_t>& bias, const MutablePlanes& result) {
  const int64_t plane = shape.h * shape.w;
  const int64_t size = static_cast<int64_t>(SizeOf(f.result));
  std::vector<int64_t> row(static_cast<size_t>(plane));
  for (int64_t n = 0; n < shape.n; ++n) {
    for (int64_t c = 0; c < shape.c; ++c, sums += plane) {
      const size_t k = static_cast<size_t>(c);
      char* const to =
          static_cast<char*>(result.channel[k]) + n * result.n_stride * size;
      for (int64_t j = 0; j < plane; ++j) {
        int64_t value = numerics::Shift(int64_t{sums[j]} + bias[k], -f.shift,
                                        numerics::Rounding::kHalfUp);
        value = numerics::Saturate(value, f.saturate_to);
        if (f.accumulate) value += numerics::LoadInteger(f.result, to, j);
        row[static_cast<size_t>(j)] = value;
      }
      numerics::StoreIntegerRow(f.result, false, row.data(), plane, to, 1);
    }
  }
}

}  // namespace

absl::StatusOr<Action> Prepare(const isa::SConv& i, const Context& context) {
  const bool requant = i.tsk_eu_typ == 1 || i.tsk_eu_typ == 2;
  if (i.tsk_eu_typ != 0 && !requant) {
    return absl::UnimplementedError(
        absl::StrCat("CONV operation ", i.tsk_eu_typ));
  }
  numerics::ConvSpec spec;
  TPUC_ASSIGN_OR_RETURN(spec.input,
                        OperandType(i.opd0_prec, i.opd0_sign, "opd0_prec"));
  TPUC_ASSIGN_OR_RETURN(spec.filter,
                        OperandType(i.opd0_prec, i.opd1_sign, "opd0_prec"));
  const bool floats = numerics::IsFloat(spec.input);
  // A zero point other than an immediate 0 makes the weights signed.
  const bool zero_points =
      !requant && (i.opd2_const == 0 || (i.opd2_addr & 0xFF) != 0);
  const bool result_sign = floats || zero_points || i.opd0_sign != 0 ||
                           i.opd1_sign != 0 || i.opd2_sign != 0;
  TPUC_ASSIGN_OR_RETURN(spec.result,
                        OperandType(i.res0_prec, result_sign, "res0_prec"));
  const std::optional<ConvFinish> finish = FinishOf(i, spec);
  if (requant) TPUC_RETURN_IF_ERROR(CheckRequant(i, spec));
  TPUC_ASSIGN_OR_RETURN(const Shape4 result_shape,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  spec.n = result_shape.n;
  spec.oc = result_shape.c;
  spec.ic = Int(i.opd0_c);
  spec.window = WindowOf(i);
  spec.accumulate = i.res_add != 0;
  TPUC_RETURN_IF_ERROR(numerics::Validate(spec.window));
  TPUC_ASSIGN_OR_RETURN(const Shape4 input_shape,
                        ResultShape(i.res0_n, i.opd0_c, i.opd0_h, i.opd0_w));
  numerics::ConvOperands operands;
  absl::StatusOr<MutablePlanes> input;
  if (i.opd0_str == isa::layout::kStrides) {
    input =
        LocalTensor(context, Use::kRead, i.opd0_addr, spec.input, input_shape,
                    LocalStrides{Int(i.opd0_n_str), Int(i.opd0_c_str),
                                 Int(i.opd0_h_str), Int(i.opd0_w_str)});
  } else if (i.opd0_str == isa::layout::kAligned) {
    input = LocalTensor(context, Use::kRead, i.opd0_addr, spec.input,
                        input_shape, Layout::kAligned);
  } else {
    return absl::UnimplementedError(
        absl::StrCat("CONV input in layout ", i.opd0_str));
  }
  TPUC_RETURN_IF_ERROR(input.status());
  operands.input = numerics::ToConst(*input);

  const uint32_t weight = static_cast<uint32_t>(i.opd1_addr);
  if (i.opd1_const != 0) {
    spec.filter_order = numerics::FilterOrder::kSplat;
  } else {
    spec.filter_order = numerics::FilterOrder::kNic;
    const int64_t parallel = SizeOf(spec.filter) == 1   ? 64
                             : SizeOf(spec.filter) == 2 ? 32
                                                        : 1;
    const int64_t length = (spec.ic + parallel - 1) / parallel * parallel *
                           spec.window.kernel_h * spec.window.kernel_w;
    TPUC_ASSIGN_OR_RETURN(
        const MutablePlanes filter,
        LocalTensor(context, Use::kRead, i.opd1_addr, spec.filter,
                    {1, spec.oc, 1, length}, Layout::kCompact));
    operands.filter = ConstPointers(filter);
  }

  DType extra = DType::kF32;  // bias, or the filter's zero point
  if (requant) {
    extra = i.opd2_sign != 0 ? DType::kI16 : DType::kU16;
  } else if (!floats) {
    extra = i.opd2_sign != 0 ? DType::kI8 : DType::kU8;
  }
  Values extras{extra, {}, static_cast<uint32_t>(i.opd2_addr)};
  if (i.opd2_const == 0) {
    TPUC_ASSIGN_OR_RETURN(const MutablePlanes planes,
                          LocalTensor(context, Use::kRead, i.opd2_addr, extra,
                                      {1, spec.oc, 1, 1}, Layout::kCompact));
    extras.at = ConstPointers(planes);
  }
  Values pads{spec.input, {}, 0};
  if (!requant) {
    TPUC_ASSIGN_OR_RETURN(pads, PadValues(i, context, spec.input, spec.ic));
  }
  TPUC_ASSIGN_OR_RETURN(
      operands.result,
      LocalTensor(context, ResultUse(spec.accumulate), i.res0_addr, spec.result,
                  result_shape, Layout::kAligned));
  if (finish) {
    spec.result = DType::kI32;
    spec.accumulate = false;
  }
  TPUC_RETURN_IF_ERROR(numerics::Validate(spec));
  return Action([=, &threads = context.threads]() -> absl::Status {
    numerics::ConvOperands o = operands;
    const size_t channels = static_cast<size_t>(spec.oc);
    if (i.opd1_const != 0) o.filter.assign(channels, &weight);
    std::vector<int32_t> integers;
    for (size_t k = 0; k < channels; ++k) {
      if (floats) {
        o.bias.push_back(numerics::LoadFloat(extra, extras[k], 0));
      } else {
        integers.push_back(
            static_cast<int32_t>(numerics::LoadInteger(extra, extras[k], 0)));
      }
    }
    if (!requant) o.zero_point = integers;
    o.pad_bits = ReadBits(pads);
    std::vector<int32_t> sums;
    if (finish) {
      const int64_t plane = result_shape.h * result_shape.w;
      sums.resize(static_cast<size_t>(result_shape.NumElements()));
      o.result = {{}, spec.oc * plane, result_shape.w, 1};
      for (int64_t k = 0; k < spec.oc; ++k) {
        o.result.channel.push_back(sums.data() + k * plane);
      }
    }
    TPUC_ASSIGN_OR_RETURN(
        const auto convolution,
        numerics::Convolution::Prepare(spec, o, Parallel(threads)));
    threads.For(convolution->NumTiles(), 1, [&](int64_t begin, int64_t end) {
      convolution->Run(begin, end);
    });
    if (finish) {
      if (!requant) integers.assign(channels, 0);
      Finish(*finish, result_shape, sums.data(), integers, operands.result);
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<Action> Prepare(const isa::SPorD& i, const Context& context) {
  numerics::PoolSpec spec;
  switch (i.tsk_eu_typ) {
    case 0:
    case 1:
    case 2:
    case 4:
      spec.op = static_cast<numerics::PoolOp>(i.tsk_eu_typ);
      break;
    default:
      return absl::UnimplementedError(
          absl::StrCat("PorD operation ", i.tsk_eu_typ));
  }
  const bool depthwise = spec.op == numerics::PoolOp::kDepthwise ||
                         spec.op == numerics::PoolOp::kDepthwiseRelu;
  TPUC_ASSIGN_OR_RETURN(spec.input,
                        OperandType(i.opd0_prec, i.opd0_sign, "opd0_prec"));
  TPUC_ASSIGN_OR_RETURN(spec.filter,
                        OperandType(i.opd0_prec, i.opd1_sign, "opd0_prec"));
  uint64_t result_sign = i.opd0_sign;
  if (spec.op == numerics::PoolOp::kDepthwise) {
    result_sign |= i.opd1_sign | i.opd2_sign;
  } else if (spec.op == numerics::PoolOp::kDepthwiseRelu) {
    result_sign = 0;
  }
  TPUC_ASSIGN_OR_RETURN(spec.result,
                        OperandType(i.res0_prec, result_sign, "res0_prec"));
  TPUC_ASSIGN_OR_RETURN(const Shape4 shape,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  TPUC_ASSIGN_OR_RETURN(const Shape4 input_shape,
                        ResultShape(i.res0_n, i.res0_c, i.opd0_h, i.opd0_w));
  spec.n = shape.n;
  spec.c = shape.c;
  spec.window = WindowOf(i);
  numerics::PoolOperands operands;
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes input,
                        LocalTensor(context, Use::kRead, i.opd0_addr,
                                    spec.input, input_shape, Layout::kAligned));
  operands.input = numerics::ToConst(input);
  TPUC_ASSIGN_OR_RETURN(const Values pads,
                        PadValues(i, context, spec.input, spec.c));
  TPUC_ASSIGN_OR_RETURN(operands.result,
                        LocalTensor(context, Use::kWrite, i.res0_addr,
                                    spec.result, shape, Layout::kAligned));
  const size_t channels = static_cast<size_t>(spec.c);
  const uint32_t weight = static_cast<uint32_t>(i.opd1_addr);
  // Views of constants point into `immediates`, which the action keeps.
  const auto immediates = std::make_shared<const std::array<uint32_t, 2>>(
      std::array<uint32_t, 2>{weight, static_cast<uint32_t>(i.opd2_addr)});
  if (depthwise) {
    if (i.opd1_const != 0) {
      operands.filter.assign(channels, &(*immediates)[0]);
      operands.filter_is_splat = true;
    } else {
      TPUC_ASSIGN_OR_RETURN(
          const MutablePlanes filter,
          LocalTensor(context, Use::kRead, i.opd1_addr, spec.filter,
                      {1, spec.c, spec.window.kernel_h, spec.window.kernel_w},
                      Layout::kCompact));
      operands.filter = ConstPointers(filter);
    }
    if (i.opd2_const != 0) {
      operands.bias.assign(channels, &(*immediates)[1]);
    } else {
      const DType type =
          numerics::IsFloat(spec.input) ? spec.input : DType::kI32;
      TPUC_ASSIGN_OR_RETURN(const MutablePlanes planes,
                            LocalTensor(context, Use::kRead, i.opd2_addr, type,
                                        {1, spec.c, 1, 1}, Layout::kCompact));
      operands.bias = ConstPointers(planes);
    }
  } else if (spec.op == numerics::PoolOp::kAverage) {
    if (i.opd1_const == 0) {
      return absl::UnimplementedError("average pool with weights in memory");
    }
    spec.scale_bits = weight;
    spec.shift = static_cast<int>(i.opd2_addr & 0xFF);
  }
  // Errors do not depend on channels and data, so an empty range finds them.
  TPUC_RETURN_IF_ERROR(numerics::Pool(spec, operands, 0, 0));
  const int64_t work =
      shape.n * shape.h * shape.w * spec.window.kernel_h * spec.window.kernel_w;
  return Action([=, keep = immediates, &threads = context.threads] {
    numerics::PoolOperands o = operands;
    o.pad_bits = ReadBits(pads);
    threads.For(spec.c, std::max<int64_t>(1, 16384 / work),
                [&](int64_t begin, int64_t end) {
                  numerics::Pool(spec, o, begin, end).IgnoreError();
                });
    return absl::OkStatus();
  });
}

}  // namespace tpuc::sim
