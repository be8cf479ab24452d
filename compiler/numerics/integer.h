// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic of the chip: shifts with rounding, saturation, casts and
// requantisation (docs/isa/bm1684x.md, c.0, c.1 "cast", c.6).
#pragma once

#include <cstdint>

#include "compiler/numerics/float_format.h"
#include "compiler/support/dtype.h"

namespace tpuc::numerics {

// value * 2^shift on the exact wide value; right shifts (shift < 0) round.
// |value| below 2^62; amounts beyond the width behave as the limit says.
int64_t Shift(int64_t value, int shift, Rounding mode);

// a * b shifted likewise, for |a|, |b| <= 2^32 and any shift: as far as int64_t
// reaches when saturating, else the low 64 bits.
int64_t ShiftProduct(int64_t a, int64_t b, int shift, Rounding mode,
                     bool saturate);

int64_t Saturate(int64_t value, DType type);

// The same for dense rows, in place.
void ShiftRow(int shift, Rounding mode, int64_t count, int64_t* values);
void SaturateRow(DType type, int64_t count, int64_t* values);

// f32 -> integer: rounds, saturates; NaN gives 0. Modes 0..4 exist on the chip.
int64_t FloatToInteger(float value, DType type, Rounding mode);
// The same for a dense row.
void FloatToIntegerRow(DType type, Rounding mode, int64_t count,
                       const float* values, int64_t* out);
// Integer -> float type with the given rounding, as an f32 that may exceed the
// range of a 16-bit type.
float IntegerToFloat(int64_t value, Rounding mode, DType type = DType::kF32);
// Rounds to an integral f32, keeping the sign of zero (cast f32 -> f32).
float RoundToIntegral(float value, Rounding mode);

// RQ&DQ (c.6), one element. `type` is the result type.
struct FloatRequant {  // rq0
  float scale;
  float offset;
  Rounding input_mode;   // integer -> f32
  Rounding output_mode;  // f32 -> integer, 0..4
};
int64_t Requant0(int64_t value, const FloatRequant& p, DType type);

struct IntegerRequant {  // rq1, dq1
  int32_t multiplier;
  int32_t shift;  // negative: right
  int32_t zero_point;
  Rounding mode;
};
// saturate(shift(x * multiplier) + zero_point)
int64_t Requant1(int64_t value, const IntegerRequant& p, DType type);
// f32(x - zero_point) * scale
float Dequant0(int64_t value, int32_t zero_point, float scale);
// saturate(shift((x - zero_point) * multiplier))
int64_t Dequant1(int64_t value, const IntegerRequant& p, DType type);

// Rows. Strides in elements.
void Requant0Row(const FloatRequant& p, DType in, DType out, int64_t count,
                 const void* src, int64_t src_stride, void* dst,
                 int64_t dst_stride);
void Requant1Row(const IntegerRequant& p, DType in, DType out, int64_t count,
                 const void* src, int64_t src_stride, void* dst,
                 int64_t dst_stride);
void Dequant0Row(int32_t zero_point, float scale, DType in, int64_t count,
                 const void* src, int64_t src_stride, float* dst,
                 int64_t dst_stride);
void Dequant1Row(const IntegerRequant& p, DType in, DType out, int64_t count,
                 const void* src, int64_t src_stride, void* dst,
                 int64_t dst_stride);

// Dense int64 rows from and to any integer type; Store wraps or saturates.
void LoadIntegerRow(DType type, const void* data, int64_t stride, int64_t count,
                    int64_t* out);
void StoreIntegerRow(DType type, bool saturate, const int64_t* in,
                     int64_t count, void* data, int64_t stride);

}  // namespace tpuc::numerics
