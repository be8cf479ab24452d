// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/special.h"

#include <algorithm>

#include "compiler/numerics/select.h"
#include "compiler/numerics/simd.h"

namespace tpuc::numerics {
namespace {

constexpr int64_t kChunk = 256;

inline __attribute__((always_inline)) float RsqrtInline(float x,
                                                        int iterations) {
  // The shift is arithmetic: negative numbers give their own garbage.
  const int32_t halved = static_cast<int32_t>(FloatBits(x)) >> 1;
  float r = BitsFloat(0x5F3759DFu - static_cast<uint32_t>(halved));
  const float half = Multiply(0.5f, x);
  for (int i = 0; i <= iterations; ++i) {
    const float t = Multiply(Multiply(half, r), r);
    r = Multiply(r, 1.5f - t);
  }
  return r;
}

struct FloatFields {
  int fraction_bits;
  int exponent_bits;
  uint32_t switch_fraction;  // the exponent grows above this fraction
};

FloatFields FieldsOf(DType type) {
  switch (type) {
    case DType::kF16:
      return {10, 5, 0x155};
    case DType::kBF16:
      return {7, 8, 0x2B};
    default:
      return {23, 8, 0x2AAAAB};
  }
}

char* At(void* data, DType type, int64_t i) {
  return static_cast<char*>(data) + i * static_cast<int64_t>(SizeOf(type));
}
const char* At(const void* data, DType type, int64_t i) {
  return static_cast<const char*>(data) +
         i * static_cast<int64_t>(SizeOf(type));
}

}  // namespace

float Rsqrt(float x, int iterations) { return RsqrtInline(x, iterations); }

__attribute__((always_inline)) inline float DivideInline(float a, float b,
                                                         int iterations) {
  const uint32_t bits = FloatBits(b);
  const float r = RsqrtInline(BitsFloat(bits & 0x7FFFFFFF), iterations);
  const float quotient = Multiply(a, Multiply(r, r));
  return BitsFloat(FloatBits(quotient) ^ (bits & 0x80000000u));
}

float Divide(float a, float b, int iterations) {
  return DivideInline(a, b, iterations);
}

void DivideRow(int iterations, int64_t count, const float* a, const float* b,
               float* res) {
  Vectorized([=]() TPUC_INLINE_LOOP {
    for (int64_t i = 0; i < count; ++i)
      res[i] = DivideInline(a[i], b[i], iterations);
  });
}

void RsqrtRow(int iterations, int64_t count, const float* x, int64_t x_stride,
              float* res, int64_t res_stride) {
  const ScopedFlushDenormals flush;
  for (int64_t i = 0; i < count; ++i) {
    res[i * res_stride] = RsqrtInline(x[i * x_stride], iterations);
  }
}

void TaylorRow(DType type, int64_t count, const void* x, int64_t x_stride,
               const void* coefficients, int64_t terms, void* res,
               int64_t res_stride) {
  const ScopedFlushDenormals flush;
  for (int64_t i = 0; i < count; i += kChunk) {
    const int64_t part = std::min(kChunk, count - i);
    float v[kChunk], r[kChunk];
    LoadFloatRow(type, At(x, type, i * x_stride), x_stride, part, v);
    const float last = LoadFloat(type, coefficients, terms - 1);
    std::fill_n(r, part, last);
    for (int64_t k = terms - 2; k >= 0; --k) {
      const float term = LoadFloat(type, coefficients, k);
      Vectorized([&]() TPUC_INLINE_LOOP {
        for (int64_t j = 0; j < part; ++j) r[j] = Multiply(r[j], v[j]);
      });
      RoundFloatRow(type, part, r);
      Vectorized([&]() TPUC_INLINE_LOOP {
        for (int64_t j = 0; j < part; ++j) r[j] = r[j] + term;
      });
      RoundFloatRow(type, part, r);
    }
    StoreFloatRow(type, r, part, At(res, type, i * res_stride), res_stride);
  }
}

void NormalizeRow(DType type, DType res_type, int64_t count, const void* x,
                  int64_t x_stride, void* res, int64_t res_stride) {
  const FloatFields f = FieldsOf(type);
  const uint32_t top = (1u << f.exponent_bits) - 1;
  const bool to_float = IsFloat(res_type);
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t bits = SizeOf(type) == 4
                              ? static_cast<const uint32_t*>(x)[i * x_stride]
                              : static_cast<const uint16_t*>(x)[i * x_stride];
    const uint32_t fraction = bits & ((1u << f.fraction_bits) - 1);
    const uint32_t exponent = (bits >> f.fraction_bits) & top;
    const uint32_t sign = (bits >> (f.fraction_bits + f.exponent_bits)) & 1;
    uint32_t result = exponent;
    // Denormals and NaN are no exception; of negative numbers the fraction is
    // ignored.
    if (sign == 0 && fraction > f.switch_fraction) ++result;
    if (to_float) {
      const bool nan = result > top;
      result = nan ? 0
                   : (result << f.fraction_bits) |
                         (sign << (f.fraction_bits + f.exponent_bits));
    }
    if (SizeOf(res_type) == 4) {
      static_cast<uint32_t*>(res)[i * res_stride] = result;
    } else {
      static_cast<uint16_t*>(res)[i * res_stride] =
          static_cast<uint16_t>(result);
    }
  }
}

