// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/scale.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tpuc::quantization {
namespace {

TEST(StorageOf, KeepsZeroAndTheEndsOfTheRange) {
  const Storage u = StorageOf({5.1, 0, 6}, false);
  EXPECT_FALSE(u.is_signed);
  EXPECT_DOUBLE_EQ(u.scale, 5.1 / 255);
  const Storage s = StorageOf({5.1, -7, 6}, false);
  EXPECT_TRUE(s.is_signed);
  EXPECT_EQ(s.zero_point, 0);
  EXPECT_DOUBLE_EQ(s.scale, 5.1 / 127);
  const Storage a = StorageOf({5.1, -1, 3}, true);
  EXPECT_DOUBLE_EQ(a.scale, 4.0 / 255);
  EXPECT_EQ(a.zero_point, -64);
  EXPECT_NEAR((-128 - a.zero_point) * a.scale, -1, a.scale);
  EXPECT_NEAR((127 - a.zero_point) * a.scale, 3, a.scale);
  EXPECT_DOUBLE_EQ(StorageOf({5.1, 0.5, 6}, true).scale, 6.0 / 255);
  EXPECT_EQ(StorageOf({5.1, -6, -1}, true).zero_point, 127);
}

TEST(Dequantized, TakesOffTheZeroPoint) {
  Tensor q(DType::kI8, {2}, std::vector<int8_t>{-128, 127});
  const Tensor x = Dequantized(q, 0.5, -3);
  EXPECT_EQ(x.data<float>()[0], -62.5f);
  EXPECT_EQ(x.data<float>()[1], 65.0f);
}

TEST(Quantized, RoundsAndSaturates) {
  const Tensor x(DType::kF32, {4}, std::vector<float>{-1, 0.25f, -0.25f, 900});
  const Tensor s = Quantized(x, 2, 3, DType::kI8);
  const int8_t expected[] = {1, 4, 2, 127};
  const Tensor u = Quantized(x, 2, 0, DType::kU8);
  const uint8_t expected_unsigned[] = {0, 1, 0, 255};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(s.data<int8_t>()[i], expected[i]);
    EXPECT_EQ(u.data<uint8_t>()[i], expected_unsigned[i]);
  }
}

TEST(RescaleOf, IsAsNearAs31BitsCanBe) {
  for (double factor :
       {1.0, 0.1234, 3e-9, 2.4e-10, 517.25, 0.99999999999, -0.3}) {
    const Rescale r = RescaleOf(factor);
    EXPECT_NEAR(std::ldexp(r.multiplier, r.shift) / factor, 1, 1e-9) << factor;
    EXPECT_GE(std::abs(static_cast<int64_t>(r.multiplier)), 1 << 30);
  }
  EXPECT_EQ(RescaleOf(0).multiplier, 0);
  EXPECT_EQ(RescaleOf(1e-12).multiplier, 0);
}

TEST(CommonRescaleOf, FitsSixteenBits) {
  for (double most : {1.0, 0.99999, 0.5, 3.7, 32767.9, 1e-7}) {
    const CommonRescale r = CommonRescaleOf({most, -most / 3});
    ASSERT_EQ(r.multipliers.size(), 2);
    EXPECT_LT(r.multipliers[0], 1 << 15);
    EXPECT_LE(r.shift, 1);
    EXPECT_NEAR(std::ldexp(r.multipliers[0], r.shift), most, most * 1e-4);
    EXPECT_NEAR(std::ldexp(r.multipliers[1], r.shift), -most / 3, most * 1e-4);
  }
  EXPECT_TRUE(CommonRescaleOf({40000}).multipliers.empty());
}

TEST(ExpectedRanges, StayWithinTheTensor) {
  const ChannelRanges wide =
      ExpectedRanges({{-1, 1, -2, -3}, {3, 6, 0, -1}}, {6, -3, 6});
  EXPECT_THAT(wide.min, testing::ElementsAre(-1.3, 1, -2.6, -3));
  EXPECT_THAT(wide.max, testing::ElementsAre(3 * 1.3, 6, 0, -1));
}

