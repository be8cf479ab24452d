// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/calibration_table.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tpuc::quantization {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(absl::string_view text) {
  auto table = ParseCalibrationTable(text, "net.table");
  return table.ok() ? "no error" : std::string(table.status().message());
}

TEST(CalibrationTable, ReadsTheExampleOfTheManual) {
  auto table = ParseCalibrationTable(
      "# generated time: 2022-08-11 10:00:59.743675\n"
      "# histogram number: 2048\n"
      "###\n"
      "# op_name    threshold      min      max\n"
      "images 1.0000080 0.0000000 1.0000080\n"
      "122_Conv 56.4281803 -102.5830231 97.6811752\r\n"
      "\n"
      "  124_Mul\t38.1586478 -0.2784646 97.6811752",
      "net.table");
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_THAT(table->order, ElementsAre("images", "122_Conv", "124_Mul"));
  EXPECT_EQ(table->ranges.at("122_Conv").threshold, 56.4281803);
  EXPECT_EQ(table->ranges.at("122_Conv").min, -102.5830231);
  EXPECT_EQ(table->ranges.at("124_Mul").max, 97.6811752);
}

// What quantization-aware training exports: a weight between activations.
TEST(CalibrationTable, ReadsScalesOfWeights) {
  auto table = ParseCalibrationTable(
      "# work_mode:QAT_all_int8 //Automatically generated, do not modify\n"
      "data 4.7558303 -2.1247120 2.6311185\n"
      "472_Relu_weight 3 0.0015318460064008832 1.1920928955078125e-07 0.25 3 0 "
      "0 0\n"
      "one 1 0.5 1 0\n"
      "472_Relu 4.0415673 -0.0000000 4.0415673\n",
      "net.table");
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_THAT(table->weight_scales.at("472_Relu_weight"),
              ElementsAre(0.0015318460064008832, 1.1920928955078125e-07, 0.25));
  EXPECT_THAT(table->weight_scales.at("one"), ElementsAre(0.5));
  EXPECT_EQ(table->ranges.size(), 2);
  EXPECT_THAT(table->order,
              ElementsAre("data", "472_Relu_weight", "one", "472_Relu"));
}

TEST(CalibrationTable, KeepsRangesOfChannels) {
  const std::string text =
      "# method: mse\n"
      "a 2 -2 3\n"
      "#channels a 2 -2 0 2 1.5 3\n"
      "b 1 0 1\n";
  auto table = ParseCalibrationTable(text, "net.table");
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_THAT(table->channels.at("a").min, ElementsAre(-2, 0));
  EXPECT_THAT(table->channels.at("a").max, ElementsAre(1.5, 3));
  auto printed = PrintCalibrationTable(*table, {"method: mse"});
  ASSERT_TRUE(printed.ok());
  EXPECT_EQ(*printed, text);
  EXPECT_EQ(ErrorOf("a 1 0 1\n#channels a 2 0 0 2 1 -1\n"),
            "net.table:2: 'a': the minimum of channel 1, 0, is greater than "
            "the maximum -1");
  EXPECT_EQ(ErrorOf("#channels a 1 0 1 1\n#channels a 1 0 1 1\n"),
            "net.table:2: 'a': the tensor has a line of channels already");
  EXPECT_EQ(ErrorOf("#channels a 1 0 2 1\n"),
            "net.table:1: 'a': a line of channels is #channels NAME COUNT "
            "MIN... COUNT MAX...");
  EXPECT_EQ(ErrorOf("#channels\n"),
            "net.table:1: #channels: a tensor's name is missing");
  EXPECT_EQ(ErrorOf("#channels a 1 x 1 1\n"),
            "net.table:1: 'a': the minimum 'x' is not a number");
}

