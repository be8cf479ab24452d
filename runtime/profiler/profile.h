// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/isa/instruction.h"
#include "compiler/target/bm1684x/schedule.h"

// What a program costs by the cycle model, instruction by instruction, without
// running it.
//
//   absl::StatusOr<Profile> profile = MakeProfile(model, /*net=*/0,
//                                                 /*stage=*/0);
//   WriteFileAtomically("trace.json", ChromeTrace(*profile));   // trace.h
//   std::cout << Summary(*profile);                             // summary.h
namespace tpuc::profiler {

// One instruction of the program.
struct Step {
  isa::Instruction instruction;
  int group = 0;           // command group
  int64_t start = 0;       // cycles from the start of the program
  bm1684x::Timing timing;  // within the group
  int tensor = -1;         // index into Profile::tensors
  std::string kind;        // "CONV", "AR add", "S2L", "S2L matrix"

  int64_t end() const { return start + timing.cost.cycles; }
};

struct Profile {
  std::string net;
  int stage = 0;
  // Tensors that the file locates, in the order in which they are computed. An
  // instruction belongs to the tensor that is the next to be complete when it
  // starts; -1 where there is none.
  std::vector<std::string> tensors;
  // In the order of each engine; the ends of streams left out.
  std::vector<Step> tiu, gdma;
  int groups = 0;
  int64_t cycles = 0;
};

// Clock of the chip by which cycles are told as time.
inline constexpr double kCyclesPerSecond = 1e9;

// Command groups run one after the other, each as bm1684x::MakeSchedule says.
// Fails for dynamic or CPU sub-nets, for buffers that do not decode, and for
// instructions whose cost is not known, naming sub-net or instruction.
absl::StatusOr<Profile> MakeProfile(const bmodel::Model& model, int net,
                                    int stage);

// Of an engine's steps.
struct Totals {
  int64_t instructions = 0, cycles = 0, bytes = 0, macs = 0;
  double mac_cycles = 0;  // that the MACs take at the peak rate of their type

  void Add(const Step& step);
};

Totals TotalsOf(const std::vector<Step>& steps);

// `part` of `whole` in percent; 0 of 0 is 0.
double Percent(double part, double whole);

// All instructions in the order of their start, one to a line, under a line of
// headings; then "total N cycles".
std::string Timeline(const Profile& profile);

}  // namespace tpuc::profiler
