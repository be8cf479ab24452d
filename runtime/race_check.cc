// SPDX-License-Identifier: Apache-2.0
#include "runtime/race_check.h"

#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/annotate.h"
#include "runtime/races/program_races.h"
#include "runtime/stage_program.h"

namespace tpuc::runtime {
namespace {

constexpr size_t kMostRaces = 10;  // in one error

struct Findings {
  std::vector<std::string> races;
  std::vector<std::string> unwritten_reads;
};

absl::StatusOr<Findings> Analyse(const StageProgram& stage) {
  Findings findings;
  sim::Options options;
  options.ddr_bytes = stage.relocation.ddr_bytes();
  options.threads = 1;
  sim::Simulator simulator(options);
  races::LastTouch written = races::WrittenAtStart();
  for (size_t g = 0; g < stage.groups.size(); ++g) {
    const std::string group = absl::StrCat("command group ", g);
    const sim::Program& program = stage.groups[g];
    const auto streams = races::StreamsOf(program, simulator);
    if (!streams.ok()) return Annotate(streams.status(), group);
    const auto analysis = races::Analysis::Of(*streams, &written);
    if (!analysis.ok()) return Annotate(analysis.status(), group);
    for (const races::Race& race : analysis->Races()) {
      findings.races.push_back(
          absl::StrCat(group, ": ", races::Describe(race, program, *streams)));
    }
    for (const races::UnwrittenRead& read : analysis->unwritten_reads()) {
      findings.unwritten_reads.push_back(
          absl::StrCat(group, ": ", races::Describe(read, program)));
    }
  }
  return findings;
}

// Of an existing stage; errors name the file.
absl::StatusOr<Findings> Analyse(const Model& model,
                                 const RunnerOptions& options) {
  absl::StatusOr<Findings> findings =
      Analyse(model.Program(options.net, options.stage.value_or(0)));
  if (!findings.ok()) return Annotate(findings.status(), model.name());
  return findings;
}

absl::Status RaceError(const std::vector<std::string>& races) {
  std::string text =
      absl::StrCat(races.size(), races.size() == 1 ? " wait is" : " waits are",
                   " missing or too old:");
  for (size_t i = 0; i < races.size() && i < kMostRaces; ++i) {
    absl::StrAppend(&text, "\n  ", races[i]);
  }
  if (races.size() > kMostRaces) {
    absl::StrAppend(&text, "\n  and ", races.size() - kMostRaces, " more");
  }
  return absl::FailedPreconditionError(text);
}

// Name of the first output that differs; empty: all are equal.
std::string Difference(const Runner& runner, const std::vector<Tensor>& a,
                       const std::vector<Tensor>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::memcmp(a[i].raw(), b[i].raw(), a[i].SizeInBytes()) != 0) {
      return runner.outputs()[i].name;
    }
  }
  return "";
}

}  // namespace

absl::Status CheckWaits(std::shared_ptr<const Model> model,
                        const RunnerOptions& options) {
  // Checks net and stage.
  const auto runner = Runner::Create(model, options);
  if (!runner.ok()) return runner.status();
  const absl::StatusOr<Findings> findings = Analyse(*model, options);
  if (!findings.ok()) return findings.status();
  if (findings->races.empty()) return absl::OkStatus();
  return Annotate(RaceError(findings->races), model->name());
}

absl::Status CheckInterleavings(std::shared_ptr<const Model> model,
                                const RunnerOptions& options,
                                const std::vector<Tensor>& inputs) {
  std::unique_ptr<Runner> runner;
  // Each in a fresh memory.
  const auto run =
      [&](sim::Interleaving interleaving,
          sim::LocalPattern pattern) -> absl::StatusOr<std::vector<Tensor>> {
    RunnerOptions with = options;
    with.stage = options.stage.value_or(0);
    with.interleaving = interleaving;
    with.local_pattern = pattern;
    absl::StatusOr<std::unique_ptr<Runner>> created =
        Runner::Create(model, with);
    if (!created.ok()) return created.status();
    runner = *std::move(created);
    return runner->Run(inputs);
  };
  const auto tiu_first =
      run(sim::Interleaving::kTiuFirst, sim::LocalPattern::kNan);
  if (!tiu_first.ok()) return tiu_first.status();
  const auto gdma_first =
      run(sim::Interleaving::kGdmaFirst, sim::LocalPattern::kNan);
  if (!gdma_first.ok()) return gdma_first.status();
  std::string name = Difference(*runner, *tiu_first, *gdma_first);
  if (!name.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(model->name(), ": output \"", name,
                     "\" depends on which engine goes first where the waits "
                     "leave a choice"));
  }
  const auto other_pattern =
      run(sim::Interleaving::kGdmaFirst, sim::LocalPattern::kDeadBeef);
  if (!other_pattern.ok()) return other_pattern.status();
  name = Difference(*runner, *gdma_first, *other_pattern);
  if (name.empty()) return absl::OkStatus();
  const absl::StatusOr<Findings> findings = Analyse(*model, options);
  const bool named = findings.ok() && !findings->unwritten_reads.empty();
  return absl::FailedPreconditionError(absl::StrCat(
      model->name(), ": output \"", name,
      "\" depends on what local memory holds before the run",
      named ? absl::StrCat(": ", findings->unwritten_reads[0]) : ""));
}

absl::Status CheckRaces(std::shared_ptr<const Model> model,
                        const RunnerOptions& options,
                        const std::vector<Tensor>& inputs) {
  const absl::Status status = CheckWaits(model, options);
  if (!status.ok()) return status;
  return CheckInterleavings(std::move(model), options, inputs);
}

}  // namespace tpuc::runtime
