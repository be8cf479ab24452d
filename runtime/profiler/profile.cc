// SPDX-License-Identifier: Apache-2.0
#include "runtime/profiler/profile.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/isa/encoding.h"
#include "compiler/target/bm1684x/dma_cycles.h"

namespace tpuc::profiler {
namespace {

using isa::Engine;
using isa::Format;
using isa::Instruction;

absl::Status Annotate(const absl::Status& status, absl::string_view where) {
  return absl::Status(status.code(),
                      absl::StrCat(where, ": ", status.message()));
}

// A field by its name, 0 where the form lacks it.
uint64_t Field(const Instruction& i, absl::string_view name) {
  const int field = i.info().FindField(name);
  return field < 0 ? 0 : i.Get(field);
}

std::string GdmaKind(const Instruction& i) {
  const auto address = [&](absl::string_view side) {
    return Field(i, absl::StrCat(side, "_start_addr_l32")) |
           Field(i, absl::StrCat(side, "_start_addr_h8")) << 32;
  };
  std::string kind = Name(bm1684x::DirectionOf(address("src"), address("dst")));
  if (i.format() != Format::kDmaTensor) {
    absl::string_view form = i.info().name;
    form.remove_prefix(form.find('_') + 1);
    return absl::StrCat(kind, " ", form);
  }
  if (Field(i, "fill_constant_en")) return "fill";
  if (i.sub_opcode() == isa::DmaTensor::Op::kCopy) return kind;
  const char* operation = i.info().SubOpcodeName(i.sub_opcode());
  return absl::StrCat(kind, " ", operation == nullptr ? "?" : operation);
}

// "CONV", "AR add".
std::string TiuKind(const Instruction& i) {
  std::string kind = i.info().name;
  const char* operation = i.info().SubOpcodeName(i.sub_opcode());
  if (kind[0] == 's') kind.erase(0, 1);
  if (const size_t both = kind.find("&s"); both != std::string::npos)
    kind.erase(both + 1, 1);
  const bool only_one = i.format() == Format::kSConv ||
                        i.format() == Format::kConv ||
                        i.format() == Format::kSMm || i.format() == Format::kMm;
  if (operation == nullptr || only_one) return kind;
  return absl::StrCat(kind, " ", operation);
}

// For each engine the tensors' last instructions in a group, in order.
struct Boundary {
  uint64_t last_tiu, last_gdma;
  int tensor;
};

// A tensor is complete after a GDMA instruction. What TIU computes for it, that
// instruction or an earlier one waits for.
std::vector<Boundary> Boundaries(
    const std::vector<bmodel::TensorLocation>& locations, int group,
    const std::vector<Instruction>& gdma) {
  std::vector<Boundary> boundaries;
  for (size_t t = 0; t < locations.size(); ++t) {
    if (locations[t].group == group)
      boundaries.push_back({0, locations[t].gdma_id, static_cast<int>(t)});
  }
  uint64_t waited_for = 0;
  size_t next = 0;
  for (Boundary& boundary : boundaries) {
    for (; next < gdma.size() && gdma[next].cmd_id() <= boundary.last_gdma;
         ++next)
      waited_for = std::max(waited_for, gdma[next].cmd_id_dep());
    boundary.last_tiu = waited_for;
  }
  return boundaries;
}

void AddSteps(const std::vector<Instruction>& stream,
              const std::vector<bm1684x::Timing>& timings,
              const std::vector<Boundary>& boundaries, int group, int64_t start,
              std::vector<Step>* steps) {
  size_t boundary = 0;
  for (size_t k = 0; k < stream.size(); ++k) {
    const Instruction& i = stream[k];
    if (i.IsEnd()) continue;
    Step step{i};
    step.group = group;
    step.start = start + timings[k].start;
    step.timing = timings[k];
    step.kind = i.engine() == Engine::kTiu ? TiuKind(i) : GdmaKind(i);
    while (boundary < boundaries.size() &&
           (i.engine() == Engine::kTiu
                ? boundaries[boundary].last_tiu
                : boundaries[boundary].last_gdma) < i.cmd_id())
      ++boundary;
    if (boundary < boundaries.size()) step.tensor = boundaries[boundary].tensor;
    steps->push_back(std::move(step));
  }
}

// In the order in which they are complete.
absl::StatusOr<std::vector<bmodel::TensorLocation>> LocationsOf(
    const bmodel::Stage& stage) {
  auto locations = bmodel::ReadTensorLocations(stage.tensor_location);
  // Other compilers keep other things there.
  if (!locations.ok()) return std::vector<bmodel::TensorLocation>();
  std::sort(locations->begin(), locations->end(),
            [](const auto& a, const auto& b) {
              return std::tie(a.group, a.gdma_id, a.name) <
                     std::tie(b.group, b.gdma_id, b.name);
            });
  return locations;
}

absl::Status CheckStatic(const bmodel::Stage& stage) {
  for (const bmodel::SubNet& sub_net : stage.sub_nets) {
    if (!sub_net.is_dynamic && sub_net.mode == 0) continue;
    return absl::UnimplementedError(
        absl::StrCat("sub-net ", sub_net.id, " is ",
                     sub_net.mode != 0 ? "not for the TPU" : "dynamic",
                     "; the cycle model knows static programs only"));
  }
  return absl::OkStatus();
}

absl::Status AddGroup(const bmodel::CmdGroup& buffers, int group,
                      const std::vector<bmodel::TensorLocation>& locations,
                      Profile* profile) {
  auto tiu = isa::DecodeStream(Engine::kTiu, buffers.tiu);
  if (!tiu.ok()) return tiu.status();
  auto gdma = isa::DecodeStream(Engine::kGdma, buffers.gdma);
  if (!gdma.ok()) return gdma.status();
  auto schedule = bm1684x::MakeSchedule(tiu->instructions, gdma->instructions);
  if (!schedule.ok()) return schedule.status();
  const std::vector<Boundary> boundaries =
      Boundaries(locations, group, gdma->instructions);
  AddSteps(tiu->instructions, schedule->tiu, boundaries, group, profile->cycles,
           &profile->tiu);
  AddSteps(gdma->instructions, schedule->gdma, boundaries, group,
           profile->cycles, &profile->gdma);
  profile->cycles += schedule->cycles;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Profile> MakeProfile(const bmodel::Model& model, int net,
                                    int stage) {
  if (net < 0 || net >= static_cast<int>(model.nets.size()) || stage < 0 ||
      stage >= static_cast<int>(model.nets[net].stages.size()))
    return absl::InvalidArgumentError(
        absl::StrCat("no stage ", stage, " of net ", net));
  const bmodel::Stage& contents = model.nets[net].stages[stage];
  Profile profile;
  profile.net = model.nets[net].name;
  profile.stage = stage;
  profile.groups = static_cast<int>(contents.groups.size());
  const std::string where = absl::StrCat("net \"", profile.net, "\"");
  absl::Status status = CheckStatic(contents);
  if (!status.ok()) return Annotate(status, where);
  const auto locations = LocationsOf(contents);
  if (!locations.ok()) return Annotate(locations.status(), where);
  for (const bmodel::TensorLocation& location : *locations)
    profile.tensors.push_back(location.name);
  for (int g = 0; g < profile.groups; ++g) {
    status = AddGroup(contents.groups[g], g, *locations, &profile);
    if (!status.ok())
      return Annotate(status, absl::StrCat(where, ": command group ", g));
  }
  return profile;
}

void Totals::Add(const Step& step) {
  const bm1684x::Cost& cost = step.timing.cost;
  ++instructions;
  cycles += cost.cycles;
  bytes += cost.bytes;
  macs += cost.macs;
  if (cost.peak_macs > 0)
    mac_cycles +=
        static_cast<double>(cost.macs) / static_cast<double>(cost.peak_macs);
}

Totals TotalsOf(const std::vector<Step>& steps) {
  Totals totals;
  for (const Step& step : steps) totals.Add(step);
  return totals;
}

double Percent(double part, double whole) {
  return whole == 0 ? 0 : 100 * part / whole;
}

std::string Timeline(const Profile& profile) {
  std::vector<const Step*> steps;
  for (const Step& step : profile.gdma) steps.push_back(&step);
  for (const Step& step : profile.tiu) steps.push_back(&step);
  std::sort(steps.begin(), steps.end(), [](const Step* a, const Step* b) {
    const auto key = [](const Step* s) {
      return std::make_tuple(s->start, s->instruction.engine() == Engine::kTiu,
                             s->group, s->instruction.cmd_id());
    };
    return key(a) < key(b);
  });
  std::string out = absl::StrFormat("%-6s %5s %7s %7s %10s %10s %8s %10s  %s\n",
                                    "engine", "group", "id", "waits", "start",
                                    "end", "cycles", "bytes", "kind");
  for (const Step* step : steps) {
    const Instruction& i = step->instruction;
    absl::StrAppendFormat(&out, "%-6s %5d %7d %7d %10d %10d %8d %10d  %s\n",
                          isa::Name(i.engine()), step->group, i.cmd_id(),
                          i.cmd_id_dep(), step->start, step->end(),
                          step->timing.cost.cycles, step->timing.cost.bytes,
                          step->kind);
  }
  absl::StrAppend(&out, "total ", profile.cycles, " cycles\n");
  return out;
}

}  // namespace tpuc::profiler