TEST(CalibrationTable, ErrorsNameFileLineAndTensor) {
  EXPECT_EQ(ErrorOf("a 1 0 1\nb 0 0 1\n"),
            "net.table:2: 'b': the threshold is 0; it must be greater than 0");
  EXPECT_EQ(ErrorOf("a -1.5 0 1"),
            "net.table:1: 'a': the threshold is -1.5; it must be greater than "
            "0");
  EXPECT_EQ(ErrorOf("a nan 0 1"),
            "net.table:1: 'a': the threshold 'nan' is not finite");
  EXPECT_EQ(ErrorOf("a 1 0 inf"),
            "net.table:1: 'a': the maximum 'inf' is not finite");
  EXPECT_EQ(ErrorOf("a 1 x 1"),
            "net.table:1: 'a': the minimum 'x' is not a number");
  EXPECT_EQ(ErrorOf("a 1 0.5 -0.5"),
            "net.table:1: 'a': the minimum 0.5 is greater than the maximum "
            "-0.5");
  EXPECT_EQ(ErrorOf("# c\na 1 0 1\n\na 2 0 1"),
            "net.table:4: 'a': the name is on line 2 already");
  EXPECT_THAT(ErrorOf("a 1 0"), HasSubstr("net.table:1: 'a': 3 words; a line"));
  EXPECT_THAT(ErrorOf("a 2 0 1 7"), HasSubstr("5 words"));
  EXPECT_THAT(ErrorOf("a"), HasSubstr("1 words"));
  EXPECT_EQ(ErrorOf("w 2 0.5 0 2 0 0"),
            "net.table:1: 'w': scale 1 is 0; it must be greater than 0");
  EXPECT_EQ(ErrorOf("w 2 0.5 1 2 0 3"),
            "net.table:1: 'w': zero point 1 is 3; weights are quantized "
            "symmetrically, so it must be 0");
  EXPECT_THAT(ErrorOf("w 3 0.5 1 2 0 0"), HasSubstr("7 words"));
  EXPECT_EQ(ErrorOf("# nothing\n"),
            "net.table: no tensor in this calibration table");
}

TEST(CalibrationTable, PrintsWhatItReads) {
  CalibrationTable table;
  const float max = std::numeric_limits<float>::max();
  table.ranges["x"] = {0.1f, -1.0f / 3, 16777217.0f};
  table.ranges["tiny"] = {1e-30f, 0, max};
  table.weight_scales["w"] = {1.1920928955078125e-07, 0.25};
  table.order = {"x", "w", "tiny"};
  auto text = PrintCalibrationTable(table, {"method: kld", "two\nlines"});
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(*text,
            "# method: kld\n"
            "# two\\nlines\n"
            "x 0.100000001 -0.333333343 16777216\n"
            "w 2 1.1920929e-07 0.25 2 0 0\n"
            "tiny 1e-30 0 3.40282347e+38\n");
  auto again = ParseCalibrationTable(*text, "net.table");
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->order, table.order);
  EXPECT_EQ(static_cast<float>(again->ranges["x"].threshold), 0.1f);
  EXPECT_EQ(static_cast<float>(again->ranges["x"].min), -1.0f / 3);
  EXPECT_EQ(static_cast<float>(again->ranges["tiny"].max), max);
}

TEST(CalibrationTable, RefusesNamesThatNoLineHolds) {
  for (const char* name : {"", "a b", "#a", "a\n"}) {
    CalibrationTable table;
    table.ranges[name] = {1, 0, 1};
    table.order = {name};
    auto text = PrintCalibrationTable(table);
    ASSERT_FALSE(text.ok()) << name;
    EXPECT_THAT(std::string(text.status().message()), HasSubstr("can't hold"));
  }
}

TEST(CalibrationTable, AMissingFileIsNamed) {
  auto table = ReadCalibrationTable("no/such.table");
  ASSERT_FALSE(table.ok());
  EXPECT_THAT(std::string(table.status().message()),
              HasSubstr("no/such.table"));
}

}  // namespace
}  // namespace tpuc::quantization
