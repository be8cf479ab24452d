// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/bmodel/bmodel.h"
#include "runtime/simulator/simulator.h"

namespace tpuc::runtime {

// Where the regions of a stage lie: as compiled, and on the device
// (docs/isa/bmodel.md, 5).
class Relocation {
 public:
  // Places coefficients, io and ctx one behind the other from the start of
  // DDR.
  static absl::StatusOr<Relocation> Place(const bmodel::Stage& stage);

  // Bytes of DDR that the stage needs.
  uint64_t ddr_bytes() const { return ddr_bytes_; }

  // The device address of `size` bytes at a compiled DDR address. As the
  // vendor's runtime: an address below ctx and io is a coefficient's.
  absl::StatusOr<uint64_t> Address(uint64_t address, uint64_t size) const;

  // Rewrites the DDR addresses of all GDMA instructions.
  absl::Status Apply(sim::Program& program) const;

 private:
  struct Region {
    const char* name;
    uint64_t compiled, size, device;
  };
  absl::StatusOr<const Region*> Find(uint64_t address) const;

  std::vector<Region> regions_;  // coefficients first
  uint64_t ddr_bytes_ = 0;
};

}  // namespace tpuc::runtime
