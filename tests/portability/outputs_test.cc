// SPDX-License-Identifier: Apache-2.0
// outputs_test BMODEL FILE...: each model has the outputs here that FILE holds
// from the machine that builds.
#include <algorithm>
#include <cstdio>
#include <string>

#include "compiler/support/file.h"
#include "gtest/gtest.h"
#include "tests/portability/run_drawn.h"

namespace {

std::vector<std::string> arguments;

TEST(Outputs, AreThoseOfTheBuildingMachine) {
  ASSERT_FALSE(arguments.empty());
  ASSERT_EQ(arguments.size() % 2, 0u);
  for (size_t i = 0; i < arguments.size(); i += 2) {
    SCOPED_TRACE(arguments[i]);
    const absl::StatusOr<std::string> expected =
        tpuc::ReadFile(arguments[i + 1]);
    ASSERT_TRUE(expected.ok()) << expected.status();
    ASSERT_FALSE(expected->empty());
    const absl::StatusOr<std::string> found = tpuc::RunDrawn(arguments[i]);
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_EQ(found->size(), expected->size());
    const auto at =
        std::mismatch(found->begin(), found->end(), expected->begin());
    EXPECT_EQ(at.first, found->end())
        << "differs at byte " << at.first - found->begin();
  }
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  arguments.assign(argv + 1, argv + argc);
  return RUN_ALL_TESTS();
}
