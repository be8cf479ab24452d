// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tpuc::quantization {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> Values(int seed, int64_t count, float scale) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& v : values)
    v = scale * (static_cast<float>(random()) / 2147483648.0f - 1);
  return values;
}

Statistics Of(const std::vector<std::vector<float>>& images) {
  Statistics statistics({"a", "b"});
  for (const std::vector<float>& image : images) {
    EXPECT_TRUE(statistics.tensors()[0].Add(image.data(), image.size()));
    statistics.tensors()[0].AddChannels(image.data(), 1, 2, image.size() / 2);
    const std::vector<float> b(3, image[0] * image[0]);
    EXPECT_TRUE(statistics.tensors()[1].Add(b.data(), b.size()));
    statistics.CountImages(1);
  }
  return statistics;
}

// However a data set is cut and in whatever order the parts are merged, the
// bytes are those of one pass.
TEST(Statistics, PartsMergeToTheBytesOfOnePass) {
  std::vector<std::vector<float>> images;
  for (int i = 0; i < 12; ++i)
    images.push_back(
        Values(i, 1000 + i, std::ldexp(1.0f, (i * 7) % 12 * 9 - 50)));
  images.push_back({0, -0.0f});
  images.push_back({1e-42f, -1e-44f});
  const std::string whole = Of(images).Serialize();
  std::mt19937 random(1);
  for (size_t parts : {1, 2, 3, 7, 20}) {
    std::shuffle(images.begin(), images.end(), random);
    std::vector<std::vector<std::vector<float>>> cut(parts);
    for (size_t i = 0; i < images.size(); ++i)
      cut[i * i % parts].push_back(images[i]);
    Statistics merged({"a", "b"});
    for (const auto& part : cut) {
      auto read = Statistics::Parse(Of(part).Serialize(), "part");
      ASSERT_TRUE(read.ok()) << read.status().message();
      ASSERT_TRUE(merged.Merge(*read).ok());
    }
    EXPECT_EQ(merged.Serialize(), whole) << parts;
  }
}

TEST(Statistics, ExtremesAreExact) {
  Statistics statistics = Of({{0.1f, -3.7f, 2}, {5.3f}});
  EXPECT_EQ(statistics.tensors()[0].min(), -3.7f);
  EXPECT_EQ(statistics.tensors()[0].max(), 5.3f);
  EXPECT_EQ(statistics.tensors()[0].AbsMax(), 5.3f);
  EXPECT_EQ(statistics.tensors()[0].count(), 4);
  EXPECT_EQ(statistics.images(), 2);
}

TEST(Statistics, TheHistogramCountsMagnitudes) {
  TensorStatistics tensor;
  const std::vector<float> values = {0, 0, -1, 2.5f, -3.5f, 7.5f, 8};
  ASSERT_TRUE(tensor.Add(values.data(), values.size()));
  EXPECT_THAT(tensor.AbsHistogram(8), ElementsAre(2, 1, 1, 1, 0, 0, 0, 2));
}

// Against the histogram that is counted with the extent known.
TEST(Statistics, TheHistogramIsCloseToADirectCount) {
  const std::vector<float> values = Values(5, 200000, 0.7f);
  TensorStatistics tensor;
  ASSERT_TRUE(tensor.Add(values.data(), 100));
  ASSERT_TRUE(tensor.Add(values.data() + 100, values.size() - 100));
  std::vector<double> direct(2048);
  for (float v : values)
    direct[std::min(
        2047, static_cast<int>(std::fabs(v) / tensor.AbsMax() * 2048))] += 1;
  const std::vector<double> histogram = tensor.AbsHistogram(2048);
  EXPECT_NEAR(std::accumulate(histogram.begin(), histogram.end(), 0.0), 200000,
              1e-6);
  double difference = 0;
  for (int i = 0; i < 2048; ++i)
    difference += std::fabs(histogram[i] - direct[i]);
  EXPECT_LT(difference, 200000 * 0.05);
}

