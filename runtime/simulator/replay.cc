// SPDX-License-Identifier: Apache-2.0
// replay [--probe=N] CASES RESULTS: executes single instructions on the
// simulator, for comparison with another model of the chip. The first N cases
// also fail when an instruction does not use exactly the bytes that the
// simulator records for it (access_probe.h).
//
// CASES is a little-endian file: the 8 bytes "TPUCASE1", then records of
//   uint32 kind, uint32 value, uint64 address, uint64 size
// followed by a payload of `size` bytes where the kind has one:
//   1 case         value: number of the case. Clears the error of the one
//                  before; memory is kept.
//   2 fill local   all bytes of local memory become `value`.
//   3 write        payload to `address` (GDMA map: local 0x08000000, static
//                  0x09000000, L2 0x10000000, DDR 0x100000000).
//   4 write lanes  payload of 64 equal parts; part l goes to byte `address` of
//                  lane l.
//   5 execute      payload: the bytes of instructions of one engine, value 0
//                  TIU or 1 GDMA. Ids and waits are ignored. After an error the
//                  rest of the case's instructions are skipped.
//   6 read         `size` bytes from `address` into RESULTS; no payload.
//   7 read lanes   `size` bytes from byte `address` of each lane, lane 0 first;
//                  no payload.
// RESULTS: the 8 bytes "TPURSLT1", then for every case
//   uint32 number, uint32 length of the error message (0: none), the message,
//   uint64 length of the data, the data of its reads in order.
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "compiler/isa/encoding.h"
#include "runtime/simulator/access_probe.h"
#include "runtime/simulator/simulator.h"

namespace tpuc::sim {
namespace {

struct Record {
  uint32_t kind, value;
  uint64_t address, size;
};
static_assert(sizeof(Record) == 24, "records are packed");

enum Kind : uint32_t {
  kCase = 1,
  kFillLocal,
  kWrite,
  kWriteLanes,
  kExecute,
  kRead,
  kReadLanes,
};

absl::StatusOr<std::string> ReadAll(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  }
  std::string bytes;
  char buffer[1 << 16];
  size_t count;
  while ((count = std::fread(buffer, 1, sizeof(buffer), file)) > 0) {
    bytes.append(buffer, count);
  }
  std::fclose(file);
  return bytes;
}

class Replay {
 public:
  explicit Replay(int probed_cases) : left_to_probe_(probed_cases) {}

  absl::Status Run(absl::string_view cases) {
    if (cases.substr(0, 8) != "TPUCASE1") {
      return absl::InvalidArgumentError("not a case file");
    }
    size_t at = 8;
    while (at < cases.size()) {
      Record record;
      if (cases.size() - at < sizeof(record)) return Truncated(at);
      std::memcpy(&record, cases.data() + at, sizeof(record));
      at += sizeof(record);
      absl::string_view payload;
      if (record.kind == kWrite || record.kind == kWriteLanes ||
          record.kind == kExecute) {
        if (cases.size() - at < record.size) return Truncated(at);
        payload = cases.substr(at, record.size);
        at += record.size;
      }
      absl::Status status = Do(record, payload);
      if (!status.ok()) return status;
    }
    FinishCase();
    return absl::OkStatus();
  }

  const std::string& results() const { return results_; }

 private:
  static absl::Status Truncated(size_t at) {
    return absl::InvalidArgumentError(
        absl::StrCat("the case file ends inside the record at byte ", at));
  }

