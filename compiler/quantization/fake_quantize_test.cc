// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/fake_quantize.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tpuc::quantization {
namespace {

using ::testing::ElementsAre;

std::vector<float> Of(const std::vector<float>& values, float threshold,
                      bool is_signed) {
  std::vector<float> result(values.size());
  FakeQuantize(values.data(), values.size(), threshold, is_signed,
               result.data());
  return result;
}

TEST(FakeQuantize, RoundsToLevelsAndSaturates) {
  EXPECT_THAT(Of({0, 0.4f, 0.5f, -0.5f, -1.6f, 126.6f, 500, -500}, 127, true),
              ElementsAre(0, 0, 1, -1, -2, 127, 127, -128));
  EXPECT_THAT(Of({0, 0.2f, 0.25f, 127.4f, 500, -3}, 127.5f, false),
              ElementsAre(0, 0, 0.5f, 127.5f, 127.5f, 0));
}

TEST(FakeQuantize, ChannelsHaveTheirOwnThresholds) {
  const Tensor weights(DType::kF32, {2, 3},
                       std::vector<float>{127, 0.1f, 0, -2.4f, 12.7f, 0});
  const Tensor columns = FakeQuantizeChannels(weights, 1);
  const float* c = columns.data<float>();
  EXPECT_THAT(std::vector<float>(c, c + 6),
              ElementsAre(127, 0.1f, 0, -2, 12.7f, 0));
  const Tensor rows = FakeQuantizeChannels(weights, 0);
  EXPECT_EQ(rows.data<float>()[1], 0);
  EXPECT_NEAR(rows.data<float>()[3], -2.4f, 1e-6);
}

TEST(FakeQuantize, DistancesAreSumsOfSquares) {
  const std::vector<float> a = {1, 2, 3, 4, 5, 6}, b = {1, 0, 3, 5, 5, 3};
  EXPECT_EQ(SquaredDistance(a.data(), b.data(), 6), 4 + 1 + 9);
}

}  // namespace
}  // namespace tpuc::quantization
