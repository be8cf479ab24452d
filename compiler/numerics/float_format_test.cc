// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/float_format.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "compiler/numerics/vector_levels.h"
#include "gtest/gtest.h"

namespace tpuc::numerics {
namespace {

TEST(F16, EveryNumberSurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const uint16_t h = static_cast<uint16_t>(bits);
    const bool nan = (h & 0x7FFF) > 0x7C00;
    EXPECT_EQ(F32ToF16(F16ToF32(h)), nan ? 0x7FFF : h) << bits;
  }
}

TEST(F16, KnownValues) {
  EXPECT_EQ(F16ToF32(0x0001), std::ldexp(1.0f, -24));
  EXPECT_EQ(F16ToF32(0x3C00), 1.0f);
  EXPECT_EQ(F16ToF32(0x7BFF), 65504.0f);
  EXPECT_EQ(F32ToF16(65519.0f), 0x7BFF);
  EXPECT_EQ(F32ToF16(65520.0f), 0x7C00);  // the tie goes to even: infinity
  EXPECT_EQ(F32ToF16(std::ldexp(1.0f, -25)), 0x0000);  // tie to even
  EXPECT_EQ(F32ToF16(std::ldexp(1.5f, -25)), 0x0001);
  EXPECT_EQ(F32ToF16(1.0f + std::ldexp(1.0f, -11)), 0x3C00);
  EXPECT_EQ(F32ToF16(1.0f + std::ldexp(3.0f, -11)), 0x3C02);
}

TEST(F16, RoundingModesAreThoseOfTheCast) {
  const float tie = 1.0f + std::ldexp(1.0f, -11);
  const uint16_t down = 0x3C00, up = 0x3C01;
  EXPECT_EQ(F32ToF16(tie, Rounding::kHalfAwayFromZero), up);
  EXPECT_EQ(F32ToF16(tie, Rounding::kTowardZero), down);
  EXPECT_EQ(F32ToF16(tie, Rounding::kDown), down);
  EXPECT_EQ(F32ToF16(tie, Rounding::kUp), up);
  // 5 and 6 look at the magnitude.
  EXPECT_EQ(F32ToF16(-tie, Rounding::kHalfUp), up | 0x8000);
  EXPECT_EQ(F32ToF16(-tie, Rounding::kHalfDown), down | 0x8000);
  EXPECT_EQ(F32ToF16(-tie, Rounding::kDown), up | 0x8000);
  EXPECT_EQ(F32ToF16(-tie, Rounding::kUp), down | 0x8000);
  EXPECT_EQ(F32ToF16(65535.9f, Rounding::kTowardZero), 0x7BFF);
  EXPECT_EQ(F32ToF16(65536.0f, Rounding::kTowardZero), 0x7C00);
}

TEST(BF16, FlushesDenormalsAndKeepsTheRest) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const uint16_t h = static_cast<uint16_t>(bits);
    uint16_t expected = h;
    if ((h & 0x7FFF) > 0x7F80) expected = 0x7FFF;
    if ((h & 0x7F80) == 0) expected = h & 0x8000;
    EXPECT_EQ(F32ToBF16(BF16ToF32(h)), expected) << bits;
  }
}

TEST(BF16, TinyNumbersRoundBeforeTheyAreFlushed) {
  EXPECT_EQ(F32ToBF16(BitsFloat(0x007FC000)), 0x0080);
  EXPECT_EQ(F32ToBF16(BitsFloat(0x807FC000)), 0x8080);
  EXPECT_EQ(F32ToBF16(BitsFloat(0x007FBFFF)), 0x0000);
}

TEST(Rows, EqualTheScalarDefinition) {
  std::mt19937 random(7);
  std::vector<float> values;
  for (int i = 0; i < 4096; ++i) values.push_back(BitsFloat(random()));
  for (uint32_t special : {0u, 0x80000000u, 0x7F800000u, 0xFF800000u,
                           0x7FC00000u, 0x007FC000u, 0x007FFFFFu, 1u}) {
    values.push_back(BitsFloat(special));
  }
  const int64_t count = static_cast<int64_t>(values.size());
  for (DType type : {DType::kF16, DType::kBF16}) {
    std::vector<uint16_t> row(values.size());
    StoreFloatRow(type, values.data(), count, row.data(), 1);
    std::vector<float> back(values.size());
    LoadFloatRow(type, row.data(), 1, count, back.data());
    for (int64_t i = 0; i < count; ++i) {
      uint16_t one;
      StoreFloat(type, &one, 0, values[i]);
      ASSERT_EQ(row[i], one) << FloatBits(values[i]);
      if (!std::isnan(back[i])) {
        ASSERT_EQ(FloatBits(back[i]), FloatBits(LoadFloat(type, &one, 0)));
      }
    }
  }
}

TEST(ScopedFlushDenormals, SetsAndRestoresTheState) {
  const volatile float tiny = std::numeric_limits<float>::denorm_min();
  const volatile float two = 2.0f;
  EXPECT_NE(tiny * two, 0.0f);
  {
    const ScopedFlushDenormals flush;
    EXPECT_EQ(FloatBits(tiny * two), 0u);
    {
      const ScopedFlushDenormals keep(false);
      EXPECT_NE(FloatBits(tiny * two), 0u);
    }
    EXPECT_EQ(FloatBits(tiny * two), 0u);
  }
  EXPECT_NE(tiny * two, 0.0f);
}

