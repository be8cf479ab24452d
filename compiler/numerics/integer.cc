// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/integer.h"

#include <algorithm>
#include <cmath>

#include "compiler/numerics/simd.h"

namespace tpuc::numerics {
namespace {

constexpr int64_t kChunk = 256;

// value / 2^amount, rounded, for 1 <= amount <= bits of Wide - 2.
template <typename Wide>
Wide ShiftRight(Wide value, int amount, Rounding mode) {
  const Wide one = 1;
  const Wide floor = value >> amount;
  const Wide rest = value & ((one << amount) - 1);
  const Wide half = one << (amount - 1);
  bool up = false;
  switch (mode) {
    case Rounding::kHalfToEven:
      up = rest > half || (rest == half && (floor & 1));
      break;
    case Rounding::kHalfAwayFromZero:
      up = rest > half || (rest == half && value >= 0);
      break;
    case Rounding::kTowardZero:
      up = value < 0 && rest != 0;
      break;
    case Rounding::kDown:
      break;
    case Rounding::kUp:
      up = rest != 0;
      break;
    case Rounding::kHalfUp:
      up = rest >= half;
      break;
    case Rounding::kHalfDown:
      up = rest > half;
      break;
  }
  return floor + (up ? 1 : 0);
}

// Rows of integers in parts: load, change(values, count), store.
template <typename Change>
void ForEachPart(DType in, DType out, int64_t count, const void* src,
                 int64_t src_stride, void* dst, int64_t dst_stride,
                 const Change& change) {
  int64_t values[kChunk];
  const char* from = static_cast<const char*>(src);
  char* to = static_cast<char*>(dst);
  const int64_t from_step = src_stride * static_cast<int64_t>(SizeOf(in));
  const int64_t to_step = dst_stride * static_cast<int64_t>(SizeOf(out));
  for (int64_t i = 0; i < count; i += kChunk) {
    const int64_t part = std::min(kChunk, count - i);
    LoadIntegerRow(in, from + i * from_step, src_stride, part, values);
    change(values, part);
    StoreIntegerRow(out, false, values, part, to + i * to_step, dst_stride);
  }
}

template <typename T>
void LoadRow(const void* data, int64_t stride, int64_t count, int64_t* out) {
  const T* in = static_cast<const T*>(data);
  if (stride == 1) {
    Vectorized([=]() TPUC_INLINE_LOOP {
      for (int64_t i = 0; i < count; ++i) out[i] = in[i];
    });
  } else if (stride == 0) {
    std::fill_n(out, count, count > 0 ? int64_t{in[0]} : 0);
  } else {
    for (int64_t i = 0; i < count; ++i) out[i] = in[i * stride];
  }
}

template <typename T>
void StoreRow(const int64_t* in, int64_t count, void* data, int64_t stride) {
  T* out = static_cast<T*>(data);
  if (stride == 1) {
    Vectorized([=]() TPUC_INLINE_LOOP {
      for (int64_t i = 0; i < count; ++i) out[i] = static_cast<T>(in[i]);
    });
  } else {
    for (int64_t i = 0; i < count; ++i) out[i * stride] = static_cast<T>(in[i]);
  }
}

// values >> amount, 1 <= amount <= 62, where add(value) makes the shift round.
template <typename Add>
void ShiftRightLoop(int amount, int64_t count, int64_t* values,
                    const Add& add) {
  Vectorized([=]() TPUC_INLINE_LOOP {
    for (int64_t i = 0; i < count; ++i) {
      values[i] = (values[i] + add(values[i])) >> amount;
    }
  });
}

}  // namespace

int64_t Shift(int64_t value, int shift, Rounding mode) {
  if (shift == 0) return value;
  if (shift > 0) {
    return shift > 63
               ? 0
               : static_cast<int64_t>(static_cast<uint64_t>(value) << shift);
  }
  return ShiftRight<int64_t>(value, std::min(-shift, 62), mode);
}

void ShiftRow(int shift, Rounding mode, int64_t count, int64_t* values) {
  if (shift == 0) return;
  if (shift > 0) {
    for (int64_t i = 0; i < count; ++i)
      values[i] = Shift(values[i], shift, mode);
    return;
  }
  const int amount = std::min(-shift, 62);
  const int64_t half = int64_t{1} << (amount - 1);
  const int64_t rest = 2 * half - 1;
  switch (mode) {
    case Rounding::kHalfToEven:
      return ShiftRightLoop(amount, count, values,
                            [=](int64_t v) TPUC_INLINE_LOOP {
                              return half - 1 + ((v >> amount) & 1);
                            });
    case Rounding::kHalfAwayFromZero:
      return ShiftRightLoop(amount, count, values,
                            [=](int64_t v)
                                TPUC_INLINE_LOOP { return half + (v >> 63); });
    case Rounding::kTowardZero:
      return ShiftRightLoop(amount, count, values,
                            [=](int64_t v)
                                TPUC_INLINE_LOOP { return (v >> 63) & rest; });
    case Rounding::kDown:
      return ShiftRightLoop(amount, count, values,
                            [=](int64_t)
                                TPUC_INLINE_LOOP { return int64_t{0}; });
    case Rounding::kUp:
      return ShiftRightLoop(amount, count, values,
                            [=](int64_t) TPUC_INLINE_LOOP { return rest; });
    case Rounding::kHalfUp:
      return ShiftRightLoop(amount, count, values,
                            [=](int64_t) TPUC_INLINE_LOOP { return half; });
    case Rounding::kHalfDown:
      return ShiftRightLoop(amount, count, values,
                            [=](int64_t) TPUC_INLINE_LOOP { return half - 1; });
  }
}

void SaturateRow(DType type, int64_t count, int64_t* values) {
  const int64_t low = MinOf(type), high = MaxOf(type);
  Vectorized([=]() TPUC_INLINE_LOOP {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t v = values[i] < low ? low : values[i];
      values[i] = v > high ? high : v;
    }
  });
}

