// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/elementwise.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "compiler/numerics/elementwise_integer.h"
#include "compiler/numerics/integer.h"
#include "compiler/numerics/select.h"
#include "compiler/numerics/simd.h"
#include "compiler/numerics/special.h"

namespace tpuc::numerics {
namespace {

constexpr int64_t kChunk = 256;

bool IsInteger(DType type) {
  return IsSignedInteger(type) || IsUnsignedInteger(type);
}

DType SignedOf(DType type) {
  switch (SizeOf(type)) {
    case 1:
      return DType::kI8;
    case 2:
      return DType::kI16;
    default:
      return DType::kI32;
  }
}

void FloatLoop(ArOp op, int iterations, int64_t count, const float* a,
               const float* b, float* r) {
  switch (op) {
    case ArOp::kMul:
      Vectorized([=]() TPUC_INLINE_LOOP {
        for (int64_t i = 0; i < count; ++i) r[i] = Multiply(a[i], b[i]);
      });
      break;
    case ArOp::kAdd:
      Vectorized([=]() TPUC_INLINE_LOOP {
        for (int64_t i = 0; i < count; ++i) r[i] = a[i] + b[i];
      });
      break;
    case ArOp::kSub:
      Vectorized([=]() TPUC_INLINE_LOOP {
        for (int64_t i = 0; i < count; ++i) r[i] = a[i] - b[i];
      });
      break;
    case ArOp::kAbsDifference:
      for (int64_t i = 0; i < count; ++i) {
        const float difference = a[i] - b[i];
        r[i] = difference > 0 ? difference : b[i] - a[i];
      }
      break;
    case ArOp::kDiv:
      DivideRow(iterations, count, a, b, r);
      break;
    default:
      break;
  }
}

bool TakesShift(ArOp op) {
  switch (op) {
    case ArOp::kMul:
    case ArOp::kAdd:
    case ArOp::kSub:
    case ArOp::kAddSaturate:
    case ArOp::kSubSaturate:
    case ArOp::kMulSaturate:
      return true;
    default:
      return false;
  }
}

bool IsSelect(ArOp op) {
  return op == ArOp::kSelectGreater || op == ArOp::kSelectEqual ||
         op == ArOp::kSelectLess;
}

bool IsUnary(ArOp op) {
  switch (op) {
    case ArOp::kNot:
    case ArOp::kCast:
    case ArOp::kCopy:
    case ArOp::kAbs:
    case ArOp::kFirstOne:
    case ArOp::kFirstZero:
      return true;
    default:
      return false;
  }
}

absl::Status Unsupported(const ElementwiseSpec& s, const char* why) {
  return absl::UnimplementedError(absl::StrCat(
      "element-wise ", Name(s.op), " of ", tpuc::Name(s.a), " and ",
      tpuc::Name(s.b), " to ", tpuc::Name(s.res), ": ", why));
}

RowOperand Advance(RowOperand row, DType type, int64_t elements) {
  row.data = static_cast<const char*>(row.data) +
             elements * row.stride * static_cast<int64_t>(SizeOf(type));
  return row;
}

template <typename T>
void CopyRow(int64_t count, void* res, int64_t res_stride, RowOperand a) {
  T* out = static_cast<T*>(res);
  const T* in = static_cast<const T*>(a.data);
  if (res_stride == 1 && a.stride == 1) {
    std::memmove(out, in, static_cast<size_t>(count) * sizeof(T));
    return;
  }
  for (int64_t i = 0; i < count; ++i) out[i * res_stride] = in[i * a.stride];
}

// f32 data as it is when dense, else converted into `buffer`.
const float* FloatRow(DType type, RowOperand row, int64_t count,
                      float* buffer) {
  if (type == DType::kF32 && row.stride == 1) {
    return static_cast<const float*>(row.data);
  }
  LoadFloatRow(type, row.data, row.stride, count, buffer);
  return buffer;
}

// An integer, already rounded to 11 bits, as f16. Overflow follows the mode,
// unlike that of f32 -> f16.
uint16_t RoundedIntegerToF16(float value, Rounding mode) {
  constexpr float kLargest = 65504;
  const bool negative = value < 0;
  const bool toward_zero = mode == Rounding::kTowardZero ||
                           (mode == Rounding::kDown && !negative) ||
                           (mode == Rounding::kUp && negative);
  if (toward_zero) value = std::min(std::max(value, -kLargest), kLargest);
  return F32ToF16(value);
}

bool HasNan(int64_t count, const float* x) {
  int32_t found = 0;
  Vectorized([=, &found]() TPUC_INLINE_LOOP {
    int32_t any = 0;
    for (int64_t j = 0; j < count; ++j) any |= x[j] != x[j] ? 1 : 0;
    found = any;
  });
  return found != 0;
}

// Between float formats. bf16 widens by its bits, denormals included; f32
// denormals are read as zero. A NaN keeps its sign and gets a full fraction.
void ConvertRow(const ElementwiseSpec& s, int64_t count, RowOperand a,
                void* res, int64_t res_stride) {
  float x[kChunk];
  if (s.a == DType::kBF16) {
    const uint16_t* in = static_cast<const uint16_t*>(a.data);
    for (int64_t j = 0; j < count; ++j) {
      x[j] = BitsFloat(static_cast<uint32_t>(in[j * a.stride]) << 16);
    }
  } else {
    LoadFloatRow(s.a, a.data, a.stride, count, x);
    if (s.a == DType::kF32) FlushDenormalRow(s.a, count, x, 1);
  }
  const bool has_nan = HasNan(count, x);
  if (s.res == DType::kF32) {
    if (!has_nan && res_stride == 1) {
      std::copy_n(x, count, static_cast<float*>(res));
      return;
    }
    uint32_t* out = static_cast<uint32_t*>(res);
    for (int64_t j = 0; j < count; ++j) {
      const uint32_t bits = FloatBits(x[j]);
      const bool nan = (bits & 0x7FFFFFFF) > 0x7F800000;
      out[j * res_stride] = nan ? bits | 0x7FFFFFFF : bits;
    }
    return;
  }
  uint16_t* out = static_cast<uint16_t*>(res);
  if (s.rounding == Rounding::kHalfToEven) {
    StoreFloatRow(s.res, x, count, res, res_stride);
  } else {
    for (int64_t j = 0; j < count; ++j) {
      out[j * res_stride] = s.res == DType::kF16 ? F32ToF16(x[j], s.rounding)
                                                 : F32ToBF16(x[j], s.rounding);
    }
  }
  for (int64_t j = 0; has_nan && j < count; ++j) {
    const uint32_t bits = FloatBits(x[j]);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) {
      out[j * res_stride] = static_cast<uint16_t>(bits >> 31 << 15 | 0x7FFF);
    }
  }
}

// A float whose bf16 denormals are kept.
float LoadUnflushed(DType type, const void* data, int64_t i) {
  if (type != DType::kBF16) return LoadFloat(type, data, i);
  return BitsFloat(static_cast<uint32_t>(static_cast<const uint16_t*>(data)[i])
                   << 16);
}

void IntegralRow(DType type, Rounding mode, int64_t count, RowOperand a,
                 void* res, int64_t res_stride) {
  for (int64_t i = 0; i < count; ++i) {
    const float x = LoadUnflushed(type, a.data, i * a.stride);
    if (x != x) {  // bits of a NaN pass
      StoreIntegerWrapped(type, res, i * res_stride,
                          LoadInteger(SignedOf(type), a.data, i * a.stride));
    } else {
      StoreFloat(type, res, i * res_stride, RoundToIntegral(x, mode));
    }
  }
}

}  // namespace

