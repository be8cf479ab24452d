// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/smallest.h"

#include <set>

#include "gtest/gtest.h"

namespace tpuc::quantization {
namespace {

TEST(SmallestPassing, FindsTheLeastInFewCalls) {
  for (int64_t most : {0, 1, 2, 5, 100, 1000}) {
    for (int64_t least : {0, 1, 2, 3, 4, 7, 8, 50, 100, 101, 999, 1001}) {
      std::set<int64_t> tried;
      const auto found =
          SmallestPassing(most, [&](int64_t n) -> absl::StatusOr<bool> {
            EXPECT_TRUE(tried.insert(n).second);
            EXPECT_TRUE(0 <= n && n <= most);
            return n >= least;
          });
      ASSERT_TRUE(found.ok());
      EXPECT_EQ(found->has_value(), least <= most);
      if (least <= most) EXPECT_EQ(**found, least);
      EXPECT_LE(tried.size(), 22);
    }
  }
}

TEST(SmallestPassing, PassesErrorsOn) {
  const auto found = SmallestPassing(9, [](int64_t) -> absl::StatusOr<bool> {
    return absl::InternalError("no");
  });
  EXPECT_EQ(found.status().message(), "no");
}

}  // namespace
}  // namespace tpuc::quantization
