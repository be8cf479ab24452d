// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/simulator/simulator.h"

namespace tpuc::runtime {

struct LoadOptions {
  // What runs the model:
  //   "simulator"       the simulator of this library
  //   "bmrt", "bmrt:N"  the vendor's runtime, on its device N (0)
  // Empty: environment variable TPU_DEVICE, or the simulator without one.
  std::string device;
  // Folder of the vendor's libbmlib and libbmrt. Empty: environment variable
  // TPU_LIBRARY_PATH, or else where the system's loader looks, then where the
  // vendor's driver package puts them.
  std::string library_path;
  // Device memory that one stage may take, in bytes. Boards have at most
  // 16 GiB. The simulator takes pages from the host only when they are touched.
  uint64_t memory_limit = uint64_t{16} << 30;
};

struct RunnerOptions {
  int net = 0;
  // Without a stage each run takes the one compiled for its inputs' shapes.
  std::optional<int> stage;

  // Of the simulator; other devices ignore them.
  int threads = 0;  // 0: one per processor
  sim::LocalPattern local_pattern = sim::LocalPattern::kDeadBeef;
  sim::Interleaving interleaving = sim::Interleaving::kAlternate;
};

}  // namespace tpuc::runtime
