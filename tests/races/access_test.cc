// SPDX-License-Identifier: Apache-2.0
// Arguments: .bmodel files whose instructions are tried; see race_test.bzl.
#include <gtest/gtest.h>

#include <cstring>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/isa/codes.h"
#include "compiler/isa/instruction.h"
#include "runtime/simulator/access_probe.h"
#include "runtime/simulator/simulator.h"
#include "tests/races/programs.h"

namespace tpuc::races {
namespace {

// Instructions of a kind that are tried.
constexpr int kMostOfAKind = 3;

std::vector<uint8_t> RandomLocalMemory() {
  std::vector<uint8_t> bytes(isa::kLocalBytes);
  std::mt19937 random(3);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

// Format, operation, types, layouts and flags: what decides which operands an
// instruction has. Extents and strides differ within a kind.
std::string KindOf(const isa::Instruction& i) {
  std::string kind = i.info().name;
  for (int f = 0; f < static_cast<int>(i.info().fields.size()); ++f) {
    const isa::FieldInfo& field = i.info().fields[f];
    if (field.width <= 5) absl::StrAppend(&kind, ",", i.Get(f));
  }
  return kind;
}

TEST(Accesses, AreThoseOfTheEffect) {
  const std::vector<uint8_t> contents = RandomLocalMemory();
  sim::Simulator simulator(LargeDdr());
  sim::AccessProbe probe(LargeDdr());
  std::map<std::string, int> tried;
  int refused = 0;
  for (const Group& group : AllGroups()) {
    for (const auto* steps : {&group.program.tiu, &group.program.gdma}) {
      for (const sim::Program::Step& step : *steps) {
        int& count = tried[KindOf(step.instruction)];
        if (count == kMostOfAKind) continue;
        std::memcpy(simulator.memory().local(), contents.data(),
                    contents.size());
        const absl::Status status = probe.Run(step, simulator);
        ASSERT_NE(status.code(), absl::StatusCode::kDataLoss)
            << group.name << ": " << sim::Describe(step) << " "
            << status.message();
        ++(status.ok() ? count : refused);
      }
    }
  }
  std::cout << tried.size() << " kinds of instructions; " << refused
            << " instructions refused random data\n";
  EXPECT_GT(tried.size(), 10u);
}

}  // namespace
}  // namespace tpuc::races
