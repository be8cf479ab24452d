// SPDX-License-Identifier: Apache-2.0
#include "runtime/profiler/summary.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace tpuc::profiler {
namespace {

constexpr double kBoundPercent = 80;  // busy from here on: the engine bounds
constexpr int64_t kSmallBytes = 4096;
constexpr size_t kMostSteps = 10, kMostTensors = 20;

double Ratio(double part, double whole) {
  return whole == 0 ? 0 : part / whole;
}

// "4.5 KB"
std::string Bytes(double bytes) {
  const char* const units[] = {"bytes", "KB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < std::size(units); ++unit) bytes /= 1000;
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, bytes, units[unit]);
}

template <typename T>
double Double(T value) {
  return static_cast<double>(value);
}

// By falling cycles; equal ones by name.
std::vector<std::pair<std::string, Totals>> ByKind(
    const std::vector<Step>& steps) {
  std::map<std::string, Totals> kinds;
  for (const Step& step : steps) kinds[step.kind].Add(step);
  std::vector<std::pair<std::string, Totals>> sorted(kinds.begin(),
                                                     kinds.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::make_pair(-a.second.cycles, a.first) <
           std::make_pair(-b.second.cycles, b.first);
  });
  return sorted;
}

bool IsTensorCopy(const Step& step) {
  const isa::Instruction& i = step.instruction;
  return i.format() == isa::Format::kDmaTensor &&
         i.sub_opcode() == isa::DmaTensor::Op::kCopy &&
         i.Get(isa::DmaTensor::kFillConstantEn) == 0;
}

// Why GDMA takes the time that it takes.
std::string GdmaBound(const Profile& profile) {
  Totals copies, small;
  for (const Step& step : profile.gdma) {
    if (!IsTensorCopy(step)) continue;
    copies.Add(step);
    if (step.timing.cost.bytes < kSmallBytes) small.Add(step);
  }
  const Totals all = TotalsOf(profile.gdma);
  if (copies.cycles * 2 < all.cycles) {
    const auto kinds = ByKind(profile.gdma);
    return absl::StrFormat("%d %s transfers at about %.0f cycles each",
                           kinds[0].second.instructions, kinds[0].first,
                           Ratio(Double(kinds[0].second.cycles),
                                 Double(kinds[0].second.instructions)));
  }
  const double count = Double(copies.instructions);
  std::string out = absl::StrFormat(
      "%d %stransfers of %s on average at about %.0f cycles each, "
      "%.1f bytes a cycle",
      copies.instructions,
      2 * small.instructions > copies.instructions ? "small " : "",
      Bytes(Ratio(Double(copies.bytes), count)),
      Ratio(Double(copies.cycles), count),
      Ratio(Double(copies.bytes), Double(copies.cycles)));
  if (small.instructions > 0)
    absl::StrAppendFormat(&out,
                          "; %d of them move less than %d bytes and take "
                          "%.0f %% of the cycles",
                          small.instructions, kSmallBytes,
                          Percent(Double(small.cycles), Double(all.cycles)));
  return out;
}

std::string TiuBound(const Profile& profile, const Totals& tiu) {
  const auto kinds = ByKind(profile.tiu);
  return absl::StrFormat(
      "%s takes %.0f %% of its cycles; the MACs would take %.0f %% at their "
      "peak rate",
      kinds[0].first,
      Percent(Double(kinds[0].second.cycles), Double(tiu.cycles)),
      Percent(tiu.mac_cycles, Double(tiu.cycles)));
}

std::string Bound(const Profile& profile, const Totals& tiu,
                  const Totals& gdma) {
  const double total = Double(profile.cycles);
  const double tiu_busy = Percent(Double(tiu.cycles), total);
  const double gdma_busy = Percent(Double(gdma.cycles), total);
  if (gdma_busy >= kBoundPercent && gdma_busy >= tiu_busy)
    return absl::StrFormat("DMA-bound %.0f %%: %s", gdma_busy,
                           GdmaBound(profile));
  if (tiu_busy >= kBoundPercent)
    return absl::StrFormat("TIU-bound %.0f %%: %s", tiu_busy,
                           TiuBound(profile, tiu));
  return absl::StrFormat(
      "bound by waits between the engines: TIU is idle %.0f %%, GDMA %.0f %% "
      "of "
      "the time",
      100 - tiu_busy, 100 - gdma_busy);
}

void AppendEngine(absl::string_view name, const Totals& totals,
                  const Profile& profile, std::string* out) {
  absl::StrAppendFormat(out, "  %-5s %6d instructions, busy %5.1f %%", name,
                        totals.instructions,
                        Percent(Double(totals.cycles), Double(profile.cycles)));
}

// The cost functions give away copies whose rows repeat; hardware hardly does.
void AppendFreeCopies(const Profile& profile, std::string* out) {
  Totals copies;
  for (const Step& step : profile.gdma)
    if (IsTensorCopy(step) && step.timing.cost.cycles == 0) copies.Add(step);
  if (copies.instructions == 0) return;
  absl::StrAppendFormat(out,
                        "  note: %d tensor copies of %d bytes count no cycles, "
                        "for they have a row stride of 0\n",
                        copies.instructions, copies.bytes);
}

