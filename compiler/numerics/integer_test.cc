// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/integer.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace tpuc::numerics {
namespace {

TEST(Shift, SevenRoundingModes) {
  // value / 4 for 5 (1.25), 6 (1.5), 7, -5, -6, -7, 10 (2.5)
  const struct {
    Rounding mode;
    int64_t expected[7];
  } cases[] = {
      {Rounding::kHalfToEven, {1, 2, 2, -1, -2, -2, 2}},
      {Rounding::kHalfAwayFromZero, {1, 2, 2, -1, -2, -2, 3}},
      {Rounding::kTowardZero, {1, 1, 1, -1, -1, -1, 2}},
      {Rounding::kDown, {1, 1, 1, -2, -2, -2, 2}},
      {Rounding::kUp, {2, 2, 2, -1, -1, -1, 3}},
      {Rounding::kHalfUp, {1, 2, 2, -1, -1, -2, 3}},
      {Rounding::kHalfDown, {1, 1, 2, -1, -2, -2, 2}},
  };
  const int64_t values[7] = {5, 6, 7, -5, -6, -7, 10};
  for (const auto& c : cases) {
    for (int i = 0; i < 7; ++i) {
      EXPECT_EQ(Shift(values[i], -2, c.mode), c.expected[i])
          << "mode " << static_cast<int>(c.mode) << " value " << values[i];
    }
  }
}

TEST(Shift, LeftAndFarRight) {
  EXPECT_EQ(Shift(-3, 4, Rounding::kHalfUp), -48);
  EXPECT_EQ(Shift(1000, -100, Rounding::kHalfUp), 0);
  EXPECT_EQ(Shift(-1, -100, Rounding::kDown), -1);
}

TEST(ShiftProduct, IsExactBeyond64Bits) {
  const int64_t big = 0xFFFFFFFF;
  // (2^32 - 1)^2 / 2^32 = 2^32 - 2 + 2^-32
  EXPECT_EQ(ShiftProduct(big, big, -32, Rounding::kHalfUp, true), big - 1);
  EXPECT_EQ(ShiftProduct(big, big, 10, Rounding::kHalfUp, true),
            std::numeric_limits<int64_t>::max());
  // Far below every limit that it may be saturated to.
  EXPECT_LT(ShiftProduct(-1, 1, 100, Rounding::kHalfUp, true), INT32_MIN);
}

TEST(FloatToInteger, RoundsSaturatesAndReadsNanAsZero) {
  EXPECT_EQ(FloatToInteger(2.5f, DType::kI8, Rounding::kHalfToEven), 2);
  EXPECT_EQ(FloatToInteger(2.5f, DType::kI8, Rounding::kHalfAwayFromZero), 3);
  EXPECT_EQ(FloatToInteger(-2.5f, DType::kI8, Rounding::kDown), -3);
  EXPECT_EQ(FloatToInteger(1e9f, DType::kI8, Rounding::kHalfToEven), 127);
  EXPECT_EQ(FloatToInteger(-1.0f, DType::kU8, Rounding::kHalfToEven), 0);
  EXPECT_EQ(FloatToInteger(std::nanf(""), DType::kI32, Rounding::kDown), 0);
  EXPECT_EQ(FloatToInteger(3e9f, DType::kI32, Rounding::kDown), INT32_MAX);
  // A denormal is a positive number for the ceiling.
  EXPECT_EQ(FloatToInteger(1e-45f, DType::kI32, Rounding::kUp), 1);
}

TEST(IntegerToFloat, RoundsOnce) {
  const int64_t value = (1 << 24) + 1;
  EXPECT_EQ(IntegerToFloat(value, Rounding::kHalfToEven), 16777216.0f);
  EXPECT_EQ(IntegerToFloat(value, Rounding::kUp), 16777218.0f);
  EXPECT_EQ(IntegerToFloat(-value, Rounding::kUp), -16777216.0f);
  EXPECT_EQ(IntegerToFloat(2049, Rounding::kHalfUp, DType::kF16), 2050.0f);
  EXPECT_EQ(IntegerToFloat(-2049, Rounding::kHalfUp, DType::kF16), -2048.0f);
}

TEST(RoundToIntegral, KeepsTheSignOfZero) {
  EXPECT_TRUE(std::signbit(RoundToIntegral(-0.2f, Rounding::kHalfToEven)));
  EXPECT_EQ(RoundToIntegral(-0.2f, Rounding::kDown), -1.0f);
  EXPECT_EQ(RoundToIntegral(1e30f, Rounding::kUp), 1e30f);
}

TEST(Requant, MultiplierAndShift) {
  // 1000 * 3 / 16 = 187.5, half up 188, + 5, saturated to int8.
  const IntegerRequant p{3, -4, 5, Rounding::kHalfUp};
  EXPECT_EQ(Requant1(1000, p, DType::kI16), 193);
  EXPECT_EQ(Requant1(1000, p, DType::kI8), 127);
  EXPECT_EQ(Requant1(-1000, p, DType::kI16), -182);  // -187.5 -> -187
}

TEST(Requant, ScaleAndOffset) {
  const FloatRequant p{0.5f, 1.0f, Rounding::kHalfToEven,
                       Rounding::kHalfAwayFromZero};
  EXPECT_EQ(Requant0(3, p, DType::kI8), 3);  // 2.5 away from zero
  EXPECT_EQ(Requant0(-1000, p, DType::kI8), -128);
}

TEST(Dequant, SubtractsTheZeroPointFirst) {
  EXPECT_EQ(Dequant0(10, 3, 0.25f), 1.75f);
  const IntegerRequant p{2, -1, 3, Rounding::kHalfUp};
  EXPECT_EQ(Dequant1(10, p, DType::kI16), 7);
}

}  // namespace
}  // namespace tpuc::numerics