TEST(Statistics, RefusesWhatIsNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (float bad : {infinity, -infinity, nan, -nan}) {
    TensorStatistics tensor;
    const std::vector<float> values = {1, bad, 2};
    EXPECT_FALSE(tensor.Add(values.data(), 3));
    EXPECT_EQ(tensor.count(), 0);
  }
  TensorStatistics tensor;
  const std::vector<float> largest = {std::numeric_limits<float>::max(), 1};
  ASSERT_TRUE(tensor.Add(largest.data(), 2));
  EXPECT_THAT(tensor.AbsHistogram(2), ElementsAre(1, 1));
}

// [2, 3, 2]: values of channel c lie at c and c + 3, in pairs.
TEST(Statistics, KeepsTheExtremesOfChannels) {
  const std::vector<float> values = {1, 2, -0.0f, 0, 5, -6, 0, 7, 8, 9, 4, -1};
  TensorStatistics tensor;
  ASSERT_TRUE(tensor.Add(values.data(), 12));
  tensor.AddChannels(values.data(), 2, 3, 2);
  EXPECT_THAT(tensor.channel_min(), ElementsAre(0, 0, -6));
  EXPECT_THAT(tensor.channel_max(), ElementsAre(7, 9, 5));
  EXPECT_FALSE(std::signbit(tensor.channel_min()[1]));
  TensorStatistics other;
  ASSERT_TRUE(other.Add(values.data(), 12));
  other.AddChannels(values.data(), 3, 2, 2);
  EXPECT_FALSE(tensor.Merge(other));
}

TEST(Statistics, ZerosAreKnown) {
  TensorStatistics tensor;
  EXPECT_TRUE(tensor.IsZero());
  const std::vector<float> values = {0, -0.0f, 1e-40f};
  ASSERT_TRUE(tensor.Add(values.data(), 3));
  EXPECT_TRUE(tensor.IsZero());
  EXPECT_THAT(tensor.AbsHistogram(2), ElementsAre(3, 0));
  const float one = 1;
  ASSERT_TRUE(tensor.Add(&one, 1));
  EXPECT_FALSE(tensor.IsZero());
}

TEST(Statistics, OtherNetworksDoNotMerge) {
  Statistics statistics({"a", "b"});
  const absl::Status status = statistics.Merge(Statistics({"a", "c", "d"}));
  EXPECT_EQ(status.message(),
            "statistics of another network: tensor 2 is 'c', not 'b'");
  EXPECT_EQ(statistics.Merge(Statistics({"a"})).message(),
            "statistics of another network: tensor 2 is none, not 'b'");
}

std::string ErrorOf(const std::string& bytes) {
  auto read = Statistics::Parse(bytes, "s.stat");
  return read.ok() ? "no error" : std::string(read.status().message());
}

TEST(Statistics, DamagedFilesAreRefused) {
  const std::string bytes = Of({{1, 2, 3}, {-4, 0}}).Serialize();
  EXPECT_EQ(ErrorOf(bytes), "no error");
  EXPECT_EQ(ErrorOf("PK\3\4, a zip"),
            "'s.stat' is no file of calibration statistics");
  EXPECT_EQ(ErrorOf(""), "'s.stat' is no file of calibration statistics");
  std::string other = bytes;
  other[8] = 3;
  EXPECT_EQ(ErrorOf(other),
            "'s.stat' has version 3; this program reads 2: make the "
            "statistics again");
  for (size_t size = 8; size < bytes.size(); ++size)
    EXPECT_THAT(ErrorOf(bytes.substr(0, size)), HasSubstr("is"));
  for (size_t i = 12; i < bytes.size(); ++i) {
    other = bytes;
    other[i] = static_cast<char>(other[i] + 1);
    EXPECT_THAT(ErrorOf(other), HasSubstr("is damaged")) << i;
  }
}

}  // namespace
}  // namespace tpuc::quantization
