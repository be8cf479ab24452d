// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "runtime/simulator/simulator.h"

namespace tpuc::sim {

// For tests: does an instruction use exactly the bytes that Prepare() records?
// Runs it twice, on memories that agree in the recorded reads and differ in
// every other byte of local and static memory. Then the recorded writes must
// agree, and nothing else may have changed.
class AccessProbe {
 public:
  // `options` are those of the simulators that will be probed.
  explicit AccessProbe(const Options& options);

  // Runs `step` on `simulator`, whose memory it sees. Errors are those of the
  // instruction, and code kDataLoss with a sentence when the record is wrong.
  // Takes about 20 ms.
  absl::Status Run(const Program::Step& step, Simulator& simulator);

 private:
  absl::Status CompareWrites(const std::vector<Access>& accesses,
                             Memory& memory, bool may_write_less);
  absl::Status CompareOthers(Memory& memory);

  Simulator twin_;
  // Local and static memory as they must be afterwards, but for writes.
  std::vector<uint8_t> expected_, twin_expected_;
};

}  // namespace tpuc::sim
