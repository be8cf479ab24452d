// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/cost.h"

#include "gtest/gtest.h"

namespace tpuc::bm1684x {
namespace {

// Two images, so that no matrix copy is possible; the second doubles the count
// of segments and lies far away.
int64_t DenseLoad(int64_t channels, int64_t bytes) {
  const LocalTensor local{0, DType::kI8, {2, channels, 1, bytes}};
  return CopyCycles(local, {1 << 20, bytes, bytes, 1}, /*is_load=*/true) / 2;
}

int64_t MatrixLoad(int64_t channels, int64_t bytes) {
  const LocalTensor local{0, DType::kI8, {1, channels, 1, bytes}};
  const Dims strides = DenseView(local.shape).strides;
  EXPECT_TRUE(PrefersMatrixCopy(local, strides, /*is_load=*/true));
  return CopyCycles(local, strides, /*is_load=*/true);
}

// The table "S2L, one segment per channel" of docs/isa/bm1684x.md, g.
TEST(CopyCycles, DenseLoads) {
  EXPECT_EQ(DenseLoad(1, 16), 18);
  EXPECT_EQ(DenseLoad(64, 16), 1213);
  EXPECT_EQ(DenseLoad(256, 64), 1213);
  EXPECT_EQ(DenseLoad(64, 256), 303);
  EXPECT_EQ(DenseLoad(32, 192), 303);
  EXPECT_EQ(DenseLoad(8, 1024), 303);
  EXPECT_EQ(DenseLoad(256, 1024), 4853);
}

TEST(CopyCycles, ShortChannelsAreCopiedAsAMatrixRow) {
  EXPECT_EQ(MatrixLoad(64, 4), 282);
  const LocalTensor wide{0, DType::kF32, {1, 64, 1, 256}};
  EXPECT_FALSE(
      PrefersMatrixCopy(wide, DenseView(wide.shape).strides, /*is_load=*/true));
  const LocalTensor column{0, DType::kF32, {1, 64, 1, 1}};
  EXPECT_FALSE(PrefersMatrixCopy(column, {0, 8, 1, 1}, /*is_load=*/true));
}

TEST(CopyCycles, FarChannelsRunAtAQuarter) {
  const LocalTensor local{0, DType::kF32, {1, 64, 4, 64}};
  EXPECT_EQ(CopyCycles(local, {0, 1024, 64, 1}, true), 1213);
  EXPECT_EQ(CopyCycles(local, {0, 4096, 64, 1}, true), 4853);
}

TEST(CopyCycles, RowsThatDoNotJoinCountSingly) {
  const LocalTensor local{0, DType::kF32, {1, 1, 16, 64}};
  EXPECT_EQ(CopyCycles(local, {0, 0, 64, 1}, false), 399);
  const LocalTensor narrow{0, DType::kF32, {1, 1, 16, 32}};
  EXPECT_EQ(CopyCycles(narrow, {0, 0, 64, 1}, false), 399);
}

TEST(CopyCycles, RepeatedRowsAreNotFree) {
  const LocalTensor local{0, DType::kF32, {1, 1, 16, 64}};
  EXPECT_EQ(CopyCycles(local, {0, 0, 0, 1}, true), 303);
}

}  // namespace
}  // namespace tpuc::bm1684x