const char* Name(ArOp op) {
  static const char* const kNames[] = {"mul",
                                       "not",
                                       "add",
                                       "sub",
                                       "max",
                                       "min",
                                       "logic shift",
                                       "and",
                                       "or",
                                       "xor",
                                       "select gt",
                                       "select eq",
                                       "div",
                                       "select lt",
                                       "cast",
                                       "adds",
                                       "subs",
                                       "clamp",
                                       "mac",
                                       "copy",
                                       "muls",
                                       "arith shift",
                                       "circular shift",
                                       "mulDHR",
                                       "eu index",
                                       "npu index",
                                       "abs",
                                       "abs difference",
                                       "copy_mb",
                                       "first one",
                                       "first zero"};
  const size_t i = static_cast<size_t>(op);
  return i < sizeof(kNames) / sizeof(kNames[0]) ? kNames[i] : "unknown";
}

absl::StatusOr<Elementwise> Elementwise::Create(const ElementwiseSpec& spec) {
  ElementwiseSpec s = spec;
  if (IsUnary(s.op)) s.b = s.a;
  const bool floats = IsFloat(s.a) && IsFloat(s.b);
  const bool integers = IsInteger(s.a) && IsInteger(s.b);
  if (!floats && !integers) {
    return Unsupported(s, "operands must be both float or both integer");
  }
  if (floats && s.a != s.b) return Unsupported(s, "float types differ");
  if (s.has_shift && (!integers || !TakesShift(s.op))) s.has_shift = false;
  if (s.op == ArOp::kCopy || (floats && s.op == ArOp::kAbs)) {
    if (SizeOf(s.a) != SizeOf(s.res)) return Unsupported(s, "sizes differ");
    return Elementwise(s, Family::kBits);
  }
  if (IsSelect(s.op)) {
    if (s.a != s.b) return Unsupported(s, "operand types differ");
    if (SizeOf(s.res) > SizeOf(s.a)) {
      return Unsupported(s, "the result is wider than the operands");
    }
    return Elementwise(s, Family::kBits);
  }
  if (s.op == ArOp::kCast && IsFloat(s.a) != IsFloat(s.res)) {
    if (IsFloat(s.a) && s.rounding > Rounding::kUp) {
      return Unsupported(s, "float to integer takes rounding modes 0 to 4");
    }
    return Elementwise(s, IsFloat(s.a) ? Family::kToInteger : Family::kToFloat);
  }
  if (floats) {
    switch (s.op) {
      case ArOp::kCast:
        if (s.a != s.res && s.a != DType::kF32 && s.res != DType::kF32) {
          return Unsupported(s, "goes through f32 on this chip");
        }
        return Elementwise(s, Family::kFloat);
      case ArOp::kDiv:
        if (s.a != DType::kF32) return Unsupported(s, "f32 only");
        break;
      case ArOp::kMul:
      case ArOp::kAdd:
      case ArOp::kSub:
      case ArOp::kMax:
      case ArOp::kMin:
      case ArOp::kMac:
      case ArOp::kAbsDifference:
        break;
      default:
        return Unsupported(s, "not an operation on floats");
    }
    if (s.a != s.res) return Unsupported(s, "the result has another type");
    return Elementwise(s, Family::kFloat);
  }
  switch (s.op) {
    case ArOp::kDiv:
      return Unsupported(s, "f32 only");
    case ArOp::kClamp:
      return Unsupported(s, "use max and min");
    case ArOp::kAbsDifference:
      return Unsupported(s, "floats only");
    case ArOp::kMax:
    case ArOp::kMin:
      if (s.a != s.b || s.a != s.res) return Unsupported(s, "types differ");
      break;
    case ArOp::kNot:
    case ArOp::kAnd:
    case ArOp::kOr:
    case ArOp::kXor:
      if (SizeOf(s.a) != SizeOf(s.b) || SizeOf(s.a) != SizeOf(s.res)) {
        return Unsupported(s, "sizes differ");
      }
      break;
    case ArOp::kRotate:
      if (SizeOf(s.a) != SizeOf(s.res)) return Unsupported(s, "sizes differ");
      break;
    case ArOp::kMul:
    case ArOp::kAdd:
    case ArOp::kSub:
    case ArOp::kLogicShift:
    case ArOp::kCast:
    case ArOp::kAddSaturate:
    case ArOp::kSubSaturate:
    case ArOp::kMac:
    case ArOp::kMulSaturate:
    case ArOp::kArithmeticShift:
    case ArOp::kMulDoubledHigh:
    case ArOp::kAbs:
    case ArOp::kFirstOne:
    case ArOp::kFirstZero:
      break;
    default:
      return Unsupported(s, "not an operation of this chip");
  }
  if (IsFloat(s.res)) return Unsupported(s, "integers give integers");
  return Elementwise(s, Family::kInteger);
}

