// SPDX-License-Identifier: Apache-2.0
#include "runtime/races/program_races.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tpuc::races {
namespace {

using isa::kLaneBytes;

// Where a GDMA address lies among the shared bytes: lane and byte; nothing for
// L2 and DDR.
struct Place {
  int64_t lane, byte;
};
std::optional<Place> PlaceOf(uint64_t address) {
  if (address >= isa::kLocalBase &&
      address < isa::kLocalBase + isa::kLocalBytes) {
    const int64_t offset = static_cast<int64_t>(address - isa::kLocalBase);
    return Place{offset / kLaneBytes, offset % kLaneBytes};
  }
  if (address >= isa::kStaticBase &&
      address < isa::kStaticBase + isa::kStaticBytes) {
    return Place{0,
                 kLaneBytes + static_cast<int64_t>(address - isa::kStaticBase)};
  }
  return std::nullopt;
}

// Adds bytes [byte, byte + size) of the lanes; what passes the end of a lane
// goes on in the next one.
void Append(uint64_t lanes, int64_t byte, int64_t size,
            std::vector<ByteRange>* ranges) {
  while (byte < kLaneBytes && byte + size > kLaneBytes) {
    ranges->push_back({lanes, byte, kLaneBytes});
    size -= kLaneBytes - byte;
    byte = 0;
    lanes <<= 1;
  }
  ranges->push_back({lanes, byte, byte + size});
}

absl::Status CheckEnabled(const isa::Instruction& i) {
  const int field = i.info().cmd_id_enable;
  if (field < 0 || i.IsEnd() || i.Get(field) != 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "cmd_id_en is 0: no wait of the program holds");
}

absl::StatusOr<Step> StepOf(const sim::Program::Step& source,
                            sim::Simulator& simulator) {
  absl::Status status = CheckEnabled(source.instruction);
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(sim::Describe(source), ": ",
                                                    status.message()));
  }
  const auto prepared = simulator.Prepare(source, /*record_accesses=*/true);
  if (!prepared.ok()) return prepared.status();
  Step step;
  step.id = source.instruction.cmd_id();
  step.wait = source.instruction.cmd_id_dep();
  for (const sim::Access& access : prepared->accesses) {
    const std::vector<ByteRange> ranges = RangesOf(access, simulator.memory());
    if (access.use != sim::Use::kWrite) {
      step.reads.insert(step.reads.end(), ranges.begin(), ranges.end());
    }
    if (access.use != sim::Use::kRead) {
      step.writes.insert(step.writes.end(), ranges.begin(), ranges.end());
    }
  }
  step.reads = Joined(std::move(step.reads));
  step.writes = Joined(std::move(step.writes));
  return step;
}

absl::StatusOr<std::vector<Step>> StepsOf(
    const std::vector<sim::Program::Step>& stream, sim::Simulator& simulator) {
  std::vector<Step> steps;
  for (const sim::Program::Step& source : stream) {
    absl::StatusOr<Step> step = StepOf(source, simulator);
    if (!step.ok()) return step.status();
    steps.push_back(*std::move(step));
  }
  return steps;
}

}  // namespace

std::vector<ByteRange> RangesOf(const sim::Access& access,
                                const sim::Memory& memory) {
  // Most tensors lie at the same bytes of many lanes.
  std::map<int64_t, uint64_t> lanes_at;
  std::map<int64_t, void*> example;
  for (void* channel : access.planes.channel) {
    const auto place =
        PlaceOf(memory.AddressOf(static_cast<const uint8_t*>(channel)));
    if (!place.has_value()) continue;
    lanes_at[place->byte] |= uint64_t{1} << place->lane;
    example[place->byte] = channel;
  }
  std::vector<ByteRange> ranges;
  for (const auto& [byte, lanes] : lanes_at) {
    sim::Access one = access;
    one.planes.channel = {example[byte]};
    // Broadcasts come back to the same bytes.
    if (one.planes.n_stride == 0) one.shape.n = 1;
    if (one.planes.h_stride == 0) one.shape.h = 1;
    if (one.planes.w_stride == 0) one.shape.w = 1;
    const uint8_t* base = static_cast<const uint8_t*>(example[byte]);
    const int64_t first = byte;
    const uint64_t where = lanes;
    sim::ForEachRange(one, [&](const uint8_t* at, int64_t size) {
      Append(where, first + (at - base), size, &ranges);
    });
  }
  return Joined(std::move(ranges));
}

absl::StatusOr<Streams> StreamsOf(const sim::Program& program,
                                  sim::Simulator& simulator) {
  absl::StatusOr<std::vector<Step>> tiu = StepsOf(program.tiu, simulator);
  if (!tiu.ok()) return tiu.status();
  absl::StatusOr<std::vector<Step>> gdma = StepsOf(program.gdma, simulator);
  if (!gdma.ok()) return gdma.status();
  return Streams{*std::move(tiu), *std::move(gdma)};
}

LastTouch WrittenAtStart() {
  LastTouch written;
  written.Set(
      {1, kLaneBytes, kLaneBytes + static_cast<int64_t>(isa::kStaticBytes)}, 1);
  return written;
}

std::string Describe(const Race& race, const sim::Program& program,
                     const Streams& streams) {
  const Step &tiu = streams.tiu[race.tiu], &gdma = streams.gdma[race.gdma];
  const char* what = "both write ";
  auto common = Common(tiu.writes, gdma.writes);
  if (!common.has_value()) {
    what = "GDMA writes and TIU reads ";
    common = Common(tiu.reads, gdma.writes);
  }
  if (!common.has_value()) {
    what = "TIU writes and GDMA reads ";
    common = Common(tiu.writes, gdma.reads);
  }
  // What one engine's instruction lacks: `known` of the other stream are
  // complete before it.
  const auto remedy = [](const char* name, const Step& step,
                         const char* other_name, const Step& other,
                         const std::vector<Step>& others, size_t known) {
    return absl::StrCat(
        name, " ", step.id, " wait for ", other_name, " ", other.id,
        " (so far for ",
        known == 0 ? "none" : absl::StrCat(others[known - 1].id), ")");
  };
  std::string first =
      remedy("TIU", tiu, "GDMA", gdma, streams.gdma, race.tiu_knows);
  std::string second =
      remedy("GDMA", gdma, "TIU", tiu, streams.tiu, race.gdma_knows);
  if (!race.tiu_waits) std::swap(first, second);
  return absl::StrCat(sim::Describe(program.tiu[race.tiu]), " and ",
                      sim::Describe(program.gdma[race.gdma]), ": ", what,
                      Describe(common.value_or(ByteRange{})),
                      ", and no wait orders them. Let ", first, ", or ",
                      second);
}

std::string Describe(const UnwrittenRead& read, const sim::Program& program) {
  return absl::StrCat(
      sim::Describe((read.is_tiu ? program.tiu : program.gdma)[read.position]),
      " reads ", Describe(read.bytes), ", which nothing has written");
}

}  // namespace tpuc::races