int64_t ShiftProduct(int64_t a, int64_t b, int shift, Rounding mode,
                     bool saturate) {
  __int128 value = static_cast<__int128>(a) * b;
  if (shift < 0) {
    value = ShiftRight<__int128>(value, std::min(-shift, 126), mode);
  } else if (!saturate) {
    const unsigned __int128 bits = static_cast<unsigned __int128>(value);
    return static_cast<int64_t>(shift > 127 ? 0 : bits << shift);
  } else if (value != 0) {
    // |value| < 2^64, so 2^60 is far beyond the limits of every type.
    value *= static_cast<__int128>(1) << std::min(shift, 60);
  }
  if (!saturate) return static_cast<int64_t>(value);
  const __int128 low = INT64_MIN, high = INT64_MAX;
  return static_cast<int64_t>(std::min(std::max(value, low), high));
}

int64_t Saturate(int64_t value, DType type) {
  return std::min(std::max(value, MinOf(type)), MaxOf(type));
}

float RoundToIntegral(float value, Rounding mode) {
  const uint32_t bits = FloatBits(value);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude >= 0x4B000000) return value;  // 2^23 and above, inf, NaN
  const bool negative = (bits >> 31) != 0;
  // A denormal counts as a small number here, whatever the processor's state.
  const float x = BitsFloat(
      magnitude == 0 || magnitude >= 0x00800000 ? magnitude : 0x00800000);
  float whole = static_cast<float>(static_cast<int32_t>(x));
  const float rest = x - whole;  // exact
  bool up = false;
  switch (mode) {
    case Rounding::kHalfToEven:
      up = rest > 0.5f || (rest == 0.5f && (static_cast<int32_t>(x) & 1));
      break;
    case Rounding::kHalfAwayFromZero:
      up = rest >= 0.5f;
      break;
    case Rounding::kTowardZero:
      break;
    case Rounding::kDown:
      up = negative && rest > 0;
      break;
    case Rounding::kUp:
      up = !negative && rest > 0;
      break;
    case Rounding::kHalfUp:
      up = negative ? rest > 0.5f : rest >= 0.5f;
      break;
    case Rounding::kHalfDown:
      up = negative ? rest >= 0.5f : rest > 0.5f;
      break;
  }
  if (up) whole += 1.0f;
  return BitsFloat(FloatBits(whole) | (bits & 0x80000000u));
}

