// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tpuc::interpreter {

// e to the x to 40 bits, by operations that every processor and vector width
// rounds alike: for results that are rounded to f32. A loop over it is
// vectorised. Saturates beyond +-700.
inline double Exp(double x) {
  constexpr double kLog2E = 1.4426950408889634;
  // Their sum is ln(2); small multiples of the first one are exact.
  constexpr double kLn2High = 0x1.62e42feep-1, kLn2Low = 0x1.a39ef35793c76p-33;
  // Adding it rounds to an integer, which the lowest bits then hold.
  constexpr double kRound = 0x1.8p52;
  x = x < -700 ? -700 : x;
  x = x > 700 ? 700 : x;
  const double shifted = x * kLog2E + kRound;
  const double n = shifted - kRound;
  const double r = (x - n * kLn2High) - n * kLn2Low;
  // Taylor's series; |r| <= ln(2) / 2.
  double p = 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1;
  p = p * r + 1;
  const uint64_t exponent = (__builtin_bit_cast(uint64_t, shifted) + 1023)
                            << 52;
  return p * __builtin_bit_cast(double, exponent);
}

}  // namespace tpuc::interpreter
