// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/thresholds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tpuc::quantization {
namespace {

using ::testing::HasSubstr;

TensorStatistics Of(const std::vector<float>& values) {
  TensorStatistics tensor;
  EXPECT_TRUE(tensor.Add(values.data(), values.size()));
  return tensor;
}

std::vector<float> Normal(int seed, int64_t count, bool relu) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& v : values) {
    v = normal(random);
    if (relu) v = std::max(v, 0.0f);
  }
  return values;
}

// The manual's pseudocode, word by word.
float ManualKld(const std::vector<double>& bins, float abs_max) {
  const int64_t size = bins.size();
  double least = std::numeric_limits<double>::infinity();
  int64_t best = 0;
  std::vector<int64_t> kept = {size};
  for (int64_t i = (size - 1) / 128 * 128; i > 0; i -= 128) kept.push_back(i);
  for (int64_t i : kept) {
    std::vector<double> p(bins.begin(), bins.begin() + i);
    for (int64_t k = i; k < size; ++k) p[i - 1] += bins[k];
    std::vector<double> q(i);
    const int64_t width = i / 128;
    for (int64_t level = 0; level < 128; ++level) {
      const int64_t begin = level * width;
      const int64_t end = level == 127 ? i : begin + width;
      double sum = 0, filled = 0;
      for (int64_t k = begin; k < end; ++k) {
        sum += bins[k];
        filled += p[k] > 0;
      }
      for (int64_t k = begin; k < end; ++k) q[k] = p[k] > 0 ? sum / filled : 0;
    }
    double p_sum = 0, q_sum = 0, divergence = 0;
    for (int64_t k = 0; k < i; ++k) p_sum += p[k], q_sum += q[k];
    for (int64_t k = 0; k < i; ++k)
      if (p[k] > 0)
        divergence += p[k] / p_sum * std::log(p[k] / p_sum / (q[k] / q_sum));
    if (divergence < least) {
      least = divergence;
      best = i;
    }
  }
  return std::min(abs_max, static_cast<float>((best + 0.5) * abs_max / size));
}

TEST(Thresholds, KldIsThatOfTheManual) {
  int cut = 0;
  for (int seed = 0; seed < 4; ++seed) {
    for (bool relu : {false, true}) {
      std::vector<float> values = Normal(seed, 20000, relu);
      values.push_back(seed % 2 == 0 ? 12.0f : 4.0f);  // an outlier
      const TensorStatistics tensor = Of(values);
      for (int64_t bins : {128, 300, 2048}) {
        const float threshold = ThresholdOf(tensor, Method::kKld, bins);
        EXPECT_NEAR(threshold,
                    ManualKld(tensor.AbsHistogram(bins), tensor.AbsMax()),
                    1e-6);
        cut += threshold < tensor.AbsMax();
      }
    }
  }
  EXPECT_GE(cut, 8);
}

TEST(Thresholds, APercentileLeavesTheRestOut) {
  std::vector<float> values(100000);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i) / values.size();
  values.push_back(-50);
  const TensorStatistics tensor = Of(values);
  EXPECT_NEAR(ThresholdOf(tensor, Method::kPercentile9999, 8192), 1.0, 0.01);
  EXPECT_EQ(ThresholdOf(tensor, Method::kMax, 2048), 50);
}

TEST(Thresholds, MseIsTheLeastErrorOfTheValuesThemselves) {
  std::vector<float> values = Normal(3, 50000, false);
  values.push_back(30);
  const TensorStatistics tensor = Of(values);
  const auto error = [&](double threshold) {
    double sum = 0;
    for (float v : values) {
      const double level =
          std::min(127.0, std::round(std::fabs(v) / threshold * 127));
      const double e = std::fabs(v) - level * threshold / 127;
      sum += e * e;
    }
    return sum;
  };
  double least = std::numeric_limits<double>::infinity();
  for (int part = 1; part <= 128; ++part)
    least = std::min(least, error(30.0 * part / 128));
  const float threshold = ThresholdOf(tensor, Method::kMse, 2048);
  EXPECT_LT(threshold, 29);
  EXPECT_LT(error(threshold), least * 1.02);
}

// No division by zero, no threshold of 0.
TEST(Thresholds, ConstantsAndRareValuesHaveUsableOnes) {
  std::vector<float> rare(1000000, 0.0f);
  rare[5] = 2;
  for (const std::vector<float>& values :
       {std::vector<float>(100, 5.0f), std::vector<float>(100, -1e-20f),
        std::vector<float>{3}, rare}) {
    const TensorStatistics tensor = Of(values);
    for (Method method :
         {Method::kKld, Method::kPercentile9999, Method::kMax, Method::kMse}) {
      const float threshold = ThresholdOf(tensor, method, 2048);
      EXPECT_GT(threshold, 0) << Name(method);
      EXPECT_LE(threshold, tensor.AbsMax()) << Name(method);
      if (values.size() <= 100)
        EXPECT_GT(threshold, 0.99f * tensor.AbsMax()) << Name(method);
    }
  }
}

TEST(Thresholds, MethodsHaveNames) {
  EXPECT_EQ(*ParseMethod("use_kl"), Method::kKld);
  EXPECT_EQ(*ParseMethod("use_max"), Method::kMax);
  for (Method method :
       {Method::kKld, Method::kPercentile9999, Method::kMax, Method::kMse})
    EXPECT_EQ(*ParseMethod(Name(method)), method);
  EXPECT_THAT(std::string(ParseMethod("best").status().message()),
              HasSubstr("'best' is no method of calibration; kld,"));
}

}  // namespace
}  // namespace tpuc::quantization
