// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/special.h"

#include <cmath>

#include "gtest/gtest.h"

namespace tpuc::numerics {
namespace {

// Values of docs/isa/bm1684x.md, c.7.
TEST(Rsqrt, HasNoSpecialCases) {
  const ScopedFlushDenormals flush;
  EXPECT_EQ(Rsqrt(4.0f, 2), 0.49999997f);
  EXPECT_NEAR(Rsqrt(0.0f, 2) / 4.459e19f, 1.0, 1e-3);
  EXPECT_EQ(Rsqrt(INFINITY, 2), -INFINITY);
}

TEST(Divide, TakesTheSignOfTheDivisor) {
  const ScopedFlushDenormals flush;
  EXPECT_NEAR(Divide(1.0f, -4.0f, 2), -0.25f, 1e-6f);
  EXPECT_NEAR(Divide(-6.0f, 3.0f, 2), -2.0f, 1e-5f);
}

TEST(Taylor, HornerInTheDataType) {
  const float x[2] = {2.0f, -1.0f}, c[3] = {1.0f, 3.0f, 0.5f};
  float r[2];
  TaylorRow(DType::kF32, 2, x, 1, c, 3, r, 1);
  EXPECT_EQ(r[0], 9.0f);
  EXPECT_EQ(r[1], -1.5f);
}

TEST(Normalize, SwitchesAtFourThirds) {
  const float x[4] = {1.0f, 1.33f, 1.34f, 0.0f};
  float r[4];
  NormalizeRow(DType::kF32, DType::kF32, 4, x, 1, r, 1);
  EXPECT_EQ(r[0], 1.0f);
  EXPECT_EQ(r[1], 1.0f);
  EXPECT_EQ(r[2], 2.0f);
  EXPECT_EQ(r[3], 0.0f);
  int32_t e[4];
  NormalizeRow(DType::kF32, DType::kI32, 4, x, 1, e, 1);
  EXPECT_EQ(e[0], 127);
  EXPECT_EQ(e[2], 128);
  EXPECT_EQ(e[3], 0);
}

TEST(Lin, RoundsBetweenTheSteps) {
  const float x[1] = {3.0f}, p[1] = {2.0f}, q[1] = {0.5f};
  float r[1];
  LinRow(LinOp::kMultiplyAdd, DType::kF32, p, q, 1, x, 1, r, 1);
  EXPECT_EQ(r[0], 6.5f);
  LinRow(LinOp::kSquareOfDifference, DType::kF32, p, q, 1, x, 1, r, 1);
  EXPECT_EQ(r[0], 1.0f);
}

TEST(Compare, SelectsAnotherTypeThanItCompares) {
  const float a[3] = {1, 2, 3}, b[1] = {2};
  const int8_t yes[1] = {7}, no[1] = {-7};
  float extreme[3];
  int8_t chosen[3];
  CompareRow(CmpOp::kMaxAndSelect, DType::kF32, DType::kI8, 3, {a, 1}, {b, 0},
             {yes, 0}, {no, 0}, extreme, 1, chosen, 1);
  EXPECT_EQ(extreme[0], 2);
  EXPECT_EQ(extreme[2], 3);
  EXPECT_EQ(chosen[0], -7);
  EXPECT_EQ(chosen[1], -7);
  EXPECT_EQ(chosen[2], 7);
}

}  // namespace
}  // namespace tpuc::numerics
