// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/memory.h"

#include <cmath>

#include "compiler/numerics/float_format.h"
#include "gtest/gtest.h"
#include "runtime/simulator/static_tables.h"

namespace tpuc::sim {
namespace {

// The worked example of docs/isa/bm1684x.md, b: f32 (2, 70, 3, 5), element
// (1, 66, 2, 4).
TEST(Layout, WorkedExample) {
  Memory memory(4096);
  const numerics::Shape4 shape{2, 70, 3, 5};
  const struct {
    LocalStrides strides;
    int64_t lane_of_start, lane, offset;
  } cases[] = {
      {AlignedStrides(shape, 4, 0), 0, 2, 248},
      {AlignedStrides(shape, 4, 5), 5, 7, 248},
      {CompactStrides(shape, 0), 0, 2, 236},
  };
  for (const auto& c : cases) {
    const auto planes =
        memory.Planes(static_cast<uint64_t>(c.lane_of_start) << 18, DType::kF32,
                      shape, c.strides);
    ASSERT_TRUE(planes.ok()) << planes.status();
    const uint8_t* element =
        static_cast<uint8_t*>(planes->channel[66]) +
        (planes->n_stride + 2 * planes->h_stride + 4 * planes->w_stride) * 4;
    EXPECT_EQ(element - memory.lane(c.lane), c.offset);
  }
  EXPECT_EQ(AlignedStrides(shape, 4, 0).n, 32);
  EXPECT_EQ(LineAlignedStrides(shape, 4, 0).h, 16);
}

TEST(Bounds, ErrorsNameAddressAndMemory) {
  Memory memory(4096);
  EXPECT_TRUE(memory.Range(0x100000000, 4096).ok());
  EXPECT_EQ(memory.Range(0x100000001, 4096).status().message(),
            "4096 bytes at 0x100000001 leave DDR, which ends at 0x100001000");
  EXPECT_EQ(memory.Range(0x20000000, 1).status().message(),
            "address 0x20000000 is in no memory (DDR ends at 0x100001000)");
  EXPECT_TRUE(memory.Range(0x08FFFFFF, 1).ok());
  EXPECT_FALSE(memory.Range(0x08FFFFFF, 2).ok());
  EXPECT_FALSE(memory.Range(0x101FB000, 1).ok());
  const auto planes = memory.Planes(0x3FFFC, DType::kF32, {1, 1, 1, 2},
                                    LocalStrides{0, 0, 0, 1});
  EXPECT_EQ(planes.status().message(),
            "tensor [1, 1, 1, 2] of f32 at local address 0x3fffc ends at byte "
            "262148 of a lane, which has 262144");
  EXPECT_FALSE(memory.Planes(1 << 24, DType::kF32, {}, LocalStrides{}).ok());
}

TEST(LocalMemory, StartsWithThePattern) {
  EXPECT_EQ(Memory(16).lane(63)[0], 0xEF);
  EXPECT_EQ(Memory(16, LocalPattern::kZero).lane(1)[5], 0);
  Memory memory(16, LocalPattern::kNan);
  EXPECT_EQ(memory.lane(0)[isa::kLaneBytes - 1], 0xFF);
}

// docs/isa/bm1684x.md, f.
TEST(StaticTables, HoldTheSeries) {
  const std::vector<uint32_t>& t = StaticTables();
  EXPECT_EQ(t[103], 0x3F800000u);  // e^0
  EXPECT_EQ(t[0], 1u);             // e^-103, a denormal
  EXPECT_EQ(t[256 + 2], 0x3F000000u);
  EXPECT_EQ(t[288 + 3], numerics::FloatBits(1.0f / 3));
  EXPECT_EQ(t[368 + 63], 63u);
  EXPECT_EQ(t[432], 0x40C90FDBu);      // 2 pi
  EXPECT_EQ(t[592], 0x3C003C00u);      // f16 1, 1
  EXPECT_EQ(t[593], 0x31553800u);      // f16 1/2, 1/6
  EXPECT_EQ(t[560 + 1], 0x41255DE7u);  // pi^3 / 3
}

}  // namespace
}  // namespace tpuc::sim
