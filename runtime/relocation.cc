// SPDX-License-Identifier: Apache-2.0
#include "runtime/relocation.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "compiler/isa/codes.h"

namespace tpuc::runtime {
namespace {

uint64_t RoundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

absl::StatusOr<Relocation> Relocation::Place(const bmodel::Stage& stage) {
  Relocation r;
  if (stage.coeff.has_value()) {
    r.regions_.push_back(
        {"coefficients", stage.coeff->address, stage.coeff->data.size(), 0});
  }
  if (stage.io_size != 0) {
    r.regions_.push_back({"io", stage.io_address, stage.io_size, 0});
  }
  r.regions_.push_back({"ctx", stage.ctx_address, stage.ctx_size(), 0});
  for (Region& region : r.regions_) {
    if (region.compiled < isa::kDdrBase ||
        region.compiled >= isa::kAddressEnd ||
        region.size > isa::kAddressEnd - region.compiled) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s memory of %d bytes at 0x%x is outside of DDR",
                          region.name, region.size, region.compiled));
    }
    for (const Region& other : r.regions_) {
      if (&other == &region) break;
      if (region.compiled < other.compiled + other.size &&
          other.compiled < region.compiled + region.size) {
        return absl::InvalidArgumentError(
            absl::StrFormat("%s memory of %d bytes at 0x%x and %s memory of %d "
                            "bytes at 0x%x overlap",
                            other.name, other.size, other.compiled, region.name,
                            region.size, region.compiled));
      }
    }
    region.device = isa::kDdrBase + r.ddr_bytes_;
    r.ddr_bytes_ += RoundUp(region.size, bmodel::kPageBytes);
  }
  return r;
}

absl::StatusOr<const Relocation::Region*> Relocation::Find(
    uint64_t address) const {
  for (const Region& region : regions_) {
    if (address >= region.compiled &&
        address - region.compiled < RoundUp(region.size, bmodel::kPageBytes)) {
      return &region;
    }
  }
  std::string ranges;
  for (const Region& region : regions_) {
    absl::StrAppendFormat(&ranges, "%s%s [0x%x, 0x%x)",
                          ranges.empty() ? "" : ", ", region.name,
                          region.compiled, region.compiled + region.size);
  }
  return absl::OutOfRangeError(
      absl::StrFormat("address 0x%x is in none of %s", address, ranges));
}

absl::StatusOr<uint64_t> Relocation::Address(uint64_t address,
                                             uint64_t size) const {
  absl::StatusOr<const Region*> region = Find(address);
  if (!region.ok()) return region.status();
  const uint64_t offset = address - (*region)->compiled;
  if (size > RoundUp((*region)->size, bmodel::kPageBytes) - offset) {
    return absl::OutOfRangeError(
        absl::StrFormat("%d bytes at 0x%x leave the %s memory", size, address,
                        (*region)->name));
  }
  return (*region)->device + offset;
}

absl::Status Relocation::Apply(sim::Program& program) const {
  for (sim::Program::Step& step : program.gdma) {
    isa::Instruction& i = step.instruction;
    for (const char* side : {"src", "dst", "index", "mask"}) {
      const int low = i.info().FindField(absl::StrCat(side, "_start_addr_l32"));
      const int high = i.info().FindField(absl::StrCat(side, "_start_addr_h8"));
      if (low < 0 || high < 0) continue;
      const uint64_t address = i.Get(low) | i.Get(high) << 32;
      if (address < isa::kDdrBase) continue;
      const absl::StatusOr<uint64_t> moved = Address(address, 1);
      if (!moved.ok()) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "GDMA instruction %d (%s, at byte 0x%x): %s: %s", i.cmd_id(),
            i.info().name, step.offset, side, moved.status().message()));
      }
      i.Set(low, *moved & 0xFFFFFFFFu);
      i.Set(high, *moved >> 32);
    }
  }
  return absl::OkStatus();
}

}  // namespace tpuc::runtime
