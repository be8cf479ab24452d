// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/spread.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace tpuc {
namespace {

Tensor F32(std::vector<float> v) {
  const int64_t n = static_cast<int64_t>(v.size());
  return Tensor(DType::kF32, {n}, v);
}

// 0, step, 2 step, ..., each `times` times.
Tensor Ramp(int64_t values, float step, int64_t times = 1) {
  std::vector<float> v;
  for (int64_t i = 0; i < values * times; ++i) {
    v.push_back(step * static_cast<float>(i / times));
  }
  return F32(v);
}

bool Passes(const Tensor& tensor, const SpreadOptions& options = {}) {
  return CheckSpread({{"x", tensor}}, options).ok();
}

TEST(Spread, CountsValuesAndMeasuresDeviation) {
  const Spread spread = SpreadOf(F32({1, 3, 1, 3, 1, 3}));
  EXPECT_EQ(spread.count, 6);
  EXPECT_EQ(spread.distinct, 2);
  EXPECT_DOUBLE_EQ(spread.deviation, 1);
  EXPECT_EQ(SpreadOf(F32({})).distinct, 0);
}

TEST(Spread, ConstantsFail) {
  EXPECT_FALSE(Passes(F32(std::vector<float>(1000, 0.02f))));
}

TEST(Spread, HundredValuesAreNeeded) {
  EXPECT_FALSE(Passes(Ramp(99, 1, 10)));
  EXPECT_TRUE(Passes(Ramp(100, 1, 10)));
  SpreadOptions options;
  options.min_distinct = 99;
  EXPECT_TRUE(Passes(Ramp(99, 1, 10), options));
}

TEST(Spread, ValuesMustLieApart) {
  EXPECT_FALSE(Passes(Ramp(1000, 1e-6f)));
  EXPECT_TRUE(Passes(Ramp(1000, 1e-5f)));
  SpreadOptions options;
  options.min_deviation = 1e-4;
  EXPECT_TRUE(Passes(Ramp(1000, 1e-6f), options));
}

TEST(Spread, FewElementsMustAllDiffer) {
  EXPECT_TRUE(Passes(F32({0.25f, 0.75f})));
  EXPECT_FALSE(Passes(F32({0.25f, 0.75f, 0.75f})));
  EXPECT_FALSE(Passes(F32({0.5f})));  // its deviation is 0
}

TEST(Spread, NaNIsOneValueAndFails) {
  Tensor ramp = Ramp(1000, 1);
  ramp.data<float>()[3] = ramp.data<float>()[4] =
      std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(SpreadOf(ramp).distinct, 999);
  EXPECT_FALSE(Passes(ramp));
}

TEST(Spread, EveryTensorIsChecked) {
  const TensorMap tensors = {{"a", Ramp(200, 1)}, {"b", F32({1, 1, 1})}};
  const absl::Status status = CheckSpread(tensors, {});
  EXPECT_NE(status.message().find("'b' hardly varies: 1 different values"),
            absl::string_view::npos)
      << status.message();
  SpreadOptions options;
  options.excepts = {"b"};
  EXPECT_TRUE(CheckSpread(tensors, options).ok());
  options.excepts = {"a", "b"};
  EXPECT_FALSE(CheckSpread(tensors, options).ok());
  EXPECT_FALSE(CheckSpread({}, {}).ok());
}

}  // namespace
}  // namespace tpuc
