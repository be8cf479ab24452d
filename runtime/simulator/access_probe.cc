// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/access_probe.h"

#include <cstring>

#include "absl/strings/str_format.h"
#include "compiler/isa/codes.h"

namespace tpuc::sim {
namespace {

constexpr size_t kOnChip = isa::kLocalBytes + isa::kStaticBytes;

// Calls visit(place in a copy of local and static memory, data, bytes).
template <typename Visit>
void ForEachMemory(Memory& memory, const Visit& visit) {
  visit(size_t{0}, memory.local(), size_t{isa::kLocalBytes});
  visit(size_t{isa::kLocalBytes},
        *memory.Range(isa::kStaticBase, isa::kStaticBytes),
        size_t{isa::kStaticBytes});
}

// Place of an address in such a copy, or kOnChip for L2 and DDR.
size_t PlaceOf(uint64_t address) {
  if (address >= isa::kLocalBase &&
      address < isa::kLocalBase + isa::kLocalBytes) {
    return address - isa::kLocalBase;
  }
  if (address >= isa::kStaticBase &&
      address < isa::kStaticBase + isa::kStaticBytes) {
    return isa::kLocalBytes + (address - isa::kStaticBase);
  }
  return kOnChip;
}

// What an instruction with data for addresses leaves out stays as it was.
bool MayWriteLess(const isa::Instruction& i) {
  switch (i.format()) {
    case isa::Format::kSSg:
    case isa::Format::kSSgl:
    case isa::Format::kSg:
    case isa::Format::kSgl:
    case isa::Format::kDmaScatter:
    case isa::Format::kDmaMaskedSelect:
    case isa::Format::kDmaNonzero:
    case isa::Format::kSDmaMaskedSelect:
    case isa::Format::kSDmaNonzero:
      return true;
    default:
      return false;
  }
}

// Calls visit(GDMA address, data, bytes) for what is read, or written.
template <typename Visit>
void ForEachUsed(const std::vector<Access>& accesses, Use not_this,
                 const Memory& memory, const Visit& visit) {
  for (const Access& access : accesses) {
    if (access.use == not_this) continue;
    ForEachRange(access, [&](uint8_t* data, int64_t size) {
      visit(memory.AddressOf(data), data, static_cast<size_t>(size));
    });
  }
}

absl::Status Wrong(const char* what, uint64_t address) {
  return absl::DataLossError(
      absl::StrFormat("%s: GDMA address 0x%x", what, address));
}

}  // namespace

AccessProbe::AccessProbe(const Options& options)
    : twin_(options), expected_(kOnChip), twin_expected_(kOnChip) {}

absl::Status AccessProbe::Run(const Program::Step& step, Simulator& simulator) {
  const auto prepared = simulator.Prepare(step, /*record_accesses=*/true);
  if (!prepared.ok()) return prepared.status();
  ForEachMemory(simulator.memory(), [&](size_t at, uint8_t* data, size_t size) {
    std::memcpy(&expected_[at], data, size);
    for (size_t i = 0; i < size; ++i) {
      twin_expected_[at + i] = static_cast<uint8_t>(~data[i]);
    }
  });
  Memory& twin = twin_.memory();
  ForEachUsed(prepared->accesses, Use::kWrite, simulator.memory(),
              [&](uint64_t address, const uint8_t* data, size_t size) {
                const size_t at = PlaceOf(address);
                std::memcpy(at < kOnChip ? &twin_expected_[at]
                                         : *twin.Range(address, size),
                            data, size);
              });
  ForEachMemory(twin, [&](size_t at, uint8_t* data, size_t size) {
    std::memcpy(data, &twin_expected_[at], size);
  });
  const absl::Status status = simulator.Run(*prepared);
  const absl::Status twin_status = twin_.Run(step);
  if (status != twin_status) {
    return absl::DataLossError("fails for data that is not recorded as read");
  }
  if (!status.ok()) return status;
  const bool may_write_less = MayWriteLess(step.instruction);
  const absl::Status written =
      CompareWrites(prepared->accesses, simulator.memory(), may_write_less);
  return written.ok() ? CompareOthers(simulator.memory()) : written;
}

absl::Status AccessProbe::CompareWrites(const std::vector<Access>& accesses,
                                        Memory& memory, bool may_write_less) {
  absl::Status status;
  const auto compare = [&](uint64_t address, const uint8_t* data, size_t size) {
    const uint8_t* twin = *twin_.memory().Range(address, size);
    const size_t at = PlaceOf(address);
    for (size_t i = 0; i < size && status.ok(); ++i) {
      if (data[i] == twin[i]) continue;
      const bool is_left =
          may_write_less &&
          (at == kOnChip ||
           (data[i] == expected_[at + i] && twin[i] == twin_expected_[at + i]));
      if (is_left) continue;
      status = Wrong(
          "does not write a byte recorded as written, or makes it of others "
          "than those recorded as read",
          address + i);
    }
  };
  ForEachUsed(accesses, Use::kRead, memory, compare);
  // From here on they are as expected.
  const auto accept = [&](uint64_t address, const uint8_t* data, size_t size) {
    const size_t at = PlaceOf(address);
    if (at == kOnChip) return;
    std::memcpy(&expected_[at], data, size);
    std::memcpy(&twin_expected_[at], *twin_.memory().Range(address, size),
                size);
  };
  ForEachUsed(accesses, Use::kRead, memory, accept);
  return status;
}

absl::Status AccessProbe::CompareOthers(Memory& memory) {
  absl::Status status;
  const auto compare = [&](Memory& m, const std::vector<uint8_t>& expected) {
    ForEachMemory(m, [&](size_t at, const uint8_t* data, size_t size) {
      if (!status.ok() || std::memcmp(data, &expected[at], size) == 0) return;
      size_t i = 0;
      while (data[i] == expected[at + i]) ++i;
      status =
          Wrong("writes a byte that is not recorded", m.AddressOf(data + i));
    });
  };
  compare(memory, expected_);
  compare(twin_.memory(), twin_expected_);
  return status;
}

}  // namespace tpuc::sim
