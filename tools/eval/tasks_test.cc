// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/eval/boxes.h"
#include "tools/eval/characters.h"

namespace tpuc::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

int64_t Distance(absl::string_view a, absl::string_view b) {
  return EditDistance(CodePoints(a), CodePoints(b));
}

TEST(Characters, CodePoints) {
  EXPECT_THAT(
      CodePoints("a\xC3\xA9\xE6\x96\x87\xF0\x9F\x98\x80!"),
      ElementsAre("a", "\xC3\xA9", "\xE6\x96\x87", "\xF0\x9F\x98\x80", "!"));
  // Parts of a code point.
  EXPECT_THAT(CodePoints("\xE6\x96z\x96"),
              ElementsAre("\xE6\x96", "z", "\x96"));
  EXPECT_THAT(CodePoints(""), ElementsAre());
}

TEST(Characters, EditDistance) {
  EXPECT_EQ(Distance("", ""), 0);
  EXPECT_EQ(Distance("", "abc"), 3);
  EXPECT_EQ(Distance("kitten", "sitting"), 3);
  EXPECT_EQ(Distance("flaw", "lawn"), 2);
  EXPECT_EQ(Distance("\xC3\xA9t\xC3\xA9", "ete"), 2);
}

ModelInfo Network(std::vector<OutputInfo> outputs) {
  return {"net.mlir", {1, 3, 64, 64}, {}, std::move(outputs)};
}

std::string ErrorOf(const ModelInfo& model, int64_t categories) {
  return std::string(BoxReader::Make(model, categories).status().message());
}

TEST(BoxReader, ReadsRows) {
  const auto reader = BoxReader::Make(Network({{"boxes", {1, 3, 6}}}), 4);
  ASSERT_TRUE(reader.ok());
  const Tensor rows(DType::kF32, {1, 3, 6},
                    std::vector<float>{1, 2, 3, 4, 0.5, 3,  //
                                       0, 0, 9, 9, 0, 1,    //
                                       5, 6, 7, 8, 0.9, 0});
  const std::vector<Box> boxes = (*reader)->Read({rows});
  ASSERT_EQ(boxes.size(), 2u);
  EXPECT_FLOAT_EQ(boxes[0].score, 0.9f);
  EXPECT_EQ(boxes[0].left, 5);
  EXPECT_EQ(boxes[1].bottom, 4);
  EXPECT_EQ(boxes[1].category, 3);
}

float Logit(double p) { return static_cast<float>(std::log(p / (1 - p))); }

// A head of 2 x 2 positions, 32 pixels each, of two categories, with one object
// at the second anchor, row 1, column 0.
Tensor Head(bool values_last) {
  Tensor head(DType::kF32, values_last ? std::vector<int64_t>{1, 3, 2, 2, 7}
                                       : std::vector<int64_t>{1, 21, 2, 2});
  const double values[7] = {0.75, 0.25, 0.5, 0.25, 0.8, 0.5, 1e-5};
  for (int64_t anchor = 0; anchor < 3; ++anchor) {
    for (int64_t position = 0; position < 4; ++position) {
      for (int64_t v = 0; v < 7; ++v) {
        const bool is_object = anchor == 1 && position == 2;
        head.data<float>()[values_last ? (anchor * 4 + position) * 7 + v
                                       : (anchor * 7 + v) * 4 + position] =
            is_object ? Logit(values[v]) : -20;
      }
    }
  }
  return head;
}

TEST(BoxReader, ReadsHeadsOfYolo) {
  for (const bool values_last : {true, false}) {
    const Tensor head = Head(values_last);
    const auto reader = BoxReader::Make(Network({{"head", head.shape()}}), 2);
    ASSERT_TRUE(reader.ok()) << reader.status();
    const std::vector<Box> boxes = (*reader)->Read({head});
    ASSERT_EQ(boxes.size(), 1u);
    // Centre ((2 * 0.75 - 0.5 + 0) * 32, (2 * 0.25 - 0.5 + 1) * 32), size
    // (4 * 0.5^2 * 156, 4 * 0.25^2 * 198).
    EXPECT_NEAR(boxes[0].left, 32 - 78, 1e-4);
    EXPECT_NEAR(boxes[0].right, 32 + 78, 1e-4);
    EXPECT_NEAR(boxes[0].top, 32 - 24.75, 1e-4);
    EXPECT_NEAR(boxes[0].bottom, 32 + 24.75, 1e-4);
    EXPECT_NEAR(boxes[0].score, 0.4, 1e-6);
    EXPECT_EQ(boxes[0].category, 0);
  }
}

TEST(BoxReader, SaysWhichOutputsItCannotRead) {
  EXPECT_THAT(ErrorOf(Network({{"y", {1, 10}}}), 2),
              HasSubstr("the output 'y' of 'net.mlir' has shape (1, 10); coco "
                        "takes boxes (.., N, 6) or heads of YOLOv5"));
  EXPECT_THAT(ErrorOf(Network({{"y", {1, 3, 2, 2, 85}}}), 2),
              HasSubstr("so 80 categories; the data set has 2"));
  EXPECT_THAT(ErrorOf(Network({{"y", {1, 3, 16, 16, 7}}}), 2),
              HasSubstr("4 pixels to a position; anchors are known for"));
}

TEST(SuppressOverlaps, KeepsTheHighestOfACategory) {
  const std::vector<Box> boxes = {{0, 0, 10, 10, 0.9, 0},
                                  {0, 0, 10, 9, 0.8, 0},
                                  {0, 0, 10, 9, 0.7, 1},
                                  {5, 0, 15, 10, 0.6, 0}};
  const std::vector<Box> kept = SuppressOverlaps(boxes, 0.6);
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[1].category, 1);
  EXPECT_EQ(kept[2].left, 5);
}

}  // namespace
}  // namespace tpuc::eval