void AppendKinds(absl::string_view engine, const std::vector<Step>& steps,
                 const Profile& profile, std::string* out) {
  if (steps.empty()) return;
  const bool moves = steps[0].instruction.engine() == isa::Engine::kGdma;
  absl::StrAppendFormat(out, "\n%-28s %6s %10s %7s", engine, "count", "cycles",
                        "share");
  *out += moves ? "        bytes bytes/cycle\n" : "       MACs MAC use\n";
  for (const auto& [kind, totals] : ByKind(steps)) {
    absl::StrAppendFormat(
        out, "  %-26s %6d %10d %5.1f %%", kind, totals.instructions,
        totals.cycles, Percent(Double(totals.cycles), Double(profile.cycles)));
    if (moves) {
      absl::StrAppendFormat(out, " %12d %11.1f", totals.bytes,
                            Ratio(Double(totals.bytes), Double(totals.cycles)));
    } else if (totals.macs > 0) {
      absl::StrAppendFormat(out, " %10d %5.1f %%", totals.macs,
                            Percent(totals.mac_cycles, Double(totals.cycles)));
    }
    *out += "\n";
  }
}

// "1x64x3x3", of the result, or of what GDMA reads.
std::string Shape(const isa::Instruction& i) {
  const bool gdma = i.engine() == isa::Engine::kGdma;
  std::string shape;
  for (const char* dim : {"n", "c", "h", "w"}) {
    const int field = i.info().FindField(
        gdma ? absl::StrCat("src_", dim, "size") : absl::StrCat("res0_", dim));
    if (field < 0) continue;
    absl::StrAppend(&shape, shape.empty() ? "" : "x", i.Get(field));
  }
  return shape;
}

void AppendMostExpensive(const Profile& profile, std::string* out) {
  std::vector<const Step*> steps;
  for (const Step& step : profile.gdma) steps.push_back(&step);
  for (const Step& step : profile.tiu) steps.push_back(&step);
  std::sort(steps.begin(), steps.end(), [](const Step* a, const Step* b) {
    const auto key = [](const Step* s) {
      return std::make_tuple(-s->timing.cost.cycles, s->start,
                             s->instruction.engine(), s->instruction.cmd_id());
    };
    return key(a) < key(b);
  });
  if (steps.size() > kMostSteps) steps.resize(kMostSteps);
  *out += "\nmost expensive instructions\n";
  for (const Step* step : steps) {
    const isa::Instruction& i = step->instruction;
    absl::StrAppendFormat(out, "  %10d cycles  %-4s %6d  %-20s %s",
                          step->timing.cost.cycles, isa::Name(i.engine()),
                          i.cmd_id(), step->kind, Shape(i));
    if (i.engine() == isa::Engine::kGdma)
      absl::StrAppendFormat(out, ", %d bytes", step->timing.cost.bytes);
    if (step->tensor >= 0)
      absl::StrAppend(out, "  for ", profile.tensors[step->tensor]);
    *out += "\n";
  }
}

void AppendTensors(const Profile& profile, std::string* out) {
  struct Tensor {
    size_t index;
    Totals tiu, gdma;
    int64_t cycles() const { return std::max(tiu.cycles, gdma.cycles); }
  };
  std::vector<Tensor> tensors;
  for (size_t t = 0; t < profile.tensors.size(); ++t) tensors.push_back({t});
  for (const Step& step : profile.tiu)
    if (step.tensor >= 0) tensors[step.tensor].tiu.Add(step);
  for (const Step& step : profile.gdma)
    if (step.tensor >= 0) tensors[step.tensor].gdma.Add(step);
  if (tensors.empty()) return;
  std::sort(tensors.begin(), tensors.end(),
            [](const Tensor& a, const Tensor& b) {
              return std::make_pair(-a.cycles(), a.index) <
                     std::make_pair(-b.cycles(), b.index);
            });
  if (tensors.size() > kMostTensors) tensors.resize(kMostTensors);
  absl::StrAppendFormat(out,
                        "\nmost expensive tensors, of %d\n"
                        "  %10s %10s %12s  tensor\n",
                        profile.tensors.size(), "TIU", "GDMA", "bytes");
  for (const Tensor& tensor : tensors)
    absl::StrAppendFormat(out, "  %10d %10d %12d  %s\n", tensor.tiu.cycles,
                          tensor.gdma.cycles, tensor.gdma.bytes,
                          profile.tensors[tensor.index]);
}

}  // namespace

std::string Summary(const Profile& profile) {
  const Totals tiu = TotalsOf(profile.tiu), gdma = TotalsOf(profile.gdma);
  std::string out = absl::StrFormat(
      "net \"%s\", stage %d: %d cycles, %.3f ms at %g GHz by the cycle model\n"
      "%s\n",
      profile.net, profile.stage, profile.cycles,
      1e3 * Double(profile.cycles) / kCyclesPerSecond, kCyclesPerSecond / 1e9,
      Bound(profile, tiu, gdma));
  AppendEngine("TIU", tiu, profile, &out);
  absl::StrAppendFormat(&out, ", MAC utilisation %.1f %% (%d MACs)\n",
                        Percent(tiu.mac_cycles, Double(profile.cycles)),
                        tiu.macs);
  AppendEngine("GDMA", gdma, profile, &out);
  absl::StrAppendFormat(&out, ", %d bytes moved, %.1f a cycle\n", gdma.bytes,
                        Ratio(Double(gdma.bytes), Double(profile.cycles)));
  AppendFreeCopies(profile, &out);
  AppendKinds("GDMA", profile.gdma, profile, &out);
  AppendKinds("TIU", profile.tiu, profile, &out);
  AppendMostExpensive(profile, &out);
  AppendTensors(profile, &out);
  return out;
}

}  // namespace tpuc::profiler
