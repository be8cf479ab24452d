// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/quantize_table.h"

#include "gtest/gtest.h"

namespace tpuc::quantization {
namespace {

std::string Error(const std::string& text) {
  return std::string(ParseQuantizeTable(text, "t.txt").status().message());
}

TEST(QuantizeTable, HoldsModesByName) {
  auto table = ParseQuantizeTable(
      "# op_name quantize_mode\n\n a.b  f16\nc INT8", "t.txt");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(*table, (QuantizeTable{{"a.b", "F16"}, {"c", "INT8"}}));
}

TEST(QuantizeTable, SaysWhereItIsWrong) {
  EXPECT_EQ(Error("a F16\nb"),
            "t.txt:2: expected a name and a mode, found 1 words");
  EXPECT_EQ(Error("a F17"),
            "t.txt:1: mode 'F17' is unknown; accepted are F32, F16, BF16 and "
            "INT8");
  EXPECT_EQ(Error("a F16\na F32"), "t.txt:2: 'a' occurs twice");
}

}  // namespace
}  // namespace tpuc::quantization
