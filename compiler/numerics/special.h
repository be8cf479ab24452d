// SPDX-License-Identifier: Apache-2.0
// SFU, LIN and CMP rows (docs/isa/bm1684x.md, c.7, c.8, c.9) and the AR
// division that is built on rsqrt. Strides in elements.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "compiler/numerics/elementwise.h"
#include "compiler/numerics/float_format.h"
#include "compiler/support/dtype.h"

namespace tpuc::numerics {

// r = bits(0x5F3759DF - (bits(x) >> 1)), then iterations + 1 Newton steps
// r = r * (1.5 - (0.5x * r) * r), every operation rounded to f32. No special
// cases: see c.7 for what zero, infinity and negative numbers give.
float Rsqrt(float x, int iterations);
// a * (r * r) with r = Rsqrt(|b|), the sign of b applied (c.1 row 12).
float Divide(float a, float b, int iterations);

// Dense f32 rows; the caller holds a ScopedFlushDenormals.
void DivideRow(int iterations, int64_t count, const float* a, const float* b,
               float* res);

void RsqrtRow(int iterations, int64_t count, const float* x, int64_t x_stride,
              float* res, int64_t res_stride);

// Horner from coefficients[terms - 1] down; product and sum each rounded to
// `type` (f32, f16, bf16), in which x, coefficients and res are.
void TaylorRow(DType type, int64_t count, const void* x, int64_t x_stride,
               const void* coefficients, int64_t terms, void* res,
               int64_t res_stride);

// Nearest power of two (mantissa switches at 4/3), or its biased exponent when
// `res_type` is an integer: int32 for f32, int16 for f16 and bf16.
void NormalizeRow(DType type, DType res_type, int64_t count, const void* x,
                  int64_t x_stride, void* res, int64_t res_stride);

enum class LinOp : uint8_t {
  kMultiplyAdd = 1,          // x * p + q, product rounded first
  kSquareOfSum = 20,         // (x + p)^2
  kSquareOfDifference = 21,  // (x - p)^2
};
// p, q: raw values in `type`.
void LinRow(LinOp op, DType type, const void* p, const void* q, int64_t count,
            const void* x, int64_t x_stride, void* res, int64_t res_stride);

// CMP, tsk_eu_typ codes.
enum class CmpOp : uint8_t {
  kMaxAndSelect = 22,
  kSelectGreater = 23,
  kSelectEqual = 24,
  kMinAndSelect = 25,
  kSelectLess = 26,
};
// a, b in `compare`; c, d and the selected result in `select` (sizes matter
// only). extreme: res0 of kMaxAndSelect / kMinAndSelect in `compare`, else
// null.
void CompareRow(CmpOp op, DType compare, DType select, int64_t count,
                RowOperand a, RowOperand b, RowOperand c, RowOperand d,
                void* extreme, int64_t extreme_stride, void* selected,
                int64_t selected_stride);

}  // namespace tpuc::numerics
