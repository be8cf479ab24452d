// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/cost.h"

#include "compiler/target/bm1684x/cycles.h"
#include "compiler/target/bm1684x/emitter.h"
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

TEST(CopyCycles, NeighboursOfOtherChannelsAreTransposed) {
  const LocalTensor matrix{0, DType::kF16, {1, 64, 40, 1}};
  for (bool is_load : {true, false}) {
    EXPECT_TRUE(PrefersTranspose(matrix, {0, 1, 6625, 1}, is_load));
    EXPECT_EQ(CopyCycles(matrix, {0, 1, 6625, 1}, is_load), 80);
    EXPECT_FALSE(PrefersTranspose(matrix, {0, 40, 1, 1}, is_load));
  }
  const LocalTensor plane{0, DType::kF16, {1, 64, 4, 10}};
  EXPECT_FALSE(PrefersTranspose(plane, {0, 1, 640, 64}, true));
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

TEST(CopyCycles, OneChannelForAllLanesIsBroadcast) {
  const LocalTensor table{0, DType::kI8, {1, 64, 1, 256}};
  EXPECT_EQ(CopyCycles(table, {0, 0, 0, 1}, true), 4);
  const LocalTensor scalar{0, DType::kF32, {1, 130, 1, 1}};
  EXPECT_EQ(CopyCycles(scalar, {0, 0, 0, 0}, true), 3 * 4);
}

// What is planned is what the copy's instructions cost; up to 64 channels a
// copy is one instruction.
TEST(CopyCycles, AreThoseOfTheInstructions) {
  struct Case {
    Dims shape, strides;
  };
  const Case cases[] = {
      {{1, 64, 1, 4}, {256, 4, 4, 1}},       {{2, 64, 1, 4}, {256, 4, 0, 1}},
      {{1, 3, 8, 16}, {0, 4096, 100, 1}},    {{1, 64, 1, 256}, {0, 9, 0, 1}},
      {{1, 64, 12, 100}, {0, 1200, 100, 1}}, {{2, 7, 1, 1}, {7, 1, 0, 0}},
      {{1, 60, 5, 7}, {0, 100, 14, 2}},      {{3, 1, 1, 5000}, {0, 0, 0, 1}},
      {{1, 64, 1, 256}, {0, 0, 0, 1}},       {{2, 50, 3, 4}, {30, 0, 10, 1}},
  };
  for (const Case& c : cases) {
    for (DType dtype : {DType::kI8, DType::kF16, DType::kF32}) {
      for (bool is_load : {true, false}) {
        const LocalTensor local{0, dtype, c.shape};
        Emitter emitter;
        if (is_load) {
          emitter.Load(local, isa::kDdrBase, c.strides);
        } else {
          emitter.Store(isa::kDdrBase, c.strides, local);
        }
        ASSERT_EQ(emitter.instructions().size(), 1u);
        const absl::StatusOr<Cost> cost = CostOf(emitter.instructions()[0]);
        ASSERT_TRUE(cost.ok()) << cost.status();
        EXPECT_EQ(CopyCycles(local, c.strides, is_load), cost->cycles);
        // The model rounds transposes of less than 64 bytes down to nothing.
        EXPECT_TRUE(cost->cycles > 0 ||
                    PrefersTranspose(local, c.strides, is_load));
      }
    }
  }
}

}  // namespace
}  // namespace tpuc::bm1684x