int64_t FloatToInteger(float value, DType type, Rounding mode) {
  const uint32_t magnitude = FloatBits(value) & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return 0;
  const float rounded = RoundToIntegral(value, mode);
  // The limits are exact or rounded outward; comparing in double is exact.
  const double wide = rounded;
  if (wide <= static_cast<double>(MinOf(type))) return MinOf(type);
  if (wide >= static_cast<double>(MaxOf(type))) return MaxOf(type);
  return static_cast<int64_t>(wide);
}

void FloatToIntegerRow(DType type, Rounding mode, int64_t count,
                       const float* values, int64_t* out) {
  if (mode != Rounding::kHalfAwayFromZero || type == DType::kU32) {
    for (int64_t i = 0; i < count; ++i)
      out[i] = FloatToInteger(values[i], type, mode);
    return;
  }
  constexpr float kWhole = 8388608.0f;  // from here on all numbers are integers
  constexpr float kMostInt32 = 2147483520.0f;
  const int64_t low = MinOf(type), high = MaxOf(type);
  // Exact, or rounded outward.
  const float low_float = static_cast<float>(low);
  const float high_float = static_cast<float>(high);
  Vectorized([=]() TPUC_INLINE_LOOP {
    for (int64_t i = 0; i < count; ++i) {
      const float x = values[i], size = x < 0 ? -x : x;
      const float small = size < kWhole ? size : 0.0f;
      const float floor = static_cast<float>(static_cast<int32_t>(small));
      const float near = small - floor >= 0.5f ? floor + 1.0f : floor;
      const float rounded = size < kWhole ? near : size;
      const float number = x < 0 ? -rounded : rounded;
      // What a conversion can't take is replaced below.
      const float least = number > low_float ? number : low_float;
      const float inside = least < kMostInt32 ? least : kMostInt32;
      int64_t integer = static_cast<int32_t>(inside);
      integer = number <= low_float ? low : integer;
      integer = number >= high_float ? high : integer;
      out[i] = x == x ? integer : 0;
    }
  });
}

float IntegerToFloat(int64_t value, Rounding mode, DType type) {
  const int precision = type == DType::kF16    ? 11
                        : type == DType::kBF16 ? 8
                                               : 24;
  const bool negative = value < 0;
  uint64_t magnitude = negative ? 0 - static_cast<uint64_t>(value)
                                : static_cast<uint64_t>(value);
  if (magnitude < (uint64_t{1} << precision)) return static_cast<float>(value);
  int shift = 0;
  while ((magnitude >> shift) >= (uint64_t{1} << precision)) ++shift;
  // Sign-aware rounding on the signed value, then an exact scaling.
  const int64_t quotient = Shift(value, -shift, mode);
  return std::ldexp(static_cast<float>(quotient), shift);
}

int64_t Requant0(int64_t value, const FloatRequant& p, DType type) {
  const float product = Multiply(IntegerToFloat(value, p.input_mode), p.scale);
  return FloatToInteger(product + p.offset, type, p.output_mode);
}

int64_t Requant1(int64_t value, const IntegerRequant& p, DType type) {
  const int64_t shifted = Shift(value * p.multiplier, p.shift, p.mode);
  return Saturate(shifted + p.zero_point, type);
}

float Dequant0(int64_t value, int32_t zero_point, float scale) {
  return Multiply(IntegerToFloat(value - zero_point, Rounding::kHalfToEven),
                  scale);
}

int64_t Dequant1(int64_t value, const IntegerRequant& p, DType type) {
  const int64_t product = (value - p.zero_point) * p.multiplier;
  return Saturate(Shift(product, p.shift, p.mode), type);
}

void Requant0Row(const FloatRequant& p, DType in, DType out, int64_t count,
                 const void* src, int64_t src_stride, void* dst,
                 int64_t dst_stride) {
  const ScopedFlushDenormals flush;
  ForEachPart(in, out, count, src, src_stride, dst, dst_stride,
              [&](int64_t* values, int64_t part) {
                for (int64_t j = 0; j < part; ++j) {
                  values[j] = Requant0(values[j], p, out);
                }
              });
}

