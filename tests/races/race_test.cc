// SPDX-License-Identifier: Apache-2.0
// Arguments: .bmodel files whose programs are taken apart; see race_test.bzl.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/isa/codes.h"
#include "compiler/target/bm1684x/footprint.h"
#include "runtime/races/program_races.h"
#include "runtime/races/waits.h"
#include "runtime/simulator/simulator.h"
#include "tests/races/programs.h"

namespace tpuc::races {
namespace {

// ---- the definitions, without the checker's ways ----

bool Conflict(const Step& a, const Step& b) {
  return Common(a.writes, b.writes).has_value() ||
         Common(a.writes, b.reads).has_value() ||
         Common(a.reads, b.writes).has_value();
}

class Conflicts {
 public:
  explicit Conflicts(const Streams& streams) : streams_(streams) {}
  bool operator()(size_t tiu, size_t gdma) {
    const auto [at, is_new] = known_.emplace(tiu << 32 | gdma, false);
    if (is_new) at->second = Conflict(streams_.tiu[tiu], streams_.gdma[gdma]);
    return at->second;
  }

 private:
  const Streams& streams_;
  std::unordered_map<uint64_t, bool> known_;
};

// For each instruction of a stream the newest id waited for, by it or before.
std::vector<uint64_t> Known(const std::vector<uint64_t>& waits) {
  std::vector<uint64_t> known;
  uint64_t newest = 0;
  for (const uint64_t wait : waits)
    known.push_back(newest = std::max(newest, wait));
  return known;
}

// Whether instructions that share memory were ordered with the waits `before`
// of an engine, and are not with `after`, which are no newer.
bool LosesOrder(bool is_tiu, const std::vector<uint64_t>& before,
                const std::vector<uint64_t>& after, Conflicts& conflicts) {
  const std::vector<uint64_t> old_known = Known(before), known = Known(after);
  for (size_t i = 0; i < known.size(); ++i) {
    // Ids count from 1, positions from 0.
    for (uint64_t other = known[i]; other < old_known[i]; ++other) {
      if (is_tiu ? conflicts(i, other) : conflicts(other, i)) return true;
    }
  }
  return false;
}

struct Mutation {
  bool is_tiu;
  size_t position;
  uint64_t wait;  // instead
};

// Each wait deleted, and one older.
std::vector<Mutation> AllMutations(const Waits& waits) {
  std::vector<Mutation> mutations;
  for (const bool is_tiu : {true, false}) {
    const std::vector<uint64_t>& own = is_tiu ? waits.tiu : waits.gdma;
    for (size_t i = 0; i < own.size(); ++i) {
      if (own[i] > 0) mutations.push_back({is_tiu, i, 0});
      if (own[i] > 1) mutations.push_back({is_tiu, i, own[i] - 1});
    }
  }
  return mutations;
}

Waits Apply(const Mutation& m, Waits waits) {
  (m.is_tiu ? waits.tiu : waits.gdma)[m.position] = m.wait;
  return waits;
}

Streams Apply(const Mutation& m, Streams streams) {
  (m.is_tiu ? streams.tiu : streams.gdma)[m.position].wait = m.wait;
  return streams;
}

TEST(Races, ProgramsHaveNone) {
  for (const Group& group : AllGroups()) {
    LastTouch written = WrittenAtStart();
    const auto analysis = Analysis::Of(group.streams, &written);
    ASSERT_TRUE(analysis.ok()) << analysis.status();
    // Only the padding behind the last columns of a matrix is read unwritten.
    for (const UnwrittenRead& read : analysis->unwritten_reads()) {
      const auto& stream = read.is_tiu ? group.program.tiu : group.program.gdma;
      EXPECT_EQ(stream[read.position].instruction.format(), isa::Format::kSMm)
          << group.name << ": " << Describe(read, group.program);
    }
    for (const Race& race : analysis->Races()) {
      ADD_FAILURE() << group.name << ": "
                    << Describe(race, group.program, group.streams);
    }
  }
}

TEST(Races, EachMutationIsReportedExactlyWhenItLosesAnOrder) {
  for (const Group& group : AllGroups()) {
    SCOPED_TRACE(group.name);
    for (size_t i = 0; i < group.streams.tiu.size(); ++i)
      ASSERT_EQ(group.streams.tiu[i].id, i + 1);
    for (size_t j = 0; j < group.streams.gdma.size(); ++j)
      ASSERT_EQ(group.streams.gdma[j].id, j + 1);
    LastTouch written;
    const auto analysis = Analysis::Of(group.streams, &written);
    ASSERT_TRUE(analysis.ok()) << analysis.status();
    const Waits own = WaitsOf(group.streams);
    Conflicts conflicts(group.streams);
    int reported = 0, deleted = 0, fresh = 0;
    const std::vector<Mutation> mutations = AllMutations(own);
    for (const Mutation& m : mutations) {
      SCOPED_TRACE(absl::StrCat(m.is_tiu ? "TIU" : "GDMA", " instruction ",
                                m.position + 1, " waits for ", m.wait));
      const Waits weaker = Apply(m, own);
      const std::vector<Race> races = analysis->Races(weaker);
      const bool loses =
          m.is_tiu ? LosesOrder(true, own.tiu, weaker.tiu, conflicts)
                   : LosesOrder(false, own.gdma, weaker.gdma, conflicts);
      ASSERT_EQ(!races.empty(), loses);
      for (const Race& race : races) {
        ASSERT_TRUE(conflicts(race.tiu, race.gdma));
        ASSERT_LE(race.tiu_knows, race.gdma);
        ASSERT_LE(race.gdma_knows, race.tiu);
      }
      reported += loses ? 1 : 0;
      if (m.wait == 0) deleted += loses ? 1 : 0;
      // The mutated program for itself; some of them, for the time it takes.
      if (!loses || reported % 16 != 1) continue;
      LastTouch again;
      const auto alone = Analysis::Of(Apply(m, group.streams), &again);
      ASSERT_TRUE(alone.ok()) << alone.status();
      ASSERT_FALSE(alone->Races().empty());
      ++fresh;
    }
    std::cout << group.name << ": " << mutations.size() << " mutations, "
              << reported << " lose an order, " << deleted
              << " of them by deletion; " << fresh << " analysed anew\n";
    EXPECT_GT(deleted, 0);
    EXPECT_GT(fresh, 0);
  }
}

// ---- against the footprints from which the compiler derives waits ----

LastTouch Covered(const std::vector<bm1684x::Region>& regions) {
  LastTouch covered;
  for (const bm1684x::Region& r : regions) {
    if (r.memory == bm1684x::Memory::kLocal) {
      covered.Set({r.lanes, r.begin, r.end}, 1);
    } else if (r.memory == bm1684x::Memory::kStatic) {
      covered.Set({1, isa::kLaneBytes + r.begin, isa::kLaneBytes + r.end}, 1);
    }
  }
  return covered;
}

void ExpectCovered(const char* what, const sim::Program::Step& step,
                   const std::vector<ByteRange>& exact,
                   const std::vector<bm1684x::Region>& regions) {
  const LastTouch covered = Covered(regions);
  for (const ByteRange& range : exact) {
    const auto missing = covered.Untouched(range);
    EXPECT_FALSE(missing.has_value())
        << sim::Describe(step) << " " << what << " " << Describe(*missing)
        << ", which is not in its footprint";
  }
}

TEST(Footprint, CoversWhatTheSimulatorUses) {
  for (const Group& group : AllGroups()) {
    SCOPED_TRACE(group.name);
    for (const bool is_tiu : {true, false}) {
      const std::vector<sim::Program::Step>& steps =
          is_tiu ? group.program.tiu : group.program.gdma;
      const std::vector<Step>& used =
          is_tiu ? group.streams.tiu : group.streams.gdma;
      for (size_t i = 0; i < steps.size(); ++i) {
        const bm1684x::Footprint footprint =
            bm1684x::FootprintOf(steps[i].instruction);
        ExpectCovered("reads", steps[i], used[i].reads, footprint.reads);
        ExpectCovered("writes", steps[i], used[i].writes, footprint.writes);
      }
    }
  }
}

}  // namespace
}  // namespace tpuc::races
