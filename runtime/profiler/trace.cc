// SPDX-License-Identifier: Apache-2.0
// Format: "Trace Event Format" of the Chromium project; times in microseconds.
#include "runtime/profiler/trace.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "compiler/isa/text.h"
#include "nlohmann/json.hpp"

namespace tpuc::profiler {
namespace {

constexpr int kTiuTrack = 1, kGdmaTrack = 2;

std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', /*ensure_ascii=*/true,
                                   nlohmann::json::error_handler_t::replace);
}

std::string Microseconds(int64_t cycles) {
  return absl::StrFormat("%d.%03d", cycles / 1000, cycles % 1000);
}

class Writer {
 public:
  // `fields` are those behind name and phase.
  void Event(const std::string& name, char phase, const std::string& fields) {
    absl::StrAppend(&out_, first_ ? "\n" : ",\n", "{\"name\":", Quoted(name),
                    ",\"ph\":\"", std::string(1, phase), "\",\"pid\":1,",
                    fields, "}");
    first_ = false;
  }

  void Slice(const std::string& name, const char* category, int track,
             int64_t start, int64_t cycles, const std::string& args) {
    Event(name, 'X',
          absl::StrCat("\"cat\":\"", category, "\",\"tid\":", track, ",\"ts\":",
                       Microseconds(start), ",\"dur\":", Microseconds(cycles),
                       ",\"args\":{", args, "}"));
  }

  void Counter(const std::string& name, int64_t at, double value) {
    Event(name, 'C',
          absl::StrFormat("\"ts\":%s,\"args\":{\"value\":%.3f}",
                          Microseconds(at), value));
  }

  std::string Finish() {
    return absl::StrCat("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", out_,
                        "\n]}\n");
  }

 private:
  std::string out_;
  bool first_ = true;
};

// ,"src":"0x100000000",... : the operands in memory, not the immediates. Forms
// have more operand fields than an instruction uses; the rear ones are then 0.
std::string Addresses(const isa::Instruction& i) {
  std::string out;
  const isa::FormatInfo& info = i.info();
  for (size_t f = 0; f < info.fields.size(); ++f) {
    absl::string_view name = info.fields[f].name;
    if (absl::EndsWith(name, "_start_addr_l32")) {
      const absl::string_view side = name.substr(0, name.find('_'));
      const int high = info.FindField(absl::StrCat(side, "_start_addr_h8"));
      const uint64_t address =
          i.Get(static_cast<int>(f)) | (high < 0 ? 0 : i.Get(high)) << 32;
      absl::StrAppendFormat(&out, ",\"%s\":\"0x%x\"", side, address);
    } else if (absl::EndsWith(name, "_addr")) {
      const absl::string_view operand = name.substr(0, name.find('_'));
      const int constant = info.FindField(absl::StrCat(operand, "_const"));
      if (constant >= 0 && i.Get(constant)) continue;
      const uint64_t address = i.Get(static_cast<int>(f));
      const bool is_front =
          operand == "res0" || operand == "opd0" || operand == "opd1";
      if (address == 0 && !is_front) continue;
      absl::StrAppendFormat(&out, ",\"%s\":\"0x%x\"", operand, address);
    }
  }
  return out;
}

std::string Arguments(const Profile& profile, const Step& step) {
  const isa::Instruction& i = step.instruction;
  const bm1684x::Cost& cost = step.timing.cost;
  std::string args = absl::StrFormat(
      "\"id\":%d,\"waits for\":%d,\"cycles\":%d,\"waited\":%d", i.cmd_id(),
      i.cmd_id_dep(), cost.cycles, step.timing.waited);
  if (i.engine() == isa::Engine::kGdma)
    absl::StrAppendFormat(&args, ",\"bytes\":%d", cost.bytes);
  if (cost.peak_macs > 0)
    absl::StrAppendFormat(&args, ",\"MACs\":%d,\"MAC utilisation\":\"%.1f %%\"",
                          cost.macs,
                          Percent(static_cast<double>(cost.macs),
                                  static_cast<double>(cost.cycles) *
                                      static_cast<double>(cost.peak_macs)));
  if (step.tensor >= 0)
    absl::StrAppend(&args,
                    ",\"tensor\":", Quoted(profile.tensors[step.tensor]));
  absl::StrAppend(&args, Addresses(i),
                  ",\"instruction\":", Quoted(isa::Print(i)));
  return args;
}

// The tensors' events enclose those of their instructions.
void WriteTensors(const Profile& profile, const std::vector<Step>& steps,
                  int track, Writer* writer) {
  for (size_t first = 0; first < steps.size();) {
    size_t after = first;
    while (after < steps.size() && steps[after].tensor == steps[first].tensor)
      ++after;
    if (steps[first].tensor >= 0) {
      const int64_t start = steps[first].start;
      writer->Slice(profile.tensors[steps[first].tensor], "tensor", track,
                    start, steps[after - 1].end() - start, "");
    }
    first = after;
  }
}

// A counter whose value is `value(step)` during each step, else 0.
template <typename F>
void WriteCounter(const std::vector<Step>& steps, const std::string& name,
                  const F& value, Writer* writer) {
  double last = 0;
  int64_t end = 0;
  const auto set = [&](int64_t at, double to) {
    if (to != last) writer->Counter(name, at, to);
    last = to;
  };
  for (const Step& step : steps) {
    if (step.timing.cost.cycles == 0) continue;
    if (step.start > end) set(end, 0);
    set(step.start, value(step.timing.cost));
    end = step.end();
  }
  set(end, 0);
}

double PerCycle(int64_t count, const bm1684x::Cost& cost) {
  return static_cast<double>(count) / static_cast<double>(cost.cycles);
}

}  // namespace

std::string ChromeTrace(const Profile& profile) {
  Writer writer;
  writer.Event(
      "process_name", 'M',
      absl::StrCat("\"args\":{\"name\":",
                   Quoted(absl::StrCat(profile.net, ", stage ", profile.stage)),
                   "}"));
  struct Track {
    const char* name;
    int id;
    const std::vector<Step>& steps;
  };
  const Track tracks[] = {{"TIU", kTiuTrack, profile.tiu},
                          {"GDMA", kGdmaTrack, profile.gdma}};
  for (const Track& track : tracks) {
    writer.Event("thread_name", 'M',
                 absl::StrCat("\"tid\":", track.id, ",\"args\":{\"name\":\"",
                              track.name, "\"}"));
    WriteTensors(profile, track.steps, track.id, &writer);
    for (const Step& step : track.steps)
      writer.Slice(step.kind, track.name, track.id, step.start,
                   step.timing.cost.cycles, Arguments(profile, step));
  }
  WriteCounter(
      profile.gdma, "GDMA bytes per cycle",
      [](const bm1684x::Cost& cost) { return PerCycle(cost.bytes, cost); },
      &writer);
  WriteCounter(
      profile.tiu, "MACs per cycle",
      [](const bm1684x::Cost& cost) { return PerCycle(cost.macs, cost); },
      &writer);
  return writer.Finish();
}

}  // namespace tpuc::profiler
