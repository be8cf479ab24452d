// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/elementwise_integer.h"

#include <algorithm>

#include "compiler/numerics/integer.h"
#include "compiler/numerics/simd.h"

namespace tpuc::numerics {
namespace {

uint64_t Narrow(int64_t value, int bits) {
  return static_cast<uint64_t>(value) & ((uint64_t{1} << bits) - 1);
}

// Left shifts count modulo 32 whatever the width, right shifts round.
// tests/vendor/forms/ar.py: ar.arith_shift.int
int EffectiveShift(int64_t amount) {
  const int a = static_cast<int8_t>(amount);
  return a > 0 ? a % 32 : a;
}

int64_t ArithmeticShift(int64_t value, int amount, Rounding mode) {
  return Shift(value, EffectiveShift(amount), mode);
}

// On the unsigned value.
int64_t LogicShift(int64_t value, int amount, int bits, Rounding mode) {
  return ArithmeticShift(static_cast<int64_t>(Narrow(value, bits)), amount,
                         mode);
}

int64_t Rotate(int64_t value, int amount, int bits) {
  amount %= 32;
  if (amount > bits || -amount > bits) return 0;
  const uint64_t x = Narrow(value, bits);
  const int left = (amount + bits) % bits;
  if (left == 0) return static_cast<int64_t>(x);
  return static_cast<int64_t>(
      Narrow(static_cast<int64_t>((x << left) | (x >> (bits - left))), bits));
}

int64_t LeadingZeros(uint64_t x, int bits) {
  return x == 0 ? bits : __builtin_clzll(x) - (64 - bits);
}

// Whether all values are the same, as those of one channel's shift are.
bool Uniform(int64_t count, const int64_t* values) {
  int64_t difference = 0;
  for (int64_t i = 1; i < count; ++i) difference |= values[i] ^ values[0];
  return difference == 0;
}

// r[i] = f(a[i], b[i])
template <typename Function>
void Map(int64_t count, const int64_t* a, const int64_t* b, int64_t* r,
         const Function& f) {
  Vectorized([=]() TPUC_INLINE_LOOP {
    for (int64_t i = 0; i < count; ++i) r[i] = f(a[i], b[i]);
  });
}

}  // namespace

bool Saturates(ArOp op) {
  return op == ArOp::kAddSaturate || op == ArOp::kSubSaturate ||
         op == ArOp::kMulSaturate || op == ArOp::kMulDoubledHigh ||
         op == ArOp::kMac || op == ArOp::kCast;
}

void IntegerLoop(const ElementwiseSpec& spec, int64_t count, const int64_t* a,
                 const int64_t* b, const int64_t* s, int64_t* r) {
  const int bits = Bits(spec.a);
  switch (spec.op) {
    case ArOp::kMul:
    case ArOp::kMulSaturate:
      if (s == nullptr && SizeOf(spec.a) == 4 && SizeOf(spec.b) == 4) {
        for (int64_t i = 0; i < count; ++i) {
          r[i] = ShiftProduct(a[i], b[i], 0, spec.rounding, Saturates(spec.op));
        }
      } else {
        Map(count, a, b, r, [](int64_t x, int64_t y) TPUC_INLINE_LOOP {
          return static_cast<int64_t>(static_cast<uint64_t>(x) *
                                      static_cast<uint64_t>(y));
        });
      }
      break;
    case ArOp::kAdd:
    case ArOp::kAddSaturate:
      Map(count, a, b, r,
          [](int64_t x, int64_t y) TPUC_INLINE_LOOP { return x + y; });
      break;
    case ArOp::kSub:
    case ArOp::kSubSaturate:
      Map(count, a, b, r,
          [](int64_t x, int64_t y) TPUC_INLINE_LOOP { return x - y; });
      break;
    case ArOp::kMax:
      Map(count, a, b, r,
          [](int64_t x, int64_t y) TPUC_INLINE_LOOP { return x > y ? x : y; });
      break;
    case ArOp::kMin:
      Map(count, a, b, r,
          [](int64_t x, int64_t y) TPUC_INLINE_LOOP { return x > y ? y : x; });
      break;
    case ArOp::kNot:
      for (int64_t i = 0; i < count; ++i) r[i] = ~a[i];
      break;
    case ArOp::kAnd:
      for (int64_t i = 0; i < count; ++i) r[i] = a[i] & b[i];
      break;
    case ArOp::kOr:
      for (int64_t i = 0; i < count; ++i) r[i] = a[i] | b[i];
      break;
    case ArOp::kXor:
      for (int64_t i = 0; i < count; ++i) r[i] = a[i] ^ b[i];
      break;
    case ArOp::kCast:
      for (int64_t i = 0; i < count; ++i) r[i] = a[i];
      break;
    case ArOp::kAbs:
      for (int64_t i = 0; i < count; ++i) r[i] = a[i] < 0 ? -a[i] : a[i];
      break;
    case ArOp::kLogicShift:
      for (int64_t i = 0; i < count; ++i) {
        r[i] = LogicShift(a[i], static_cast<int8_t>(b[i]), bits, spec.rounding);
      }
      break;
    case ArOp::kArithmeticShift:
      if (count > 0 && Uniform(count, b)) {
        std::copy_n(a, count, r);
        return ShiftRow(EffectiveShift(b[0]), spec.rounding, count, r);
      }
      for (int64_t i = 0; i < count; ++i) {
        r[i] = ArithmeticShift(a[i], static_cast<int8_t>(b[i]), spec.rounding);
      }
      break;
    case ArOp::kRotate:
      for (int64_t i = 0; i < count; ++i) {
        r[i] = Rotate(a[i], static_cast<int8_t>(b[i]), bits);
      }
      break;
    case ArOp::kMulDoubledHigh:
      for (int64_t i = 0; i < count; ++i) {
        r[i] =
            ShiftProduct(a[i], b[i], 1 - Bits(spec.res), spec.rounding, true);
      }
      break;
    case ArOp::kFirstOne:
      for (int64_t i = 0; i < count; ++i) {
        r[i] = LeadingZeros(Narrow(a[i], bits), bits);
      }
      break;
    case ArOp::kFirstZero:
      for (int64_t i = 0; i < count; ++i) {
        r[i] = LeadingZeros(Narrow(~a[i], bits), bits);
      }
      break;
    default:
      break;
  }
  if (s == nullptr) return;
  // Products shift at full width; sums in 64 bits, whose upper end they lose.
  const bool product = spec.op == ArOp::kMul || spec.op == ArOp::kMulSaturate;
  const bool saturate = Saturates(spec.op);
  const bool wide = product && SizeOf(spec.a) == 4 && SizeOf(spec.b) == 4;
  constexpr int kSafeShift = 15;  // on 48 bits
  if (count > 0 && Uniform(count, s)) {
    const int shift = static_cast<int8_t>(s[0]);
    if (!product || (!wide && shift <= kSafeShift)) {
      return ShiftRow(shift, spec.rounding, count, r);
    }
  }
  for (int64_t i = 0; i < count; ++i) {
    const int shift = static_cast<int8_t>(s[i]);
    if (!product || (!wide && shift <= kSafeShift)) {
      r[i] = Shift(r[i], shift, spec.rounding);
    } else {
      r[i] = ShiftProduct(a[i], b[i], shift, spec.rounding, saturate);
    }
  }
}

}  // namespace tpuc::numerics
