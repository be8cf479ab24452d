// SPDX-License-Identifier: Apache-2.0
#include "runtime/races/waits.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/simulator/schedule.h"

namespace tpuc::races {
namespace {

std::vector<uint64_t> WaitsOf(const std::vector<Step>& stream) {
  std::vector<uint64_t> waits;
  for (const Step& step : stream) waits.push_back(step.wait);
  return waits;
}

// The newest id that is complete after each instruction.
std::vector<uint64_t> Progress(const std::vector<Step>& stream) {
  std::vector<uint64_t> progress;
  uint64_t newest = 0;
  for (const Step& step : stream) {
    newest = std::max(newest, step.id);
    progress.push_back(newest);
  }
  return progress;
}

std::vector<sim::Ids> IdsOf(const std::vector<Step>& stream) {
  std::vector<sim::Ids> ids;
  for (const Step& step : stream) ids.push_back({step.id, step.wait});
  return ids;
}

absl::Status WaitsForEver(const sim::Schedule& schedule) {
  std::string message = "the program waits for ever:";
  const auto add = [&](const char* name, const sim::Schedule::Engine& engine,
                       const char* other_name,
                       const sim::Schedule::Engine& other) {
    if (engine.AtEnd()) return;
    const sim::Ids& ids = engine.stream[engine.next];
    absl::StrAppend(&message, " ", name, " instruction ", ids.id,
                    " waits for id ", ids.wait, " of ", other_name,
                    ", which is at ", other.done, ";");
  };
  add("TIU", schedule.tiu(), "GDMA", schedule.gdma());
  add("GDMA", schedule.gdma(), "TIU", schedule.tiu());
  message.pop_back();
  return absl::FailedPreconditionError(message);
}

// What one engine has done, by position + 1.
struct History {
  LastTouch reads, writes;

  void Record(const Step& step, uint32_t event) {
    for (const ByteRange& range : step.reads) reads.Set(range, event);
    for (const ByteRange& range : step.writes) writes.Set(range, event);
  }
  // The last one that `later`, of the other engine, must not overtake.
  uint32_t Conflict(const Step& later) const {
    uint32_t newest = 0;
    for (const ByteRange& range : later.reads) {
      newest = std::max(newest, writes.Newest(range));
    }
    for (const ByteRange& range : later.writes) {
      newest = std::max({newest, writes.Newest(range), reads.Newest(range)});
    }
    return newest;
  }
};

}  // namespace

Waits WaitsOf(const Streams& streams) {
  return {WaitsOf(streams.tiu), WaitsOf(streams.gdma)};
}

absl::StatusOr<Analysis> Analysis::Of(const Streams& streams,
                                      LastTouch* written) {
  Analysis analysis;
  analysis.own_ = races::WaitsOf(streams);
  analysis.tiu_.ids = Progress(streams.tiu);
  analysis.gdma_.ids = Progress(streams.gdma);
  History tiu, gdma;
  sim::Schedule schedule(IdsOf(streams.tiu), IdsOf(streams.gdma),
                         sim::Interleaving::kAlternate);
  for (;;) {
    const sim::Schedule::Turn turn = schedule.Next();
    if (turn == sim::Schedule::Turn::kEnd) return analysis;
    if (turn == sim::Schedule::Turn::kNever) return WaitsForEver(schedule);
    const bool is_tiu = turn == sim::Schedule::Turn::kTiu;
    const size_t position =
        (is_tiu ? schedule.tiu() : schedule.gdma()).next - 1;
    const Step& step = (is_tiu ? streams.tiu : streams.gdma)[position];
    History& own = is_tiu ? tiu : gdma;
    const History& other = is_tiu ? gdma : tiu;
    (is_tiu ? analysis.tiu_ : analysis.gdma_)
        .needs.push_back(other.Conflict(step));
    own.Record(step, static_cast<uint32_t>(position + 1));
    for (const ByteRange& range : step.reads) {
      if (const auto bytes = written->Untouched(range)) {
        analysis.unwritten_reads_.push_back({is_tiu, position, *bytes});
        break;
      }
    }
    for (const ByteRange& range : step.writes) written->Set(range, 1);
  }
}

std::vector<size_t> Analysis::Known(const std::vector<uint64_t>& waits,
                                    const std::vector<uint64_t>& other_ids) {
  std::vector<size_t> known;
  size_t newest = 0;
  for (const uint64_t wait : waits) {
    if (wait > 0) {
      const size_t position = static_cast<size_t>(
          std::lower_bound(other_ids.begin(), other_ids.end(), wait) -
          other_ids.begin());
      newest = std::max(newest, std::min(position + 1, other_ids.size()));
    }
    known.push_back(newest);
  }
  return known;
}

std::vector<Race> Analysis::Races(const Waits& waits) const {
  const std::vector<size_t> tiu_knows = Known(waits.tiu, gdma_.ids);
  const std::vector<size_t> gdma_knows = Known(waits.gdma, tiu_.ids);
  std::vector<Race> races;
  size_t reported = 0;
  for (size_t i = 0; i < tiu_.needs.size(); ++i) {
    const size_t need = tiu_.needs[i];
    if (need <= std::max(tiu_knows[i], reported)) continue;
    races.push_back({true, i, need - 1, tiu_knows[i], gdma_knows[need - 1]});
    reported = need;
  }
  reported = 0;
  for (size_t j = 0; j < gdma_.needs.size(); ++j) {
    const size_t need = gdma_.needs[j];
    if (need <= std::max(gdma_knows[j], reported)) continue;
    races.push_back({false, need - 1, j, tiu_knows[need - 1], gdma_knows[j]});
    reported = need;
  }
  return races;
}

}  // namespace tpuc::races
