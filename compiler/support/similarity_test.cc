// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/similarity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tpuc {
namespace {

Tensor F32(std::vector<float> v) {
  const int64_t n = static_cast<int64_t>(v.size());
  return Tensor(DType::kF32, {n}, v);
}

TEST(Similarity, EqualTensors) {
  const Similarity s = *Compare(F32({1, -2, 3}), F32({1, -2, 3}));
  EXPECT_TRUE(s.equal);
  EXPECT_EQ(s.cosine, 1);
  EXPECT_EQ(s.euclidean, 1);
  EXPECT_TRUE(s.Within(1, 1));
}

TEST(Similarity, FollowsItsFormulas) {
  const Similarity s = *Compare(F32({3, 4}), F32({4, 3}));
  EXPECT_FALSE(s.equal);
  EXPECT_NEAR(s.cosine, 24.0 / 25, 1e-12);
  EXPECT_NEAR(s.euclidean, 1 - std::sqrt(2.0) / std::sqrt(24.5), 1e-12);
  EXPECT_EQ(s.max_abs_difference, 1);
}

TEST(Similarity, ZeroAgainstSomething) {
  const Similarity s = *Compare(F32({0, 0}), F32({1, 0}));
  EXPECT_EQ(s.cosine, 0);
  EXPECT_EQ(s.euclidean, -1);
  EXPECT_TRUE(std::isinf(Compare(F32({1}), F32({-1}))->euclidean));
}

TEST(Similarity, NonFiniteIsNeverWithin) {
  const float inf = std::numeric_limits<float>::infinity();
  const Similarity s = *Compare(F32({1, inf}), F32({1, inf}));
  EXPECT_EQ(s.non_finite, 1);
  EXPECT_FALSE(s.Within(0, 0));
}

TEST(Similarity, NothingComparedIsNeverWithin) {
  EXPECT_FALSE(Compare(F32({}), F32({}))->Within(0, 0));
}

TEST(Similarity, CountsMustAgree) {
  EXPECT_FALSE(Compare(F32({1}), F32({1, 2})).ok());
}

TEST(Similarity, ReadsSmallFloats) {
  const Tensor half(
      DType::kF16, {5},
      std::vector<uint16_t>{0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00});
  const std::vector<double> h = ToDouble(half);
  EXPECT_EQ(h[0], 1);
  EXPECT_EQ(h[1], -2);
  EXPECT_EQ(h[2], std::ldexp(1.0, -24));
  EXPECT_EQ(h[3], 65504);
  EXPECT_TRUE(std::isinf(h[4]));
  const Tensor bf(DType::kBF16, {1}, std::vector<uint16_t>{0x4049});
  EXPECT_EQ(ToFloat(bf).data<float>()[0], 3.140625f);
}

}  // namespace
}  // namespace tpuc
