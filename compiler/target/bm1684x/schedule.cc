// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/schedule.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tpuc::bm1684x {
namespace {

std::string Describe(const isa::Instruction& i) {
  return absl::StrCat(isa::Name(i.engine()), " instruction ", i.cmd_id(), " (",
                      i.info().name, ")");
}

// One engine's stream, scheduled up to `next`.
struct Track {
  absl::Span<const isa::Instruction> stream;
  std::vector<Timing>* timings;
  size_t next = 0;
  int64_t clock = 0;  // end of the last one
  uint64_t done = 0;  // highest id so far

  bool AtEnd() const { return next == stream.size(); }
};

// End of the last instruction of `track` whose id is at most `id`.
int64_t EndOf(const Track& track, uint64_t id) {
  const auto begin = track.stream.begin();
  const auto after =
      std::upper_bound(begin, begin + track.next, id,
                       [](uint64_t value, const isa::Instruction& i) {
                         return value < i.cmd_id();
                       });
  return after == begin ? 0 : (*track.timings)[after - begin - 1].end;
}

// Schedules what doesn't wait for instructions of `other` that are still to be
// scheduled; says whether there was any.
absl::StatusOr<bool> Advance(Track& track, const Track& other) {
  const size_t first = track.next;
  for (; !track.AtEnd(); ++track.next) {
    const isa::Instruction& i = track.stream[track.next];
    if (i.cmd_id_dep() > other.done) break;
    absl::StatusOr<Cost> cost = CostOf(i);
    if (!cost.ok())
      return absl::Status(
          cost.status().code(),
          absl::StrCat(Describe(i), ": ", cost.status().message()));
    Timing timing;
    timing.cost = *cost;
    timing.start = std::max(track.clock, EndOf(other, i.cmd_id_dep()));
    timing.end = timing.start + cost->cycles;
    timing.waited = timing.start - track.clock;
    track.timings->push_back(timing);
    track.clock = timing.end;
    track.done = std::max(track.done, i.cmd_id());
  }
  return track.next > first;
}

}  // namespace

absl::StatusOr<Schedule> MakeSchedule(absl::Span<const isa::Instruction> tiu,
                                      absl::Span<const isa::Instruction> gdma) {
  Schedule schedule;
  Track tracks[] = {{tiu, &schedule.tiu}, {gdma, &schedule.gdma}};
  while (!tracks[0].AtEnd() || !tracks[1].AtEnd()) {
    bool progress = false;
    for (int t : {1, 0}) {
      absl::StatusOr<bool> advanced = Advance(tracks[t], tracks[1 - t]);
      if (!advanced.ok()) return advanced.status();
      progress |= *advanced;
    }
    if (progress) continue;
    const Track& stuck = tracks[tracks[0].AtEnd() ? 1 : 0];
    const isa::Instruction& i = stuck.stream[stuck.next];
    return absl::InvalidArgumentError(
        absl::StrCat(Describe(i), " waits for id ", i.cmd_id_dep(),
                     " of the other engine, which never ends before it"));
  }
  schedule.cycles = std::max(tracks[0].clock, tracks[1].clock);
  return schedule;
}

}  // namespace tpuc::bm1684x