// Results are flushed when they are tiny after rounding, on every processor.
TEST(Multiply, RoundsBeforeItFlushes) {
  const ScopedFlushDenormals flush;
  const float smallest = std::numeric_limits<float>::min();
  const struct {
    uint32_t a, b, product;
  } kCases[] = {
      {0x3F7FFFFF, 0x00800000, 0x00000000},  // 2^-126 (1 - 2^-24)
      {0x3F7FFFE0, 0x00800010, 0x00800000},  // 2^-126 (1 - 2^-38)
      {0xBF7FFFE0, 0x00800010, 0x80800000},
      {0x3F800000, 0x00800000, 0x00800000},
      {0x00000001, 0x7F000000, 0x00000000},  // a denormal is read as zero
  };
  for (const auto& c : kCases) {
    const volatile float a = BitsFloat(c.a), b = BitsFloat(c.b);
    EXPECT_EQ(FloatBits(Multiply(a, b)), c.product) << std::hex << c.a;
  }
  const volatile double half_below = 0x1.ffffffp-127, below = 0x1.fffffe8p-127;
  EXPECT_EQ(RoundToF32(half_below), smallest);
  EXPECT_EQ(RoundToF32(-half_below), -smallest);
  EXPECT_EQ(FloatBits(RoundToF32(below)), 0u);
  EXPECT_EQ(FloatBits(RoundToF32(-below)), 0x80000000u);
}

// All products of two numbers around the smallest one that isn't flushed.
TEST(Multiply, IsTheExactProductRounded) {
  const ScopedFlushDenormals flush;
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    const uint32_t fraction = random() & 0x7FFFFF;
    // b is next to 2^-126 / a.
    const float a = BitsFloat(0x3F000000 | fraction);
    const double exact = 0x1p-126 / static_cast<double>(a);
    const uint32_t near = FloatBits(static_cast<float>(exact * 0x1p64));
    const float b = BitsFloat(near + random() % 5 - 2 - (uint32_t{64} << 23));
    const double product = static_cast<double>(a) * static_cast<double>(b);
    const float expected = product < 0x1.ffffffp-127 ? 0.0f
                           : product < 0x1p-126      ? 0x1p-126f
                                                : static_cast<float>(product);
    const volatile float x = a, y = b;
    ASSERT_EQ(FloatBits(Multiply(x, y)), FloatBits(expected))
        << std::hex << FloatBits(a) << " " << FloatBits(b);
  }
}

// Numbers near every border of the 16-bit formats, and random bits.
std::vector<float> AwkwardFloats(size_t count) {
  std::vector<float> values = {0.0f,
                               -0.0f,
                               INFINITY,
                               -INFINITY,
                               NAN,
                               -NAN,
                               65504.0f,
                               65519.99f,
                               65520.0f,
                               65536.0f,
                               std::ldexp(1.0f, -14),
                               std::ldexp(1.0f, -24),
                               std::ldexp(1.0f, -25),
                               std::ldexp(1.5f, -25),
                               std::ldexp(1.0f, -126),
                               -std::ldexp(1.0f, -126),
                               std::ldexp(1.0f, -130),
                               BitsFloat(0x007FC000),
                               BitsFloat(0x007FBFFF),
                               BitsFloat(0x807FFFFF),
                               BitsFloat(0x00000001),
                               BitsFloat(0x7F7F8000),
                               BitsFloat(0x7F7FFFFF),
                               BitsFloat(0x7F800001),
                               BitsFloat(0x3F808000),
                               BitsFloat(0x3F818000)};
  std::mt19937 random(5);
  while (values.size() < count) {
    values.push_back(BitsFloat(static_cast<uint32_t>(random())));
  }
  values.resize(count);
  return values;
}

TEST(Rows, VectorsNarrowAsTheScalarDefinitionAtEveryLength) {
  for (DType type : {DType::kF16, DType::kBF16}) {
    for (int64_t stride : {1, 3}) {
      const std::vector<float> values = AwkwardFloats(4000);
      for (int64_t count = 0; count <= 4000; count += count < 80 ? 1 : 1960) {
        ExpectSameAtAllLevels([&] {
          std::vector<uint16_t> out(static_cast<size_t>(count * stride + 1),
                                    0xABCD);
          StoreFloatRow(type, values.data() + (count < 80 ? count / 2 : 0),
                        count, out.data(), stride);
          return out;
        });
      }
    }
  }
}

TEST(Rows, VectorsWidenEveryNumberAsTheScalarDefinition) {
  std::vector<uint16_t> all(0x10000);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  for (DType type : {DType::kF16, DType::kBF16}) {
    for (int64_t stride : {0, 1, 3}) {
      for (int64_t count : {0x10000, 1, 5, 7, 9, 15, 17, 31, 33, 65}) {
        if (stride > 1) count = count / stride;
        ExpectSameAtAllLevels([&] {
          std::vector<float> out(static_cast<size_t>(count) + 1, -7.0f);
          LoadFloatRow(type, all.data(), stride, count, out.data());
          std::vector<uint32_t> bits(out.size());
          std::memcpy(bits.data(), out.data(), bits.size() * 4);
          return bits;
        });
      }
    }
  }
}

}  // namespace
}  // namespace tpuc::numerics
