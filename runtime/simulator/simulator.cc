// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/simulator.h"

#include <algorithm>
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
  struct Queue {
    const std::vector<PreparedProgram::Step>& steps;
    size_t next = 0;
    uint64_t done = 0;  // newest id that is complete
  };
  Queue tiu{program.tiu}, gdma{program.gdma};
  const auto ready = [](const Queue& q, const Queue& other) {
    return q.next < q.steps.size() &&
           q.steps[q.next].source.instruction.cmd_id_dep() <= other.done;
  };
  const auto advance = [this](Queue& q) {
    const PreparedProgram::Step& step = q.steps[q.next];
    absl::Status status = Run(step);
    q.done = std::max<uint64_t>(q.done, step.source.instruction.cmd_id());
    ++q.next;
    return status;
  };
  bool turn_of_gdma = true;
  while (tiu.next < tiu.steps.size() || gdma.next < gdma.steps.size()) {
    const bool tiu_ready = ready(tiu, gdma), gdma_ready = ready(gdma, tiu);
    if (!tiu_ready && !gdma_ready) {
      std::string message = "the program waits for ever:";
      for (const Queue* q : {&tiu, &gdma}) {
        if (q->next == q->steps.size()) continue;
        const Queue& other = q == &tiu ? gdma : tiu;
        const Program::Step& step = q->steps[q->next].source;
        absl::StrAppend(&message, " ", Describe(step), " waits for id ",
                        step.instruction.cmd_id_dep(),
                        " of the other engine, which is at ", other.done, ";");
      }
      message.pop_back();
      return absl::FailedPreconditionError(message);
    }
    switch (options_.interleaving) {
      case Interleaving::kTiuFirst:
        turn_of_gdma = !tiu_ready;
        break;
      case Interleaving::kGdmaFirst:
        turn_of_gdma = gdma_ready;
        break;
      case Interleaving::kAlternate:
        turn_of_gdma = turn_of_gdma ? gdma_ready : !tiu_ready;
        break;
    }
    absl::Status status = advance(turn_of_gdma ? gdma : tiu);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace tpuc::sim