TEST(Storage, OfChannels) {
  const ChannelRanges ranges = {{-1, 0, 0, -3}, {3, 2.55, 0, -1}};
  const std::vector<Storage> own = ChannelStorages(ranges);
  const std::vector<Storage> same = ChannelStoragesWithOneZero(ranges);
  ASSERT_EQ(own.size(), 4);
  ASSERT_EQ(same.size(), 4);
  for (size_t c = 0; c < 4; ++c) {
    for (const Storage& s : {own[c], same[c]}) {
      EXPECT_TRUE(s.is_signed);
      // Both ends are at most half a step beyond the integers.
      EXPECT_LE(ranges.max[c], (127.5 - s.zero_point) * s.scale * 1.000001);
      EXPECT_GE(ranges.min[c], (-128.5 - s.zero_point) * s.scale * 1.000001);
    }
    EXPECT_EQ(same[c].zero_point, same[0].zero_point);
  }
  EXPECT_EQ(own[0].zero_point, -64);
  EXPECT_NEAR(own[1].scale, 0.01, 1e-12);
  EXPECT_EQ(own[1].zero_point, -128);
  EXPECT_NEAR(own[2].scale, 4.0 / 256 / 255, 1e-12);
  EXPECT_EQ(own[3].zero_point, 127);
  // Without negative numbers as good as one of its own.
  EXPECT_EQ(ChannelStoragesWithOneZero({{0, 0}, {1, 9}})[1].zero_point, -128);
  EXPECT_EQ(ChannelStoragesWithOneZero({{-1, -9}, {0, 0}})[1].zero_point, 127);
}

// What the integers mean is what the floats said.
TEST(QuantizeWeights, MakesUpForTheZeroPoint) {
  const Tensor weights(DType::kF32, {2, 3},
                       std::vector<float>{1, -2, 0.5f, 0, 0, 0});
  const Tensor bias(DType::kF32, {2}, std::vector<float>{0.25f, -3});
  const Storage input{0.1, 5, true}, output{0.05, -7, true};
  auto q = QuantizeWeights(weights, &bias, {}, {input}, {output});
  ASSERT_TRUE(q.ok()) << q.status();
  const int8_t* w = q->filter.data<int8_t>();
  EXPECT_EQ(w[1], -127);
  const int x[] = {12, -30, 77};
  for (int c = 0; c < 2; ++c) {
    double expected = bias.data<float>()[c], sum = q->bias.data<int32_t>()[c];
    for (int i = 0; i < 3; ++i) {
      expected += weights.data<float>()[c * 3 + i] * (x[i] - 5) * 0.1;
      sum += w[c * 3 + i] * x[i];
    }
    const int32_t* row = q->requant.data<int32_t>() + c * 3;
    EXPECT_EQ(row[2], -7);
    EXPECT_NEAR(std::ldexp(sum * row[0], row[1]) * 0.05, expected, 0.05) << c;
  }
}

// A depthwise product: each channel has input and output of its own.
TEST(QuantizeWeights, TakesStoragesOfChannels) {
  const Tensor weights(DType::kF32, {2, 1}, std::vector<float>{0.7f, -20});
  const Tensor bias(DType::kF32, {2}, std::vector<float>{0.25f, -3});
  const std::vector<Storage> in = {{0.1, -20, true}, {0.002, -20, true}};
  const std::vector<Storage> out = {{0.05, -7, true}, {0.04, 100, true}};
  auto q = QuantizeWeights(weights, &bias, {}, in, out);
  ASSERT_TRUE(q.ok()) << q.status();
  for (int c = 0; c < 2; ++c) {
    const double expected = weights.data<float>()[c] * (33 + 20) * in[c].scale +
                            bias.data<float>()[c];
    const int32_t* row = q->requant.data<int32_t>() + c * 3;
    const double sum =
        q->filter.data<int8_t>()[c] * 33 + q->bias.data<int32_t>()[c];
    EXPECT_EQ(row[2], out[c].zero_point);
    EXPECT_NEAR(std::ldexp(sum * row[0], row[1]) * out[c].scale, expected,
                0.05);
  }
}

TEST(QuantizeWeights, TakesScalesOfTraining) {
  const Tensor weights(DType::kF32, {2, 1}, std::vector<float>{1, 1});
  auto q =
      QuantizeWeights(weights, nullptr, {0.1, 0.2}, {Storage()}, {Storage()});
  ASSERT_TRUE(q.ok());
  EXPECT_EQ(q->filter.data<int8_t>()[0], 10);
  EXPECT_EQ(q->filter.data<int8_t>()[1], 5);
  EXPECT_FALSE(
      QuantizeWeights(weights, nullptr, {1, 2, 3}, {Storage()}, {Storage()})
          .ok());
  const Tensor broken(DType::kF32, {1, 1}, std::vector<float>{NAN});
  EXPECT_FALSE(
      QuantizeWeights(broken, nullptr, {}, {Storage()}, {Storage()}).ok());
}

}  // namespace
}  // namespace tpuc::quantization
