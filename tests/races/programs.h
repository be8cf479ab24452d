// SPDX-License-Identifier: Apache-2.0
// The programs that a test of //tests/races:race_test.bzl is about.
#pragma once

#include <string>
#include <vector>

#include "runtime/races/waits.h"
#include "runtime/simulator/simulator.h"

namespace tpuc::races {

struct Group {
  std::string name;  // file, net and number
  sim::Program program;
  Streams streams;
};

// DDR is large enough for all addresses that a compiler gave; the simulator
// takes it from the host only when it is touched.
sim::Options LargeDdr();

// The command groups of all files given on the command line. A file that cannot
// be read fails the running test.
std::vector<Group> AllGroups();

}  // namespace tpuc::races
