// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/sync.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"
#include "compiler/target/bm1684x/footprint.h"

namespace tpuc::bm1684x {
namespace {

constexpr uint64_t kMaxId = (uint64_t{1} << 20) - 1;

// The newest id that touched each byte of one memory.
class LastTouch {
 public:
  // Ids only grow.
  void Set(int64_t begin, int64_t end, uint64_t id) {
    if (begin >= end) return;
    Cut(begin);
    Cut(end);
    runs_.erase(runs_.lower_bound(begin), runs_.lower_bound(end));
    runs_[begin] = {end, id};
  }

  uint64_t Newest(int64_t begin, int64_t end) const {
    uint64_t newest = 0;
    auto run = runs_.upper_bound(begin);
    if (run != runs_.begin()) --run;
    for (; run != runs_.end() && run->first < end; ++run) {
      if (run->second.end > begin) newest = std::max(newest, run->second.id);
    }
    return newest;
  }

 private:
  struct Run {
    int64_t end;
    uint64_t id;
  };

  // Makes `at` a border between runs.
  void Cut(int64_t at) {
    auto run = runs_.lower_bound(at);
    if (run == runs_.begin()) return;
    --run;
    if (run->second.end <= at) return;
    runs_[at] = run->second;
    run->second.end = at;
  }

  std::map<int64_t, Run> runs_;
};

// What one engine has done to the memories that both engines see.
class History {
 public:
  void Record(const Footprint& footprint, uint64_t id) {
    for (const Region& region : footprint.reads) Set(reads_, region, id);
    for (const Region& region : footprint.writes) Set(writes_, region, id);
  }

  // Newest instruction that `later`, of the other engine, must not overtake.
  uint64_t Conflict(const Footprint& later) const {
    uint64_t id = 0;
    for (const Region& region : later.reads)
      id = std::max(id, Newest(writes_, region));
    for (const Region& region : later.writes) {
      id = std::max(id, Newest(writes_, region));
      id = std::max(id, Newest(reads_, region));
    }
    return id;
  }

 private:
  using Map = std::map<Memory, LastTouch>;

  static void Set(Map& map, const Region& region, uint64_t id) {
    if (region.memory == Memory::kSystem) return;
    map[region.memory].Set(region.begin, region.end, id);
  }
  static uint64_t Newest(const Map& map, const Region& region) {
    auto found = map.find(region.memory);
    return found == map.end() ? 0
                              : found->second.Newest(region.begin, region.end);
  }

  Map reads_, writes_;
};

bool Conflict(const Footprint& a, const Footprint& b) {
  const auto meet = [](const std::vector<Region>& x,
                       const std::vector<Region>& y) {
    for (const Region& p : x) {
      if (p.memory == Memory::kSystem) continue;
      for (const Region& q : y)
        if (Overlap(p, q)) return true;
    }
    return false;
  };
  return meet(a.writes, b.writes) || meet(a.writes, b.reads) ||
         meet(a.reads, b.writes);
}

std::string Describe(const isa::Instruction& instruction) {
  return absl::StrCat(isa::Name(instruction.engine()), " instruction ",
                      instruction.cmd_id(), " (", instruction.info().name, ")");
}

// For each instruction the newest id of the other engine that is complete when
// it starts.
std::vector<uint64_t> Known(absl::Span<const isa::Instruction> stream) {
  std::vector<uint64_t> known;
  uint64_t newest = 0;
  for (const isa::Instruction& instruction : stream) {
    newest = std::max(newest, instruction.cmd_id_dep());
    known.push_back(newest);
  }
  return known;
}

absl::Status CheckStream(absl::Span<const isa::Instruction> stream,
                         uint64_t other_size) {
  for (size_t i = 0; i < stream.size(); ++i) {
    if (stream[i].cmd_id() != i + 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(Describe(stream[i]), " stands at position ", i + 1,
                       " of its stream; ids count 1, 2, 3"));
    }
    if (stream[i].cmd_id_dep() > other_size) {
      return absl::InvalidArgumentError(absl::StrCat(
          Describe(stream[i]), " waits for id ", stream[i].cmd_id_dep(),
          " but the other engine ends at ", other_size));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AssignSync(absl::Span<isa::Instruction> program) {
  History done[2];
  uint64_t ids[2] = {0, 0};     // last id given, by engine
  uint64_t waited[2] = {0, 0};  // newest id of the other engine waited for
  for (isa::Instruction& instruction : program) {
    const int self = instruction.engine() == isa::Engine::kTiu ? 0 : 1;
    const int other = 1 - self;
    if (ids[self] == kMaxId) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the program has more than ", kMaxId, " ",
          isa::Name(instruction.engine()),
          " instructions; splitting a program into several command groups is "
          "not supported"));
    }
    const uint64_t id = ++ids[self];
    instruction.set_cmd_id(id);
    const Footprint footprint = FootprintOf(instruction);
    const uint64_t needed = done[other].Conflict(footprint);
    const bool implied = needed <= waited[self];
    instruction.set_cmd_id_dep(implied ? 0 : needed);
    if (!implied) waited[self] = needed;
    done[self].Record(footprint, id);
  }
  return absl::OkStatus();
}

absl::Status CheckSync(absl::Span<const isa::Instruction> tiu,
                       absl::Span<const isa::Instruction> gdma) {
  absl::Status status = CheckStream(tiu, gdma.size());
  if (!status.ok()) return status;
  status = CheckStream(gdma, tiu.size());
  if (!status.ok()) return status;
  const std::vector<uint64_t> tiu_knows = Known(tiu), gdma_knows = Known(gdma);

  std::vector<Footprint> footprints;
  for (const isa::Instruction& instruction : gdma)
    footprints.push_back(FootprintOf(instruction));
  for (size_t i = 0; i < tiu.size(); ++i) {
    const Footprint footprint = FootprintOf(tiu[i]);
    // GDMA ids up to tiu_knows[i] come before; those from the first that knows
    // of this instruction come after. Anything between runs beside it.
    const size_t after = std::distance(
        gdma_knows.begin(),
        std::lower_bound(gdma_knows.begin(), gdma_knows.end(), i + 1));
    if (after < tiu_knows[i]) {
      return absl::InvalidArgumentError(
          absl::StrCat(Describe(tiu[i]), " and ", Describe(gdma[after]),
                       " wait for each other for ever"));
    }
    for (size_t j = tiu_knows[i]; j < after; ++j) {
      if (Conflict(footprint, footprints[j])) {
        return absl::InvalidArgumentError(absl::StrCat(
            Describe(tiu[i]), " and ", Describe(gdma[j]),
            " touch the same memory, one of them writes, and no wait orders "
            "them"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace tpuc::bm1684x
