// SPDX-License-Identifier: Apache-2.0
// e^x in f32 (docs/isa/bm1684x.md, f), shared by whoever performs the steps:
//
//   x = min(max(x, kExpMin), kExpMax)
//   k = floor(x * kLog2E)                     cast f32 -> f32, toward -infinity
//   r = x - k * kLn2                          product and difference rounded
//   i = min(max(int16(k), -kExpBias), kExpBias)   cast half away from zero
//   y = taylor(r, 1/j!, kExpTerms) * bits((i + kExpBias) << kExpMantissaBits)
//
// The limits: e^kExpMin is less than half of the least normal number, so the
// result is 0; e^kExpMax is the largest finite one. They keep r small. (With
// the recipe's own limits, +-3.4e35, r has an absolute error of k * 2^-24, so
// that from x = -1.8e12 on the series may overflow, and infinity * 0 gives NaN
// for a softmax over masked values.)
#pragma once

#include <cstdint>

namespace tpuc::numerics {

inline constexpr float kExpMin = -104.0f;
inline constexpr float kExpMax = 88.72283f;
inline constexpr float kLog2E = 1.442695f;
inline constexpr float kLn2 = 0.6931472f;
inline constexpr int kExpBias = 127;
inline constexpr int kExpMantissaBits = 23;

// 1/j!, nearest f32: what the runtime keeps in static memory at offset 1024.
inline constexpr int kExpTerms = 10;
inline constexpr float kExpSeries[kExpTerms] = {
    1.0f,       1.0f,       1.0f / 2,    1.0f / 6,     1.0f / 24,
    1.0f / 120, 1.0f / 720, 1.0f / 5040, 1.0f / 40320, 1.0f / 362880};

}  // namespace tpuc::numerics
