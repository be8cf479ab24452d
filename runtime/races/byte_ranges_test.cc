// SPDX-License-Identifier: Apache-2.0
#include "runtime/races/byte_ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "compiler/isa/codes.h"

namespace tpuc::races {
namespace {

constexpr int64_t kBytes = 48;

std::set<std::pair<int, int64_t>> BytesOf(const ByteRange& range) {
  std::set<std::pair<int, int64_t>> bytes;
  for (int lane = 0; lane < 64; ++lane) {
    if ((range.lanes >> lane & 1) == 0) continue;
    for (int64_t b = range.begin; b < range.end; ++b) bytes.insert({lane, b});
  }
  return bytes;
}

ByteRange RandomRange(std::mt19937_64& random) {
  const uint64_t masks[] = {~uint64_t{0},       1, 6, 0xF0, uint64_t{1} << 63,
                            random() & random()};
  const int64_t begin = random() % kBytes;
  return {masks[random() % 6], begin,
          begin + static_cast<int64_t>(random() % (kBytes - begin + 1))};
}

TEST(ByteRange, DescribesLanesAndStaticMemory) {
  EXPECT_EQ(Describe({~uint64_t{0}, 0x40, 0x80}),
            "bytes 0x40-0x7f of lanes 0-63");
  EXPECT_EQ(Describe({0x10F, 0, 4}), "bytes 0x0-0x3 of lanes 0-3, 8");
  EXPECT_EQ(Describe({uint64_t{1} << 63, 0, 1}), "bytes 0x0-0x0 of lane 63");
  EXPECT_EQ(Describe({1, isa::kLaneBytes + 16, isa::kLaneBytes + 32}),
            "bytes 0x10-0x1f of static memory");
}

TEST(ByteRange, JoinsNeighboursOfTheSameLanes) {
  EXPECT_EQ(
      Joined(
          {{1, 8, 12}, {3, 0, 4}, {1, 0, 4}, {1, 4, 8}, {1, 5, 6}, {1, 9, 9}}),
      (std::vector<ByteRange>{{1, 0, 12}, {3, 0, 4}}));
}

TEST(ByteRange, CommonBytesNeedACommonLane) {
  EXPECT_EQ(Common({{3, 0, 8}}, {{6, 4, 16}}), (ByteRange{2, 4, 8}));
  EXPECT_FALSE(Common({{1, 0, 8}}, {{2, 0, 8}}).has_value());
  EXPECT_FALSE(Common({{1, 0, 8}}, {{1, 8, 16}}).has_value());
}

// The definition: an event for each byte.
class Bytewise {
 public:
  void Set(const ByteRange& range, uint32_t event) {
    for (const auto& [lane, b] : BytesOf(range)) at_[lane][b] = event;
  }
  uint32_t Newest(const ByteRange& range) const {
    uint32_t newest = 0;
    for (const auto& [lane, b] : BytesOf(range))
      newest = std::max(newest, at_[lane][b]);
    return newest;
  }
  bool AnyUntouched(const ByteRange& range) const {
    for (const auto& [lane, b] : BytesOf(range))
      if (at_[lane][b] == 0) return true;
    return false;
  }
  bool AllUntouched(const ByteRange& range) const { return Newest(range) == 0; }

 private:
  uint32_t at_[64][kBytes] = {};
};

TEST(LastTouch, AgreesWithAnEventForEachByte) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 100; ++round) {
    LastTouch touch;
    Bytewise bytewise;
    for (uint32_t event = 1; event < 40; ++event) {
      for (int k = random() % 3; k >= 0; --k) {
        const ByteRange range = RandomRange(random);
        touch.Set(range, event);
        bytewise.Set(range, event);
      }
      for (int k = 0; k < 4; ++k) {
        const ByteRange range = RandomRange(random);
        ASSERT_EQ(touch.Newest(range), bytewise.Newest(range));
        const auto untouched = touch.Untouched(range);
        ASSERT_EQ(untouched.has_value(), bytewise.AnyUntouched(range));
        if (!untouched.has_value()) continue;
        ASSERT_FALSE(BytesOf(*untouched).empty());
        ASSERT_TRUE(bytewise.AllUntouched(*untouched));
        ASSERT_EQ(untouched->lanes & ~range.lanes, 0u);
        ASSERT_TRUE(untouched->begin >= range.begin &&
                    untouched->end <= range.end);
      }
    }
  }
}

}  // namespace
}  // namespace tpuc::races
