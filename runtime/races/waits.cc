// SPDX-License-Identifier: Apache-2.0
#include "runtime/races/waits.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

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

// An order of the two streams that the waits allow: each engine in turn as far
// as it gets. True: the next TIU instruction.
absl::StatusOr<std::vector<bool>> Order(const Streams& streams) {
  struct Queue {
    const char* name;
    const std::vector<Step>& steps;
    size_t next = 0;
    uint64_t done = 0;
  };
  Queue tiu{"TIU", streams.tiu}, gdma{"GDMA", streams.gdma};
  const auto ready = [](const Queue& q, const Queue& other) {
    return q.next < q.steps.size() && q.steps[q.next].wait <= other.done;
  };
  std::vector<bool> order;
  const auto run = [&](Queue& q, const Queue& other) {
    while (ready(q, other)) {
      q.done = std::max(q.done, q.steps[q.next++].id);
      order.push_back(&q == &tiu);
    }
  };
  const size_t all = tiu.steps.size() + gdma.steps.size();
  while (order.size() < all) {
    const size_t before = order.size();
    run(gdma, tiu);
    run(tiu, gdma);
    if (order.size() != before) continue;
    std::string message = "the program waits for ever:";
    for (const Queue* q : {&tiu, &gdma}) {
      if (q->next == q->steps.size()) continue;
      const Queue& other = q == &tiu ? gdma : tiu;
      absl::StrAppend(&message, " ", q->name, " instruction ",
                      q->steps[q->next].id, " waits for id ",
                      q->steps[q->next].wait, " of ", other.name,
                      ", which is at ", other.done, ";");
    }
    message.pop_back();
    return absl::FailedPreconditionError(message);
  }
  return order;
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
  const absl::StatusOr<std::vector<bool>> order = Order(streams);
  if (!order.ok()) return order.status();
  Analysis analysis;
  analysis.own_ = races::WaitsOf(streams);
  analysis.tiu_.ids = Progress(streams.tiu);
  analysis.gdma_.ids = Progress(streams.gdma);
  History tiu, gdma;
  size_t next_tiu = 0, next_gdma = 0;
  for (const bool is_tiu : *order) {
    const size_t position = is_tiu ? next_tiu++ : next_gdma++;
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
  return analysis;
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