void Requant1Row(const IntegerRequant& p, DType in, DType out, int64_t count,
                 const void* src, int64_t src_stride, void* dst,
                 int64_t dst_stride) {
  const int64_t multiplier = p.multiplier, zero = p.zero_point;
  ForEachPart(in, out, count, src, src_stride, dst, dst_stride,
              [&](int64_t* values, int64_t part) {
                Vectorized([=]() TPUC_INLINE_LOOP {
                  for (int64_t j = 0; j < part; ++j) values[j] *= multiplier;
                });
                ShiftRow(p.shift, p.mode, part, values);
                Vectorized([=]() TPUC_INLINE_LOOP {
                  for (int64_t j = 0; j < part; ++j) values[j] += zero;
                });
                SaturateRow(out, part, values);
              });
}

void Dequant0Row(int32_t zero_point, float scale, DType in, int64_t count,
                 const void* src, int64_t src_stride, float* dst,
                 int64_t dst_stride) {
  const ScopedFlushDenormals flush;
  int64_t values[kChunk];
  const char* from = static_cast<const char*>(src);
  const int64_t step = src_stride * static_cast<int64_t>(SizeOf(in));
  for (int64_t i = 0; i < count; i += kChunk) {
    const int64_t part = std::min(kChunk, count - i);
    LoadIntegerRow(in, from + i * step, src_stride, part, values);
    if (dst_stride == 1) {
      float* const to = dst + i;
      const int64_t* const integers = values;
      // The conversion rounds to nearest even, as Dequant0's.
      Vectorized([=]() TPUC_INLINE_LOOP {
        for (int64_t j = 0; j < part; ++j) {
          to[j] = Multiply(static_cast<float>(integers[j] - zero_point), scale);
        }
      });
      continue;
    }
    for (int64_t j = 0; j < part; ++j) {
      dst[(i + j) * dst_stride] = Dequant0(values[j], zero_point, scale);
    }
  }
}

void Dequant1Row(const IntegerRequant& p, DType in, DType out, int64_t count,
                 const void* src, int64_t src_stride, void* dst,
                 int64_t dst_stride) {
  const int64_t multiplier = p.multiplier, zero = p.zero_point;
  ForEachPart(in, out, count, src, src_stride, dst, dst_stride,
              [&](int64_t* values, int64_t part) {
                Vectorized([=]() TPUC_INLINE_LOOP {
                  for (int64_t j = 0; j < part; ++j) {
                    values[j] = (values[j] - zero) * multiplier;
                  }
                });
                ShiftRow(p.shift, p.mode, part, values);
                SaturateRow(out, part, values);
              });
}

void LoadIntegerRow(DType type, const void* data, int64_t stride, int64_t count,
                    int64_t* out) {
  switch (type) {
    case DType::kI8:
      return LoadRow<int8_t>(data, stride, count, out);
    case DType::kU8:
    case DType::kBool:
      return LoadRow<uint8_t>(data, stride, count, out);
    case DType::kI16:
      return LoadRow<int16_t>(data, stride, count, out);
    case DType::kU16:
    case DType::kF16:
    case DType::kBF16:
      return LoadRow<uint16_t>(data, stride, count, out);
    case DType::kI32:
      return LoadRow<int32_t>(data, stride, count, out);
    case DType::kU32:
    case DType::kF32:
      return LoadRow<uint32_t>(data, stride, count, out);
    case DType::kI64:
    case DType::kF64:
      return LoadRow<int64_t>(data, stride, count, out);
  }
}

void StoreIntegerRow(DType type, bool saturate, const int64_t* in,
                     int64_t count, void* data, int64_t stride) {
  int64_t limited[kChunk];
  if (saturate) {
    char* to = static_cast<char*>(data);
    const int64_t step = stride * static_cast<int64_t>(SizeOf(type));
    for (int64_t i = 0; i < count; i += kChunk) {
      const int64_t part = std::min(kChunk, count - i);
      std::copy_n(in + i, part, limited);
      SaturateRow(type, part, limited);
      StoreIntegerRow(type, false, limited, part, to + i * step, stride);
    }
    return;
  }
  switch (SizeOf(type)) {
    case 1:
      return StoreRow<uint8_t>(in, count, data, stride);
    case 2:
      return StoreRow<uint16_t>(in, count, data, stride);
    case 4:
      return StoreRow<uint32_t>(in, count, data, stride);
    default:
      return StoreRow<int64_t>(in, count, data, stride);
  }
}

}  // namespace tpuc::numerics
