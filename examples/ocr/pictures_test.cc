// SPDX-License-Identifier: Apache-2.0
#include "pictures.h"

#include "gtest/gtest.h"

namespace ocr {
namespace {

TEST(Pictures, CropsAndTurns) {
  tpuc::Image image(40, 60, 3);
  for (int y = 0; y < 40; ++y)
    for (int x = 0; x < 60; ++x) image.at(y, x)[0] = uint8_t(4 * x + y);
  tpuc::Image crop = Crop(image, {{{10, 5}, {50, 5}, {50, 15}, {10, 15}}});
  ASSERT_EQ(crop.width, 40);
  ASSERT_EQ(crop.height, 10);
  EXPECT_EQ(crop.at(2, 3)[0], 4 * 13 + 7);
  TurnAround(crop);
  EXPECT_EQ(crop.at(7, 36)[0], 4 * 13 + 7);
  // A column is read from below.
  crop = Crop(image, {{{10, 5}, {20, 5}, {20, 35}, {10, 35}}});
  EXPECT_EQ(crop.width, 30);
  EXPECT_EQ(crop.height, 10);
  EXPECT_EQ(crop.at(0, 0)[0], 4 * 20 + 5);
}

TEST(Pictures, DrawsWithinTheImage) {
  tpuc::Image image(10, 10, 3);
  DrawQuad(image, {{{-5, 2}, {20, 2}, {20, 30}, {-5, 30}}});
  EXPECT_EQ(image.at(2, 9)[2], 255);
  EXPECT_EQ(image.at(3, 9)[2], 0);
}

}  // namespace
}  // namespace ocr