void Elementwise::Row(int64_t count, void* res, int64_t res_stride,
                      RowOperand a, RowOperand b, RowOperand c) const {
  const ScopedFlushDenormals flush(spec_.a != DType::kBF16);
  RowFlushed(count, res, res_stride, a, b, c);
}

void Elementwise::RowFlushed(int64_t count, void* res, int64_t res_stride,
                             RowOperand a, RowOperand b, RowOperand c) const {
  const ElementwiseSpec& s = spec_;
  if (s.op == ArOp::kCopy) {
    switch (SizeOf(s.res)) {
      case 1:
        return CopyRow<uint8_t>(count, res, res_stride, a);
      case 2:
        return CopyRow<uint16_t>(count, res, res_stride, a);
      default:
        return CopyRow<uint32_t>(count, res, res_stride, a);
    }
  }
  char* const out_base = static_cast<char*>(res);
  const int64_t out_step = res_stride * static_cast<int64_t>(SizeOf(s.res));
  for (int64_t i = 0; i < count; i += kChunk) {
    const int64_t part = std::min(kChunk, count - i);
    const RowOperand pa = Advance(a, s.a, i);
    const RowOperand pb = b.data == nullptr ? b : Advance(b, s.b, i);
    void* const out = out_base + i * out_step;
    if (IsSelect(s.op)) {
      static const uint64_t kZero = 0;
      uint8_t mask[kChunk];
      CompareMask(s.op == ArOp::kSelectGreater ? Relation::kGreater
                  : s.op == ArOp::kSelectEqual ? Relation::kEqual
                                               : Relation::kLess,
                  s.a, part, pa, pb, mask);
      SelectRow(mask, s.res, part, Advance(c, s.res, i), {&kZero, 0}, out,
                res_stride);
      continue;
    }
    if (s.op == ArOp::kAbs && IsFloat(s.a)) {
      int64_t x[kChunk];
      LoadIntegerRow(s.a, pa.data, pa.stride, part, x);
      const int64_t keep = (int64_t{1} << (Bits(s.a) - 1)) - 1;
      for (int64_t j = 0; j < part; ++j) x[j] &= keep;
      StoreIntegerRow(s.res, false, x, part, out, res_stride);
      continue;
    }
    switch (family_) {
      case Family::kFloat: {
        if (s.op == ArOp::kCast) {
          if (s.a == s.res) {
            IntegralRow(s.a, s.rounding, part, pa, out, res_stride);
          } else {
            ConvertRow(s, part, pa, out, res_stride);
          }
          break;
        }
        if (s.op == ArOp::kMax || s.op == ArOp::kMin) {
          uint8_t mask[kChunk];
          CompareMask(s.op == ArOp::kMax ? Relation::kGreater : Relation::kLess,
                      s.a, part, pa, pb, mask);
          SelectRow(mask, s.res, part, pa, pb, out, res_stride);
          FlushDenormalRow(s.res, part, out, res_stride);
          break;
        }
        float x[kChunk], y[kChunk], r[kChunk];
        const float* fa = FloatRow(s.a, pa, part, x);
        const float* fb = FloatRow(s.b, pb, part, y);
        if (s.op == ArOp::kMac) {
          float old[kChunk];
          LoadFloatRow(s.res, out, res_stride, part, old);
          FloatLoop(ArOp::kMul, 0, part, fa, fb, r);
          RoundFloatRow(s.res, part, r);
          FloatLoop(ArOp::kAdd, 0, part, old, r, r);
        } else {
          FloatLoop(s.op, s.iterations, part, fa, fb, r);
        }
        StoreFloatRow(s.res, r, part, out, res_stride);
        break;
      }
      case Family::kToInteger: {
        float x[kChunk];
        int64_t r[kChunk];
        const float* values = x;
        if (s.a == DType::kF32 && pa.stride == 1) {
          values = static_cast<const float*>(pa.data);
        } else {
          for (int64_t j = 0; j < part; ++j)
            x[j] = LoadUnflushed(s.a, pa.data, j * pa.stride);
        }
        FloatToIntegerRow(s.res, s.rounding, part, values, r);
        StoreIntegerRow(s.res, false, r, part, out, res_stride);
        break;
      }
      case Family::kToFloat: {
        int64_t x[kChunk];
        LoadIntegerRow(s.a, pa.data, pa.stride, part, x);
        for (int64_t j = 0; j < part; ++j) {
          const float f = IntegerToFloat(x[j], s.rounding, s.res);
          if (s.res == DType::kF32) {
            static_cast<float*>(out)[j * res_stride] = f;
          } else {
            static_cast<uint16_t*>(out)[j * res_stride] =
                s.res == DType::kF16 ? RoundedIntegerToF16(f, s.rounding)
                                     : F32ToBF16(f);
          }
        }
        break;
      }
      case Family::kBits:
      case Family::kInteger: {
        int64_t x[kChunk], y[kChunk], z[kChunk], r[kChunk];
        LoadIntegerRow(s.a, pa.data, pa.stride, part, x);
        if (!IsUnary(s.op)) {
          LoadIntegerRow(s.b, pb.data, pb.stride, part, y);
        }
        if (s.op == ArOp::kMac) {
          const uint16_t shifts = *static_cast<const uint16_t*>(c.data);
          LoadIntegerRow(s.res, out, res_stride, part, z);
          for (int64_t j = 0; j < part; ++j) {
            const int64_t sum =
                Shift(z[j], shifts & 0xFF, s.rounding) + x[j] * y[j];
            r[j] = Shift(sum, -(shifts >> 8), s.rounding);
          }
        } else {
          if (s.has_shift) {
            LoadIntegerRow(DType::kI8, Advance(c, DType::kI8, i).data, c.stride,
                           part, z);
          }
          IntegerLoop(s, part, x, y, s.has_shift ? z : nullptr, r);
        }
        const DType as = s.op == ArOp::kSubSaturate ? SignedOf(s.res) : s.res;
        StoreIntegerRow(as, Saturates(s.op), r, part, out, res_stride);
        break;
      }
    }
  }
}

