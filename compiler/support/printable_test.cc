// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/printable.h"

#include "gtest/gtest.h"

namespace tpuc {
namespace {

TEST(Printable, EscapesControlCharactersOnly) {
  EXPECT_EQ(Printable("conv_1 'größe' \\ ~"), "conv_1 'größe' \\ ~");
  EXPECT_EQ(Printable("a\nb\tc\x1b[0m\x7f"), "a\\nb\\tc\\x1b[0m\\x7f");
  EXPECT_EQ(Printable(absl::string_view("\0", 1)), "\\x00");
}

}  // namespace
}  // namespace tpuc