  absl::Status Do(const Record& r, absl::string_view payload) {
    Memory& memory = simulator_.memory();
    switch (r.kind) {
      case kCase:
        FinishCase();
        open_ = true;
        number_ = r.value;
        return absl::OkStatus();
      case kFillLocal:
        std::memset(memory.local(), static_cast<int>(r.value & 0xFF),
                    isa::kLocalBytes);
        return absl::OkStatus();
      case kWrite: {
        const auto range = memory.Range(r.address, r.size);
        if (!range.ok()) return range.status();
        std::memcpy(*range, payload.data(), payload.size());
        return absl::OkStatus();
      }
      case kWriteLanes: {
        const uint64_t part = r.size / isa::kLanes;
        if (r.address > isa::kLaneBytes || part > isa::kLaneBytes - r.address) {
          return absl::OutOfRangeError("write lanes: beyond the lane's end");
        }
        for (int64_t l = 0; l < isa::kLanes; ++l) {
          std::memcpy(memory.lane(l) + r.address, payload.data() + l * part,
                      part);
        }
        return absl::OkStatus();
      }
      case kExecute:
        if (error_.empty()) Execute(r.value, payload);
        return absl::OkStatus();
      case kRead: {
        const auto range = memory.Range(r.address, r.size);
        if (!range.ok()) return range.status();
        data_.append(reinterpret_cast<const char*>(*range), r.size);
        return absl::OkStatus();
      }
      case kReadLanes:
        if (r.address > isa::kLaneBytes ||
            r.size > isa::kLaneBytes - r.address) {
          return absl::OutOfRangeError("read lanes: beyond the lane's end");
        }
        for (int64_t l = 0; l < isa::kLanes; ++l) {
          data_.append(
              reinterpret_cast<const char*>(memory.lane(l) + r.address),
              r.size);
        }
        return absl::OkStatus();
      default:
        return absl::InvalidArgumentError(
            absl::StrCat("record of unknown kind ", r.kind));
    }
  }

  void Execute(uint32_t engine, absl::string_view bytes) {
    size_t offset = 0;
    while (offset < bytes.size() && error_.empty()) {
      const auto decoded = isa::Decode(
          engine == 0 ? isa::Engine::kTiu : isa::Engine::kGdma, bytes, offset);
      absl::Status status = decoded.status();
      if (status.ok()) {
        const Program::Step step{decoded->instruction, offset};
        status = left_to_probe_ > 0 ? probe_.Run(step, simulator_)
                                    : simulator_.Run(step);
        offset += decoded->size;
      }
      if (!status.ok()) error_ = std::string(status.message());
    }
  }

  void FinishCase() {
    if (!open_) return;
    const uint32_t length = static_cast<uint32_t>(error_.size());
    const uint64_t size = data_.size();
    results_.append(reinterpret_cast<const char*>(&number_), 4);
    results_.append(reinterpret_cast<const char*>(&length), 4);
    results_.append(error_);
    results_.append(reinterpret_cast<const char*>(&size), 8);
    results_.append(data_);
    error_.clear();
    data_.clear();
    --left_to_probe_;
  }

  int left_to_probe_;
  Simulator simulator_{Options{}};
  AccessProbe probe_{Options{}};
  std::string results_ = "TPURSLT1";
  bool open_ = false;
  uint32_t number_ = 0;
  std::string error_, data_;
};

int Main(int argc, char** argv) {
  int probed = 0;
  absl::string_view option = argc > 1 ? argv[1] : "";
  const bool probes = absl::ConsumePrefix(&option, "--probe=");
  if (argc != (probes ? 4 : 3) ||
      (probes && !absl::SimpleAtoi(option, &probed))) {
    std::fprintf(stderr, "usage: replay [--probe=N] CASES RESULTS\n");
    return 1;
  }
  if (probes) ++argv;
  const absl::StatusOr<std::string> cases = ReadAll(argv[1]);
  Replay replay(probed);
  absl::Status status = cases.status();
  if (status.ok()) status = replay.Run(*cases);
  if (!status.ok()) {
    std::fprintf(stderr, "replay: %s: %s\n", argv[1],
                 std::string(status.message()).c_str());
    return 1;
  }
  std::FILE* out = std::fopen(argv[2], "wb");
  const std::string& results = replay.results();
  if (out == nullptr ||
      std::fwrite(results.data(), 1, results.size(), out) != results.size() ||
      std::fclose(out) != 0) {
    std::fprintf(stderr, "replay: %s: cannot be written\n", argv[2]);
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace tpuc::sim

int main(int argc, char** argv) { return tpuc::sim::Main(argc, argv); }
