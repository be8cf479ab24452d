// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/comparison.h"

#include <gtest/gtest.h>

#include <limits>

namespace tpuc {
namespace {

Tensor Of(std::vector<float> v) {
  const int64_t n = static_cast<int64_t>(v.size());
  return Tensor(DType::kF32, {n}, v);
}

TensorMap Chain() {
  TensorMap map;
  for (const char* name : {"conv", "add", "relu"}) map[name] = Of({1, 2, 3});
  return map;
}

TEST(Comparison, EqualSidesPass) {
  const Comparison c = CompareTensors(Chain(), Chain(), {}, {});
  EXPECT_TRUE(c.passed);
  EXPECT_EQ(c.rows.size(), 3u);
}

TEST(Comparison, NamesTheFirstInOrderOfExecution) {
  TensorMap other = Chain();
  other["add"] = Of({3, 2, 1});  // "add" sorts before "conv"
  other["relu"] = Of({3, 2, 1});
  const Comparison c =
      CompareTensors(Chain(), other, {"conv", "add", "relu"}, {});
  EXPECT_FALSE(c.passed);
  EXPECT_NE(c.summary.find("> FAIL  'add'"), std::string::npos) << c.summary;
  EXPECT_NE(c.summary.find("  pass  'conv'"), std::string::npos) << c.summary;
  EXPECT_NE(c.summary.find("  FAIL  'relu'"), std::string::npos) << c.summary;
}

TEST(Comparison, ExactMeansEqualBits) {
  TensorMap zero = {{"x", Of({0, 1})}}, minus_zero = {{"x", Of({-0.0f, 1})}};
  EXPECT_TRUE(CompareTensors(zero, minus_zero, {}, {}).passed);
  ComparisonOptions options;
  options.exact = true;
  EXPECT_TRUE(CompareTensors(zero, zero, {}, options).passed);
  EXPECT_FALSE(CompareTensors(zero, minus_zero, {}, options).passed);
}

TEST(Comparison, WholeTargetMustBeInTheReference) {
  ComparisonOptions options;
  options.whole_target = true;
  TensorMap more = Chain();
  more["output"] = Of({1});
  EXPECT_TRUE(CompareTensors(Chain(), more, {}, options).passed);
  const Comparison c = CompareTensors(more, Chain(), {}, options);
  EXPECT_FALSE(c.passed);
  EXPECT_NE(c.summary.find("'output'"), std::string::npos) << c.summary;
}

TEST(Comparison, NothingInCommonFails) {
  const Comparison c = CompareTensors({{"x", Of({1})}}, Chain(), {}, {});
  EXPECT_FALSE(c.passed);
  EXPECT_NE(c.summary.find("nothing was compared"), std::string::npos);
}

TEST(Comparison, NonFiniteFailsEvenWhenEqual) {
  TensorMap map = {{"x", Of({std::numeric_limits<float>::infinity()})}};
  EXPECT_FALSE(CompareTensors(map, map, {}, {}).passed);
}

TEST(Comparison, ShapeMismatchFails) {
  EXPECT_FALSE(
      CompareTensors({{"x", Of({1})}}, {{"x", Of({1, 1})}}, {}, {}).passed);
}

TEST(Comparison, ExceptionsAreLeftOut) {
  TensorMap other = Chain();
  other["add"] = Of({3, 2, 1});
  ComparisonOptions options;
  options.excepts = {"add", "of_another_stage"};
  EXPECT_TRUE(CompareTensors(Chain(), other, {}, options).passed);
  options.excepts = {"add", "conv", "relu"};
  EXPECT_FALSE(CompareTensors(Chain(), other, {}, options).passed);
}

TEST(Measurements, AFileOfThemIsJudgedAlike) {
  TensorMap target = Chain(), reference = Chain();
  target["add"] = Of({3, 2, 1.0f / 3});
  target["away"] = Of({-1, -2, -3});  // euclidean similarity: -infinity
  reference["away"] = Of({1, 2, 3});
  target["shape"] = Of({1});
  reference["shape"] = Of({1, 2});
  target["infinite"] = reference["infinite"] =
      Of({std::numeric_limits<float>::infinity()});
  target["own"] = target["caf\xc3\xa9 \"x\"\n"] = Of({1});
  reference["caf\xc3\xa9 \"x\"\n"] = Of({1});
  const Measurements measured =
      Measure(target, reference, {"conv", "add", "relu"});
  const auto read = MeasurementsFromJson(ToJson(measured));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), ToJson(measured));
  ASSERT_EQ(read->rows.size(), 7u);
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(read->rows[i].name, measured.rows[i].name);
    EXPECT_EQ(read->rows[i].similarity.cosine,
              measured.rows[i].similarity.cosine);
    EXPECT_EQ(read->rows[i].similarity.euclidean,
              measured.rows[i].similarity.euclidean);
  }
  ComparisonOptions options;
  for (const bool whole : {false, true}) {
    options.whole_target = whole;
    EXPECT_EQ(
        Judge(*read, options).summary,
        CompareTensors(target, reference, {"conv", "add", "relu"}, options)
            .summary);
  }
}

TEST(Measurements, AnotherFileIsRefused) {
  for (const char* text : {"", "[]", "{}", "{\"targets\": 1}",
                           "{\"targets\": 1, \"references\": 1, "
                           "\"only_target\": [], \"rows\": [{}]}"}) {
    EXPECT_FALSE(MeasurementsFromJson(text).ok()) << text;
  }
  // What is no number passes nothing.
  const auto read = MeasurementsFromJson(
      R"({"targets": 1, "references": 1, "only_target": [], "rows": [
      {"name": "x", "count": 1, "non_finite": 0, "equal": false, "cosine": "x",
       "euclidean": "1", "max_abs_difference": "0",
       "max_abs_difference_index": 0}]})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(Judge(*read, {}).passed);
}

}  // namespace
}  // namespace tpuc
