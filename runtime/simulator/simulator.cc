// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/simulator.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "compiler/isa/encoding.h"
#include "runtime/simulator/execute.h"

namespace tpuc::sim {
namespace {

absl::Status Annotate(const absl::Status& status, const Program::Step& step) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(Describe(step), ": ", status.message()));
}

absl::StatusOr<std::vector<Program::Step>> DecodeSteps(
    isa::Engine engine, absl::string_view bytes) {
  absl::StatusOr<isa::DecodedStream> stream = isa::DecodeStream(engine, bytes);
  if (!stream.ok()) return stream.status();
  std::vector<Program::Step> steps;
  uint64_t offset = 0;
  for (const isa::Instruction& i : stream->instructions) {
    steps.push_back({i, offset});
    offset += static_cast<uint64_t>(i.info().bytes());
  }
  return steps;
}

std::vector<Ids> IdsOf(const std::vector<PreparedProgram::Step>& stream) {
  std::vector<Ids> ids;
  for (const PreparedProgram::Step& step : stream) {
    const isa::Instruction& i = step.source.instruction;
    ids.push_back({i.cmd_id(), i.cmd_id_dep()});
  }
  return ids;
}

absl::Status WaitsForEver(const PreparedProgram& program,
                          const Schedule& schedule) {
  std::string message = "the program waits for ever:";
  const auto add = [&](const std::vector<PreparedProgram::Step>& steps,
                       const Schedule::Engine& engine,
                       const Schedule::Engine& other) {
    if (engine.AtEnd()) return;
    absl::StrAppend(&message, " ", Describe(steps[engine.next].source),
                    " waits for id ", engine.stream[engine.next].wait,
                    " of the other engine, which is at ", other.done, ";");
  };
  add(program.tiu, schedule.tiu(), schedule.gdma());
  add(program.gdma, schedule.gdma(), schedule.tiu());
  message.pop_back();
  return absl::FailedPreconditionError(message);
}

}  // namespace

std::string Describe(const Program::Step& step) {
  const isa::Instruction& i = step.instruction;
  const char* operation = i.info().SubOpcodeName(i.sub_opcode());
  return absl::StrFormat("%s instruction %d (%s%s%s, at byte 0x%x)",
                         isa::Name(i.engine()), i.cmd_id(), i.info().name,
                         operation == nullptr ? "" : " ",
                         operation == nullptr ? "" : operation, step.offset);
}

absl::StatusOr<Program> DecodeProgram(absl::string_view tiu,
                                      absl::string_view gdma) {
  Program program;
  absl::StatusOr<std::vector<Program::Step>> steps =
      DecodeSteps(isa::Engine::kTiu, tiu);
  if (!steps.ok()) return steps.status();
  program.tiu = *std::move(steps);
  steps = DecodeSteps(isa::Engine::kGdma, gdma);
  if (!steps.ok()) return steps.status();
  program.gdma = *std::move(steps);
  return program;
}

Simulator::Simulator(const Options& options)
    : options_(options),
      memory_(options.ddr_bytes, options.pattern),
      threads_(options.threads) {}

absl::StatusOr<PreparedProgram::Step> Simulator::Prepare(
    const Program::Step& step, bool record_accesses) {
  PreparedProgram::Step prepared{step, nullptr, {}};
  const Context context{memory_, threads_,
                        record_accesses ? &prepared.accesses : nullptr};
  absl::StatusOr<Action> action = PrepareInstruction(step.instruction, context);
  if (!action.ok()) return Annotate(action.status(), step);
  prepared.run = *std::move(action);
  return prepared;
}

absl::StatusOr<PreparedProgram> Simulator::Prepare(const Program& program,
                                                   bool record_accesses) {
  PreparedProgram prepared;
  const std::pair<const std::vector<Program::Step>*,
                  std::vector<PreparedProgram::Step>*>
      engines[] = {{&program.tiu, &prepared.tiu},
                   {&program.gdma, &prepared.gdma}};
  for (const auto& [from, to] : engines) {
    to->reserve(from->size());
    for (const Program::Step& step : *from) {
      absl::StatusOr<PreparedProgram::Step> one =
          Prepare(step, record_accesses);
      if (!one.ok()) return one.status();
      to->push_back(*std::move(one));
    }
  }
  return prepared;
}

absl::Status Simulator::Run(const PreparedProgram::Step& step) {
  absl::Status status = step.run();
  if (status.ok() && observer_ != nullptr) {
    status = observer_->After(step.source, memory_);
  }
  return Annotate(status, step.source);
}

absl::Status Simulator::Run(const Program::Step& step) {
  const absl::StatusOr<PreparedProgram::Step> prepared = Prepare(step);
  if (!prepared.ok()) return prepared.status();
  return Run(*prepared);
}

absl::Status Simulator::Run(const Program& program) {
  const absl::StatusOr<PreparedProgram> prepared = Prepare(program);
  if (!prepared.ok()) return prepared.status();
  return Run(*prepared);
}

absl::Status Simulator::Run(const PreparedProgram& program) {
  Schedule schedule(IdsOf(program.tiu), IdsOf(program.gdma),
                    options_.interleaving);
  const Schedule::Engine &tiu = schedule.tiu(), &gdma = schedule.gdma();
  for (;;) {
    absl::Status status;
    switch (schedule.Next()) {
      case Schedule::Turn::kTiu:
        status = Run(program.tiu[tiu.next - 1]);
        break;
      case Schedule::Turn::kGdma:
        status = Run(program.gdma[gdma.next - 1]);
        break;
      case Schedule::Turn::kEnd:
        return absl::OkStatus();
      case Schedule::Turn::kNever:
        return WaitsForEver(program, schedule);
    }
    if (!status.ok()) return status;
  }
}

}  // namespace tpuc::sim
