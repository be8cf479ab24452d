// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/ocr/ctc.h"
#include "runtime/ocr/geometry.h"
#include "runtime/ocr/text_boxes.h"

namespace tpuc::ocr {
namespace {

using ::testing::DoubleNear;
using ::testing::IsEmpty;

TEST(Geometry, HullLeavesInnerPointsOut) {
  const auto hull =
      ConvexHull({{0, 0}, {4, 0}, {2, 1}, {4, 4}, {2, 0}, {0, 4}, {1, 3}});
  ASSERT_EQ(hull.size(), 4u);
  EXPECT_EQ(ConvexHull({{1, 1}}).size(), 1u);
}

TEST(Geometry, SmallestRectangleIsTurnedLikeThePoints) {
  // A square on its tip: area 8, that of the upright one around it 16.
  const Rectangle square = MinAreaRectangle({{2, 0}, {4, 2}, {2, 4}, {0, 2}});
  EXPECT_NEAR(square.width() * square.height(), 8, 1e-9);
  const Rectangle larger = Expanded(square, 1);
  EXPECT_NEAR(larger.width(), square.width() + 2, 1e-9);
  EXPECT_NEAR(larger.height(), square.height() + 2, 1e-9);
}

TEST(Geometry, CornersAreInReadingOrder) {
  const Quad quad =
      Ordered(MinAreaRectangle({{0, 1}, {10, 0}, {11, 4}, {1, 5}}));
  EXPECT_LT(quad[0].x, quad[1].x);
  EXPECT_LT(quad[0].y, quad[3].y);
  EXPECT_LT(quad[1].y, quad[2].y);
  EXPECT_TRUE(Contains(quad, {5, 2}));
  EXPECT_FALSE(Contains(quad, {5, 9}));
}

Quad Upright(double left, double top, double right, double bottom) {
  return {{{left, top}, {right, top}, {right, bottom}, {left, bottom}}};
}

TEST(Geometry, IntersectionOverUnion) {
  const Quad square = Upright(0, 0, 2, 2);
  EXPECT_DOUBLE_EQ(IntersectionOverUnion(square, square), 1);
  EXPECT_DOUBLE_EQ(IntersectionOverUnion(square, Upright(1, 0, 3, 2)), 2. / 6);
  EXPECT_DOUBLE_EQ(IntersectionOverUnion(square, Upright(5, 0, 7, 2)), 0);
  EXPECT_DOUBLE_EQ(IntersectionOverUnion(square, Upright(2, 0, 4, 2)), 0);
  EXPECT_DOUBLE_EQ(IntersectionOverUnion(square, Upright(.5, .5, 1.5, 1.5)),
                   0.25);
  // Corners the other way around, and from another one.
  const Quad mirrored = {{{2, 2}, {2, 0}, {0, 0}, {0, 2}}};
  EXPECT_DOUBLE_EQ(IntersectionOverUnion(square, mirrored), 1);
  // A square on its tip, of area 2, within one of area 4: an octagon's case is
  // the square turned by 45 degrees around the same centre.
  const Quad tip = {{{1, 0}, {2, 1}, {1, 2}, {0, 1}}};
  EXPECT_DOUBLE_EQ(IntersectionOverUnion(square, tip), 0.5);
  const double r = std::sqrt(2.0);
  const Quad turned = {{{1, 1 - r}, {1 + r, 1}, {1, 1 + r}, {1 - r, 1}}};
  const double octagon = 8 * (r - 1);
  EXPECT_NEAR(IntersectionOverUnion(square, turned), octagon / (8 - octagon),
              1e-12);
  const Quad empty = Upright(1, 1, 1, 1);
  EXPECT_DOUBLE_EQ(IntersectionOverUnion(empty, empty), 0);
}

// Probabilities with a bright rectangle.
std::vector<float> Bright(int x0, int y0, int x1, int y1, float value) {
  std::vector<float> map(100 * 200, 0.01f);
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) map[y * 200 + x] = value;
  return map;
}

TEST(TextBoxes, GrowByTheRatio) {
  const auto boxes = TextBoxes(Bright(40, 30, 140, 50, 0.9f).data(), 100, 200);
  ASSERT_EQ(boxes.size(), 1u);
  // Sides of 100 and 20 between pixels' centres, grown by 2000 * 1.6 / 240.
  const double grow = 2000 * 1.6 / 240;
  EXPECT_THAT(boxes[0][0].x, DoubleNear(40 - grow, 1e-6));
  EXPECT_THAT(boxes[0][0].y, DoubleNear(30 - grow, 1e-6));
  EXPECT_THAT(boxes[0][2].x, DoubleNear(140 + grow, 1e-6));
  EXPECT_THAT(boxes[0][2].y, DoubleNear(50 + grow, 1e-6));
}

TEST(TextBoxes, LeavesOutWhatIsFaintOrSmall) {
  EXPECT_THAT(TextBoxes(Bright(40, 30, 140, 50, 0.4f).data(), 100, 200),
              IsEmpty());
  EXPECT_THAT(TextBoxes(Bright(40, 30, 42, 32, 0.9f).data(), 100, 200),
              IsEmpty());
  EXPECT_THAT(TextBoxes(Bright(0, 0, 0, 0, 0.9f).data(), 100, 200), IsEmpty());
}

TEST(TextBoxes, AreInReadingOrder) {
  std::vector<float> map = Bright(120, 11, 180, 22, 0.9f);
  for (const auto [x, y] : {std::pair(10, 12), std::pair(10, 60)})
    for (int v = y; v < y + 11; ++v)
      for (int u = x; u < x + 60; ++u) map[v * 200 + u] = 0.9f;
  const auto boxes = TextBoxes(map.data(), 100, 200);
  ASSERT_EQ(boxes.size(), 3u);
  EXPECT_LT(boxes[0][0].x, 100);
  EXPECT_GT(boxes[1][0].x, 100);
  EXPECT_GT(boxes[2][0].y, 40);
}

TEST(Ctc, MergesRepetitionsAndDropsBlanks) {
  // Classes: blank, a, b, space.
  const std::vector<int> path = {0, 1, 1, 0, 1, 2, 3, 3, 2, 0};
  std::vector<float> probabilities;
  for (int found : path)
    for (int c = 0; c < 4; ++c)
      probabilities.push_back(c == found ? 0.8f : 0.1f);
  const Text text = DecodeCtc(probabilities.data(), 10, {"a", "b"});
  EXPECT_EQ(text.text, "aab b");
  EXPECT_NEAR(text.score, 0.8, 1e-6);
  EXPECT_EQ(DecodeCtc(probabilities.data(), 1, {"a", "b"}).text, "");
}

}  // namespace
}  // namespace tpuc::ocr
