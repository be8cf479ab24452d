// SPDX-License-Identifier: Apache-2.0
// The chip's number formats (docs/isa/bm1684x.md, a and c.0).
//
// f16: IEEE, denormals kept. bf16: denormals flushed to a zero of the same
// sign, on reading and, after rounding to 8 bits, on writing. A NaN that is
// written in either 16-bit format becomes 0x7FFF. f32: x86 arithmetic with FTZ
// and DAZ set; whoever computes in f32 holds a ScopedFlushDenormals.
//
// Other processors give the same bits, but for the sign and payload of f32
// NaNs. What 64-bit ARM (FPCR.FZ) does otherwise, Multiply and RoundToF32 make
// good: x86 flushes a result that is tiny after it was rounded, ARM one that is
// tiny before. They differ where the exact result lies within half a unit below
// 2^-126, which only products and conversions from double reach: sums that
// small are exact.
#pragma once

#include <cstdint>
#include <cstring>

#include "compiler/support/dtype.h"

namespace tpuc::numerics {

// The 3-bit "prec" code of instructions. Signedness is a separate bit there.
enum class Precision : uint8_t {
  kInt8 = 0,
  kF16 = 1,
  kF32 = 2,
  kInt16 = 3,
  kInt32 = 4,
  kBF16 = 5,
};

// Element type of an instruction's (prec, sign) pair. False for the codes that
// this chip doesn't have (6 int4, 7 fp8).
bool FromPrecision(uint32_t code, bool is_signed, DType* type);
Precision ToPrecision(DType type);  // kI64, kF64 and kBool have none: kInt8.

// Rounding codes of instructions (c.0 "Rounding modes").
enum class Rounding : uint8_t {
  kHalfToEven = 0,
  kHalfAwayFromZero = 1,
  kTowardZero = 2,
  kDown = 3,
  kUp = 4,
  kHalfUp = 5,    // ties toward +infinity
  kHalfDown = 6,  // ties toward -infinity
};

inline uint32_t FloatBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
inline float BitsFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

// x to the nearest f32, as x86 converts it under ScopedFlushDenormals.
__attribute__((always_inline)) inline float RoundToF32(double x) {
  const float narrow = static_cast<float>(x);
#if defined(__aarch64__)
  // From here on numbers round to 2^-126, the smallest that isn't flushed.
  constexpr double kRoundsToNormal = 0x1.ffffffp-127;
  if (narrow == 0.0f && (x >= kRoundsToNormal || x <= -kRoundsToNormal)) {
    return x < 0 ? -0x1p-126f : 0x1p-126f;
  }
#endif
  return narrow;
}

// a * b, rounded once, as x86 computes it under ScopedFlushDenormals.
__attribute__((always_inline)) inline float Multiply(float a, float b) {
  const float product = a * b;
#if defined(__aarch64__)
  if (product == 0.0f) {  // doubles hold all products exactly
    return RoundToF32(static_cast<double>(a) * static_cast<double>(b));
  }
#endif
  return product;
}

// Exact widening. f16 NaN becomes an f32 NaN; bf16 denormals become zero.
float F16ToF32(uint16_t bits);
float BF16ToF32(uint16_t bits);

// RoundToF32ing. Modes 3 and 4 look at the sign, 5 and 6 act on the magnitude
// (half away from zero, half toward zero) as the chip's f32 -> f16 cast does.
// Overflow gives infinity in every mode. A NaN keeps its sign in all modes but
// half-to-even.
uint16_t F32ToF16(float value, Rounding mode = Rounding::kHalfToEven);
uint16_t F32ToBF16(float value, Rounding mode = Rounding::kHalfToEven);

// Rounds to the nearest f16/bf16 number and widens again.
float RoundToF16(float value);
float RoundToBF16(float value);

inline bool IsFloat(DType type) {
  return type == DType::kF32 || type == DType::kF16 || type == DType::kBF16;
}
inline bool IsSignedInteger(DType type) {
  return type == DType::kI8 || type == DType::kI16 || type == DType::kI32;
}
inline bool IsUnsignedInteger(DType type) {
  return type == DType::kU8 || type == DType::kU16 || type == DType::kU32;
}
// Limits of an integer type of at most 32 bits.
int64_t MinOf(DType type);
int64_t MaxOf(DType type);

// Reads element `i` of a float array as f32, writes an f32 rounded to nearest
// even. Scalar helpers for set-up code; the kernels use the row functions.
float LoadFloat(DType type, const void* data, int64_t i);
void StoreFloat(DType type, void* data, int64_t i, float value);
// The same for integer types.
int64_t LoadInteger(DType type, const void* data, int64_t i);
void StoreIntegerWrapped(DType type, void* data, int64_t i, int64_t value);

// Rows: `count` elements, `stride` elements apart (0 repeats the first).
// Loads from any float type to dense f32; stores dense f32 with RNE.
void LoadFloatRow(DType type, const void* data, int64_t stride, int64_t count,
                  float* out);
void StoreFloatRow(DType type, const float* in, int64_t count, void* data,
                   int64_t stride);

// Rounds dense f32 to numbers of a float type, in place.
void RoundFloatRow(DType type, int64_t count, float* x);

// Sets FTZ and DAZ of the calling thread for the life time of the object, or
// clears them: bf16 arithmetic of AR keeps tiny f32 intermediates, since a
// product just below 2^-126 may round up to a bf16 number.
class ScopedFlushDenormals {
 public:
  explicit ScopedFlushDenormals(bool flush = true);
  ~ScopedFlushDenormals();
  ScopedFlushDenormals(const ScopedFlushDenormals&) = delete;
  ScopedFlushDenormals& operator=(const ScopedFlushDenormals&) = delete;

 private:
  uint64_t saved_;
};

// Which implementation of the kernels runs. The best one that the processor
// has is chosen at start; results are the same for all.
enum class VectorLevel {
  kScalar,
  kAvx2,        // and F16C
  kAvx512,      // F, BW, DQ, VL
  kAvx512Vnni,  // and VNNI
};
VectorLevel CurrentVectorLevel();
// For tests and measurements; not thread-safe. Returns the level now in use,
// which is at most what the processor has.
VectorLevel SetVectorLevel(VectorLevel level);

}  // namespace tpuc::numerics
