// SPDX-License-Identifier: Apache-2.0
#include "runtime/races/waits.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tpuc::races {
namespace {

constexpr uint64_t kAll = ~uint64_t{0};

Step Use(uint64_t id, uint64_t wait, std::vector<ByteRange> reads,
         std::vector<ByteRange> writes) {
  return {id, wait, std::move(reads), std::move(writes)};
}

std::vector<Race> RacesOf(const Streams& streams) {
  LastTouch written;
  const auto analysis = Analysis::Of(streams, &written);
  EXPECT_TRUE(analysis.ok()) << analysis.status();
  return analysis->Races();
}

// Load a, b = f(a), store b.
Streams LoadComputeStore() {
  const ByteRange a{kAll, 0, 64}, b{kAll, 64, 128};
  return {{Use(1, 1, {a}, {b})}, {Use(1, 0, {}, {a}), Use(2, 1, {b}, {})}};
}

TEST(Waits, OrderedProgramHasNoRace) {
  EXPECT_TRUE(RacesOf(LoadComputeStore()).empty());
}

TEST(Waits, LoadNotWaitedFor) {
  Streams streams = LoadComputeStore();
  streams.tiu[0].wait = 0;
  const std::vector<Race> races = RacesOf(streams);
  ASSERT_EQ(races.size(), 1u);
  EXPECT_TRUE(races[0].tiu_waits);
  EXPECT_EQ(races[0].tiu, 0u);
  EXPECT_EQ(races[0].gdma, 0u);
  EXPECT_EQ(races[0].tiu_knows, 0u);
  EXPECT_EQ(races[0].gdma_knows, 0u);
}

TEST(Waits, StoreThatDoesNotWait) {
  Streams streams = LoadComputeStore();
  streams.gdma[1].wait = 0;
  const std::vector<Race> races = RacesOf(streams);
  ASSERT_EQ(races.size(), 1u);
  EXPECT_EQ(races[0].tiu, 0u);
  EXPECT_EQ(races[0].gdma, 1u);
}

TEST(Waits, OtherLanesAndReadersDoNotRace) {
  Streams streams = {{Use(1, 0, {{1, 0, 64}}, {{2, 64, 128}})},
                     {Use(1, 0, {{1, 0, 64}}, {{2, 0, 64}, {1, 64, 128}})}};
  EXPECT_TRUE(RacesOf(streams).empty());
  streams.gdma[0].writes.push_back({3, 127, 128});
  EXPECT_EQ(RacesOf(streams).size(), 1u);
}

TEST(Waits, EndlessWaitsAreNamed) {
  Streams streams = LoadComputeStore();
  streams.gdma[0].wait = 1;
  LastTouch written;
  const auto analysis = Analysis::Of(streams, &written);
  EXPECT_EQ(analysis.status().message(),
            "the program waits for ever: TIU instruction 1 waits for id 1 of "
            "GDMA, which is at 0; GDMA instruction 1 waits for id 1 of TIU, "
            "which is at 0");
}

TEST(Waits, UnwrittenReads) {
  Streams streams = LoadComputeStore();
  streams.tiu[0].reads.push_back({3, 96, 160});
  LastTouch written;
  auto analysis = Analysis::Of(streams, &written);
  ASSERT_EQ(analysis->unwritten_reads().size(), 1u);
  EXPECT_TRUE(analysis->unwritten_reads()[0].is_tiu);
  EXPECT_EQ(analysis->unwritten_reads()[0].bytes, (ByteRange{3, 96, 160}));
  // The next command group finds what this one has written.
  streams.tiu[0].reads.back() = {3, 96, 128};
  analysis = Analysis::Of(streams, &written);
  EXPECT_TRUE(analysis->unwritten_reads().empty());
}

// ---- random programs against the definitions ----

bool Meet(const std::vector<ByteRange>& a, const std::vector<ByteRange>& b) {
  return Common(a, b).has_value();
}
bool Conflict(const Step& a, const Step& b) {
  return Meet(a.writes, b.writes) || Meet(a.writes, b.reads) ||
         Meet(a.reads, b.writes);
}

// before[a][b]: a path of stream order and waits leads from a to b; TIU first,
// GDMA behind.
std::vector<std::vector<bool>> Before(const Streams& s) {
  const size_t tius = s.tiu.size(), all = tius + s.gdma.size();
  std::vector<std::vector<bool>> before(all, std::vector<bool>(all));
  for (size_t i = 1; i < tius; ++i) before[i - 1][i] = true;
  for (size_t j = tius + 1; j < all; ++j) before[j - 1][j] = true;
  for (size_t i = 0; i < tius; ++i)
    if (s.tiu[i].wait > 0) before[tius + s.tiu[i].wait - 1][i] = true;
  for (size_t j = 0; j < s.gdma.size(); ++j)
    if (s.gdma[j].wait > 0) before[s.gdma[j].wait - 1][tius + j] = true;
  for (size_t k = 0; k < all; ++k)
    for (size_t a = 0; a < all; ++a)
      for (size_t b = 0; before[a][k] && b < all; ++b)
        if (before[k][b]) before[a][b] = true;
  return before;
}

bool Races(const Streams& s, const std::vector<std::vector<bool>>& before,
           size_t i, size_t j) {
  const size_t other = s.tiu.size() + j;
  return Conflict(s.tiu[i], s.gdma[j]) && !before[i][other] &&
         !before[other][i];
}

bool AnyRace(const Streams& s) {
  const auto before = Before(s);
  for (size_t i = 0; i < s.tiu.size(); ++i)
    for (size_t j = 0; j < s.gdma.size(); ++j)
      if (Races(s, before, i, j)) return true;
  return false;
}

// Waits for earlier instructions of a random program order, some of them too
// old.
Streams RandomStreams(std::mt19937_64& random) {
  Streams s;
  const auto range = [&] {
    const uint64_t masks[] = {kAll, 1, 2, 3};
    const int64_t begin = random() % 6 * 8;
    return ByteRange{masks[random() % 4], begin, begin + 8};
  };
  for (int k = 0; k < 24; ++k) {
    const bool is_tiu = random() % 2 != 0;
    std::vector<Step>& own = is_tiu ? s.tiu : s.gdma;
    const std::vector<Step>& other = is_tiu ? s.gdma : s.tiu;
    Step step;
    step.id = own.size() + 1;
    if (random() % 2 != 0) step.reads.push_back(range());
    if (random() % 2 != 0) step.writes.push_back(range());
    for (const Step& o : other)
      if (random() % 8 != 0 && Conflict(step, o)) step.wait = o.id;
    own.push_back(step);
  }
  return s;
}

void ExpectAgreement(const Streams& s, const std::vector<Race>& races) {
  ASSERT_EQ(!races.empty(), AnyRace(s));
  const auto before = Before(s);
  for (const Race& race : races)
    EXPECT_TRUE(Races(s, before, race.tiu, race.gdma));
}

TEST(Waits, RandomProgramsAgreeWithTheDefinition) {
  std::mt19937_64 random(2);
  int clean = 0;
  for (int round = 0; round < 400; ++round) {
    Streams s = RandomStreams(random);
    LastTouch written;
    const auto analysis = Analysis::Of(s, &written);
    ASSERT_TRUE(analysis.ok());
    ExpectAgreement(s, analysis->Races());
    clean += analysis->Races().empty() ? 1 : 0;
    // The analysis of the whole program serves for every weaker one.
    for (const bool is_tiu : {true, false}) {
      for (Step& step : is_tiu ? s.tiu : s.gdma) {
        if (step.wait == 0) continue;
        const uint64_t wait = step.wait;
        step.wait = random() % wait;
        ExpectAgreement(s, analysis->Races(WaitsOf(s)));
        step.wait = wait;
      }
    }
  }
  EXPECT_GT(clean, 50);
  EXPECT_LT(clean, 350);
}

}  // namespace
}  // namespace tpuc::races
