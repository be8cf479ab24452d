// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tpuc::sim {

// Which engine goes on when both could. Programs without races give the same
// results for all.
enum class Interleaving {
  kAlternate,  // each engine in turn as far as its waits allow
  kTiuFirst,   // always the TIU instruction when it may run
  kGdmaFirst,
};

// cmd_id and cmd_id_dep of an instruction.
struct Ids {
  uint64_t id = 0;
  uint64_t wait = 0;
};

// An order of two streams that their waits allow (docs/isa/bm1684x.md, e).
class Schedule {
 public:
  Schedule(std::vector<Ids> tiu, std::vector<Ids> gdma,
           Interleaving interleaving)
      : tiu_{std::move(tiu)},
        gdma_{std::move(gdma)},
        interleaving_(interleaving) {}

  enum class Turn {
    kTiu,   // the next TIU instruction runs
    kGdma,  // the next GDMA instruction runs
    kEnd,   // all have run
    kNever  // what is left waits for ever
  };
  Turn Next();

  struct Engine {
    std::vector<Ids> stream;
    size_t next = 0;    // position of the instruction that is next
    uint64_t done = 0;  // newest id that is complete

    bool AtEnd() const { return next == stream.size(); }
  };
  const Engine& tiu() const { return tiu_; }
  const Engine& gdma() const { return gdma_; }

 private:
  Engine tiu_, gdma_;
  Interleaving interleaving_;
  bool turn_of_gdma_ = true;
};

}  // namespace tpuc::sim
