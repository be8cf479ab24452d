// SPDX-License-Identifier: Apache-2.0
// ln(x) in f32 (docs/isa/bm1684x.md, f), shared by whoever performs the steps:
//
//   m = min(max(x, kLogMin), kLogMax)
//   n = normalize(m)                   SFU, the exponent as int32
//   q = m * bits((kLogTop - n) << kLogMantissaBits)     in [2/3, 4/3]
//   y = taylor(q - 1, series, kLogTerms) + (f32(n) - kLogBias) * kLogLn2
//
// The limits keep the power of two a normal number. Numbers beyond them, zero
// and negative ones among them, are taken for the limit.
#pragma once

#include <cstdint>

namespace tpuc::numerics {

inline constexpr float kLogMin = 1.17549435e-38f;  // 2^-126
inline constexpr float kLogMax = 8.50705917e+37f;  // 2^126
inline constexpr int kLogTop = 254;
inline constexpr int kLogMantissaBits = 23;
inline constexpr float kLogBias = 127.0f;
inline constexpr float kLogLn2 = 0.6931472f;

// 0, 1, -1/2, 1/3, ...: what the runtime keeps in static memory at offset 1152.
inline constexpr int kLogTerms = 16;
inline constexpr int kLogSeriesOffset = 1152;
inline constexpr float kLogSeries[kLogTerms] = {
    0.0f,       1.0f,      -1.0f / 2,  1.0f / 3, -1.0f / 4,  1.0f / 5,
    -1.0f / 6,  1.0f / 7,  -1.0f / 8,  1.0f / 9, -1.0f / 10, 1.0f / 11,
    -1.0f / 12, 1.0f / 13, -1.0f / 14, 1.0f / 15};

// The polynomial p of erf(x) = 1 - t * exp(p(t) - x^2), t = 1 / (1 + x / 2),
// for x >= 0, in static memory at offset 1408.
inline constexpr int kErfTerms = 10;
inline constexpr int kErfSeriesOffset = 1408;
inline constexpr uint32_t kErfSeriesBits[kErfTerms] = {
    0xBFA1FC4E, 0x3F8000C7, 0x3EBF88FB, 0x3DC636C9, 0xBE3EC24C,
    0x3E8EC7CC, 0xBF914E5D, 0x3FBE87B0, 0xBF527892, 0x3E2EF945};

}  // namespace tpuc::numerics