void Elementwise::Run(const Shape4& shape, const MutablePlanes& res,
                      const Planes& a, const Planes& b, const Planes& c,
                      int64_t c_begin, int64_t c_end) const {
  const ScopedFlushDenormals flush(spec_.a != DType::kBF16);
  const bool has_b = !IsUnary(spec_.op) && !b.channel.empty();
  const bool has_c = !c.channel.empty();
  const int64_t res_size = static_cast<int64_t>(SizeOf(spec_.res));
  const int64_t a_size = static_cast<int64_t>(SizeOf(spec_.a));
  const int64_t b_size = static_cast<int64_t>(SizeOf(spec_.b));
  const auto joins = [&](const auto& p) {
    return p.h_stride == shape.w * p.w_stride;
  };
  const bool joined =
      shape.h == 1 || (joins(res) && joins(a) && (!has_b || joins(b)));
  const int64_t rows = joined ? 1 : shape.h;
  const int64_t columns = joined ? shape.h * shape.w : shape.w;
  for (int64_t ch = c_begin; ch < c_end; ++ch) {
    const RowOperand third =
        has_c ? RowOperand{c.channel[static_cast<size_t>(ch)], 0}
              : RowOperand{};
    const size_t k = static_cast<size_t>(ch);
    for (int64_t n = 0; n < shape.n; ++n) {
      for (int64_t h = 0; h < rows; ++h) {
        char* out = static_cast<char*>(res.channel[k]) +
                    (n * res.n_stride + h * res.h_stride) * res_size;
        const char* left = static_cast<const char*>(a.channel[k]) +
                           (n * a.n_stride + h * a.h_stride) * a_size;
        RowOperand right;
        if (has_b) {
          right = {static_cast<const char*>(b.channel[k]) +
                       (n * b.n_stride + h * b.h_stride) * b_size,
                   b.w_stride};
        }
        RowFlushed(columns, out, res.w_stride, {left, a.w_stride}, right,
                   third);
      }
    }
  }
}

}  // namespace tpuc::numerics