void LinRow(LinOp op, DType type, const void* p, const void* q, int64_t count,
            const void* x, int64_t x_stride, void* res, int64_t res_stride) {
  const ScopedFlushDenormals flush;
  const float a = LoadFloat(type, p, 0);
  const float b = op == LinOp::kMultiplyAdd ? LoadFloat(type, q, 0) : 0.0f;
  for (int64_t i = 0; i < count; i += kChunk) {
    const int64_t part = std::min(kChunk, count - i);
    float v[kChunk];
    LoadFloatRow(type, At(x, type, i * x_stride), x_stride, part, v);
    switch (op) {
      case LinOp::kMultiplyAdd:
        for (int64_t j = 0; j < part; ++j) v[j] = Multiply(v[j], a);
        RoundFloatRow(type, part, v);
        for (int64_t j = 0; j < part; ++j) v[j] = v[j] + b;
        break;
      case LinOp::kSquareOfSum:
        for (int64_t j = 0; j < part; ++j) v[j] = v[j] + a;
        RoundFloatRow(type, part, v);
        for (int64_t j = 0; j < part; ++j) v[j] = Multiply(v[j], v[j]);
        break;
      case LinOp::kSquareOfDifference:
        for (int64_t j = 0; j < part; ++j) v[j] = v[j] - a;
        RoundFloatRow(type, part, v);
        for (int64_t j = 0; j < part; ++j) v[j] = Multiply(v[j], v[j]);
        break;
    }
    StoreFloatRow(type, v, part, At(res, type, i * res_stride), res_stride);
  }
}

void CompareRow(CmpOp op, DType compare, DType select, int64_t count,
                RowOperand a, RowOperand b, RowOperand c, RowOperand d,
                void* extreme, int64_t extreme_stride, void* selected,
                int64_t selected_stride) {
  const ScopedFlushDenormals flush;
  Relation relation = Relation::kGreater;
  if (op == CmpOp::kSelectEqual) relation = Relation::kEqual;
  if (op == CmpOp::kMinAndSelect || op == CmpOp::kSelectLess) {
    relation = Relation::kLess;
  }
  for (int64_t i = 0; i < count; i += kChunk) {
    const int64_t part = std::min(kChunk, count - i);
    uint8_t mask[kChunk];
    const RowOperand pa{At(a.data, compare, i * a.stride), a.stride};
    const RowOperand pb{At(b.data, compare, i * b.stride), b.stride};
    CompareMask(relation, compare, part, pa, pb, mask);
    if (extreme != nullptr) {
      void* out = At(extreme, compare, i * extreme_stride);
      SelectRow(mask, compare, part, pa, pb, out, extreme_stride);
      FlushDenormalRow(compare, part, out, extreme_stride);
    }
    SelectRow(mask, select, part, {At(c.data, select, i * c.stride), c.stride},
              {At(d.data, select, i * d.stride), d.stride},
              At(selected, select, i * selected_stride), selected_stride);
  }
}

}  // namespace tpuc::numerics
