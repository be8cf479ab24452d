// SPDX-License-Identifier: Apache-2.0
// Do the waits between the two engines order what must be ordered?
//
// Each engine executes its stream in order; cmd_id_dep lets an instruction wait
// for one of the other engine (docs/isa/bm1684x.md, e). TIU instruction i comes
// before GDMA instruction j if, and only if, one of GDMA 1..j waits for i or a
// later one; the other way round alike. Two instructions of different engines
// that share a byte of local or static memory, of which one writes it, race
// unless one of them comes before the other. DDR and L2 are touched by GDMA
// alone, which is in order.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/races/byte_ranges.h"

namespace tpuc::races {

// One instruction of a stream.
struct Step {
  uint64_t id = 0;    // cmd_id
  uint64_t wait = 0;  // cmd_id_dep
  // Exactly the bytes touched; lists as Joined() gives them.
  std::vector<ByteRange> reads, writes;
};

// The two streams of a command group.
struct Streams {
  std::vector<Step> tiu, gdma;
};

// cmd_id_dep of all instructions, by position.
struct Waits {
  std::vector<uint64_t> tiu, gdma;
};
Waits WaitsOf(const Streams& streams);

// Positions count from 0; a count of k means the first k of a stream.
struct Race {
  bool tiu_waits;  // the one that lacks a wait: the later one as followed
  size_t tiu, gdma;
  // How many of the other engine are complete before either of them.
  size_t tiu_knows, gdma_knows;
};

// A read of bytes that nothing has written.
struct UnwrittenRead {
  bool is_tiu;
  size_t position;
  ByteRange bytes;
};

// A command group, analysed once; then any weakening of its waits is checked in
// time linear in the number of instructions.
//
// The streams are followed once in an order that the waits allow, which keeps
// for each byte the last reader and writer of either engine. Of all earlier
// instructions of the other engine that an instruction must not overtake, only
// the last matters: its engine is in order. Fewer waits allow the same order,
// so that the result holds for them, too.
class Analysis {
 public:
  // `written` holds the bytes written before this group, and gets those that
  // it writes. Fails when the waits can never end, naming both instructions'
  // ids.
  static absl::StatusOr<Analysis> Of(const Streams& streams,
                                     LastTouch* written);

  // Races under the program's own waits: of each wait that is missing or too
  // old the first instruction that lacks it, with the last that it must not
  // overtake. Empty: there is none.
  std::vector<Race> Races() const { return Races(own_); }
  // Under other waits, none of which is for a later id than the program's.
  std::vector<Race> Races(const Waits& waits) const;

  // The first unwritten read of each instruction that has one.
  const std::vector<UnwrittenRead>& unwritten_reads() const {
    return unwritten_reads_;
  }

 private:
  struct Stream {
    std::vector<uint64_t> ids;  // running maximum
    // How many of the other engine must be complete before.
    std::vector<size_t> needs;
  };
  static std::vector<size_t> Known(const std::vector<uint64_t>& waits,
                                   const std::vector<uint64_t>& other_ids);

  Waits own_;
  Stream tiu_, gdma_;
  std::vector<UnwrittenRead> unwritten_reads_;
};

}  // namespace tpuc::races
