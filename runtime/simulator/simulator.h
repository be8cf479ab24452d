// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/isa/instruction.h"
#include "runtime/simulator/access.h"
#include "runtime/simulator/memory.h"
#include "runtime/simulator/parallel.h"
#include "runtime/simulator/schedule.h"

// Functional model of the BM1684X (docs/isa/bm1684x.md): executes encoded
// instructions over a model of its memories, bit for bit.
//
//   sim::Simulator simulator(options);
//   simulator.memory().Range(...)                       // place data
//   auto program = sim::DecodeProgram(tiu_bytes, gdma_bytes);
//   auto prepared = simulator.Prepare(*program);        // once
//   absl::Status status = simulator.Run(*prepared);     // any number of times
namespace tpuc::sim {

// The two streams of a command group, decoded once.
struct Program {
  struct Step {
    isa::Instruction instruction;
    uint64_t offset;  // bytes from the start of its stream
  };
  std::vector<Step> tiu, gdma;  // the end instructions included
};

// For messages: "TIU instruction 3 (sAR add, at byte 0x80)".
std::string Describe(const Program::Step& step);

// Fails, naming engine and offset, when a stream does not decode.
absl::StatusOr<Program> DecodeProgram(absl::string_view tiu,
                                      absl::string_view gdma);

// A program bound to the memories of one simulator: each instruction checked,
// its operands and its kernel resolved. Must not outlive the simulator.
struct PreparedProgram {
  struct Step {
    Program::Step source;
    std::function<absl::Status()> run;
    std::vector<Access> accesses;  // if asked for
  };
  std::vector<Step> tiu, gdma;
};

// Is told of every instruction in the order of execution. `step` counts from 0
// within a Run.
class Observer {
 public:
  virtual ~Observer() = default;
  // After the instruction has taken effect. An error stops the run.
  virtual absl::Status After(const Program::Step& step, Memory& memory) = 0;
};

struct Options {
  uint64_t ddr_bytes = uint64_t{1} << 32;
  LocalPattern pattern = LocalPattern::kDeadBeef;
  int threads = 0;  // 0: one per processor
  Interleaving interleaving = Interleaving::kAlternate;
};

class Simulator {
 public:
  explicit Simulator(const Options& options);

  Memory& memory() { return memory_; }
  void set_observer(Observer* observer) { observer_ = observer; }
  void set_interleaving(Interleaving i) { options_.interleaving = i; }

  // Errors name engine, instruction, id and offset: out-of-bounds operands and
  // forms that the simulator lacks.
  absl::StatusOr<PreparedProgram> Prepare(const Program& program,
                                          bool record_accesses = false);
  absl::StatusOr<PreparedProgram::Step> Prepare(const Program::Step& step,
                                                bool record_accesses = false);

  // Executes a command group in an order that the waits allow. Errors: waits
  // that can never end, and those that depend on data (indices), which name the
  // instruction.
  absl::Status Run(const PreparedProgram& program);

  // Executes one instruction, ignoring ids and waits.
  absl::Status Run(const PreparedProgram::Step& step);

  // Prepare and run.
  absl::Status Run(const Program& program);
  absl::Status Run(const Program::Step& step);

 private:
  Options options_;
  Memory memory_;
  ThreadPool threads_;
  Observer* observer_ = nullptr;
};

}  // namespace tpuc::sim
