// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/flag_values.h"

#include <gtest/gtest.h>

namespace tpuc {
namespace {

TEST(FlagValues, Shapes) {
  using Shapes = std::vector<std::vector<int64_t>>;
  EXPECT_EQ(*ParseShapes("[[1,3, 48,192],[2]]"),
            (Shapes{{1, 3, 48, 192}, {2}}));
  EXPECT_EQ(*ParseShapes("[1,2]"), (Shapes{{1, 2}}));
  for (const char* bad : {"", "1,2", "[[1,2]", "[[1,x]]", "[1],[2]"}) {
    EXPECT_FALSE(ParseShapes(bad).ok()) << bad;
  }
}

TEST(FlagValues, Tolerances) {
  EXPECT_EQ(*ParseTolerance("0.99,0.5"), std::make_pair(0.99, 0.5));
  EXPECT_EQ(*ParseTolerance("0.9"), std::make_pair(0.9, 0.9));
  for (const char* bad : {"", "x", "2,1", "1,1,1"}) {
    EXPECT_FALSE(ParseTolerance(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace tpuc
