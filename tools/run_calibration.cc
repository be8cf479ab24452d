// SPDX-License-Identifier: Apache-2.0
// Finds the range of each tensor of a network; see --help.
#include <algorithm>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/quantization/calibrate.h"
#include "compiler/quantization/tune.h"
#include "compiler/support/command_line.h"
#include "compiler/support/file.h"
#include "compiler/support/flag_values.h"
#include "compiler/support/progress.h"
#include "mlir/IR/MLIRContext.h"
#include "tools/lib/model_inputs.h"
#include "tools/lib/run_model.h"
#include "tools/lib/sample_files.h"

namespace tpuc {
namespace {

using quantization::CalibrationTable;
using quantization::Method;
using quantization::RunControl;
using quantization::Samples;
using quantization::Statistics;

struct Flags {
  std::vector<std::string> mlir;
  SampleFlags samples;
  std::string tune_list, tune_num = "0";
  std::string method = "kld", debug_cmd, bins = "2048", threads;
  std::string table, statistics_out, statistics;
  bool channel_ranges = false;
};

void Declare(CommandLine& line, Flags& f) {
  line.Positional(&f.mlir, "NET.mlir", "the network, from model_transform");
  f.samples.Declare(line);
  line.Optional("cali_method", &f.method, "METHOD",
                "how thresholds are found: kld, percentile9999, max or mse");
  line.Optional("histogram_bin_num", &f.bins, "N",
                "bins of the histogram that kld, percentile9999 and mse use");
  line.Switch("channel_ranges", &f.channel_ranges,
              "also write the ranges of channels, so that INT8 gives them "
              "scales of their own where nothing but a function or depthwise "
              "convolutions read them");
  line.Optional("tune_num", &f.tune_num, "N",
                "then search, for the first N samples, the thresholds with "
                "which the operations that read the tensors err least");
  line.Optional("tune_list", &f.tune_list, "FILE",
                "take the samples for that from this list");
  line.Optional("o", &f.table, "FILE", "the calibration table to write");
  line.Optional("statistics_out", &f.statistics_out, "FILE",
                "write the statistics of these samples instead of a table");
  line.Optional("statistics", &f.statistics, "FILE,...",
                "make the table from statistics that --statistics_out wrote "
                "for parts of a data set. Samples are needed for tuning only");
  line.Optional("threads", &f.threads, "N",
                "threads to use, those of the machine by default; the result "
                "does not depend on it");
  line.Optional("debug_cmd", &f.debug_cmd, "percentile9999|use_max",
                "older scripts' --cali_method");
}

// What the flags mean.
struct Options {
  std::string mlir;
  int64_t bins = 0;
  int64_t tune_num = 0;
  Method method = Method::kKld;
  RunControl control;
  std::vector<std::string> samples, tune_samples;
};

constexpr int64_t kMany = int64_t{1} << 40;

absl::Status CheckCombination(const Flags& f) {
  const auto fail = [](const char* what) {
    return absl::InvalidArgumentError(what);
  };
  if (f.mlir.size() != 1)
    return fail("give one network, an .mlir file from model_transform");
  if (f.table.empty() == f.statistics_out.empty())
    return fail("give one of -o, for a table, and --statistics_out");
  if (!f.statistics.empty() && !f.statistics_out.empty())
    return fail("--statistics makes a table: it needs -o");
  const bool tunes = f.tune_num != "0" || !f.tune_list.empty();
  if (tunes && !f.statistics_out.empty())
    return fail("tuning is a part of making a table: it needs -o");
  if (tunes && !f.samples.AreGiven() && f.tune_list.empty())
    return fail(
        "--tune_num needs samples: --tune_list, --dataset or "
        "--data_list");
  return absl::OkStatus();
}

absl::StatusOr<Options> Understand(const Flags& f) {
  if (absl::Status s = CheckCombination(f); !s.ok()) return s;
  Options o;
  o.mlir = f.mlir[0];
  auto bins = FlagNumber("histogram_bin_num", f.bins, quantization::kLeastBins,
                         quantization::kMostBins);
  if (!bins.ok()) return bins.status();
  o.bins = *bins;
  auto tune_num = FlagNumber("tune_num", f.tune_num, 0, kMany);
  if (!tune_num.ok()) return tune_num.status();
  o.tune_num = *tune_num;
  auto method =
      quantization::ParseMethod(f.debug_cmd.empty() ? f.method : f.debug_cmd);
  if (!method.ok()) return method.status();
  o.method = *method;
  o.control.threads = std::max(1u, std::thread::hardware_concurrency());
  if (!f.threads.empty()) {
    auto threads = FlagNumber("threads", f.threads, 1, 1024);
    if (!threads.ok()) return threads.status();
    o.control.threads = static_cast<int>(*threads);
  }
  if (f.samples.AreGiven() || f.statistics.empty()) {
    auto samples = f.samples.Read("run_calibration");
    if (!samples.ok()) return samples.status();
    o.samples = *std::move(samples);
  }
  o.tune_samples = o.samples;
  if (!f.tune_list.empty()) {
    auto samples = SamplesInList(f.tune_list);
    if (!samples.ok()) return samples.status();
    o.tune_samples = *std::move(samples);
    if (f.tune_num == "0") o.tune_num = kMany;
  }
  if (o.tune_num < static_cast<int64_t>(o.tune_samples.size()))
    o.tune_samples.resize(o.tune_num);
  return o;
}

// Reads a sample by its files.
Samples SamplesOf(const std::vector<std::string>& names,
                  const std::vector<InputInfo>& inputs) {
  return {names, [&names, &inputs](int64_t i) {
            return ReadInputs(names[i], inputs);
          }};
}

// Draws a bar for calls from several threads.
class Bar {
 public:
  Bar(std::string what, RunControl control)
      : progress_(std::move(what)), control_(std::move(control)) {
    control_.progress = [this](int64_t done, int64_t total) {
      const std::lock_guard<std::mutex> lock(mutex_);
      most_ = std::max(most_, done);
      progress_.Update(most_, total);
    };
  }
  const RunControl& control() const { return control_; }

 private:
  std::mutex mutex_;
  int64_t most_ = 0;
  Progress progress_;
  RunControl control_;
};

absl::StatusOr<Statistics> ReadStatistics(
    const std::string& files, const std::vector<std::string>& names) {
  Statistics merged(names);
  for (const std::string& file : SplitNames(files)) {
    auto bytes = ReadFile(file);
    if (!bytes.ok()) return bytes.status();
    auto part = Statistics::Parse(*bytes, file);
    if (!part.ok()) return part.status();
    if (absl::Status s = merged.Merge(*part); !s.ok())
      return absl::Status(s.code(),
                          absl::StrCat("'", file, "': ", s.message()));
  }
  return merged;
}

std::vector<std::string> Comments(const Options& o,
                                  const Statistics& statistics) {
  return {absl::StrCat("method: ", Name(o.method)),
          absl::StrCat("histogram number: ", o.bins),
          absl::StrCat("sample number: ", statistics.images()),
          absl::StrCat("tune number: ", o.tune_samples.size()),
          "op_name threshold min max"};
}

absl::Status Calibrate(const Flags& f) {
  auto options = Understand(f);
  if (!options.ok()) return options.status();
  const Options& o = *options;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = LoadModule(&context, o.mlir);
  if (!module.ok()) return module.status();
  auto inputs = InputsOf(**module);
  if (!inputs.ok()) return inputs.status();

  absl::StatusOr<Statistics> statistics;
  if (f.statistics.empty()) {
    Bar bar("calibrating, samples", o.control);
    statistics = quantization::CollectStatistics(
        **module, SamplesOf(o.samples, *inputs), bar.control());
  } else {
    auto names = quantization::CalibratedTensors(**module);
    if (!names.ok()) return names.status();
    statistics = ReadStatistics(f.statistics, *names);
  }
  if (!statistics.ok()) return statistics.status();
  if (!f.statistics_out.empty())
    return WriteFileAtomically(f.statistics_out, statistics->Serialize());

  std::vector<std::string> warnings;
  auto table =
      quantization::MakeTable(*statistics, o.method, o.bins, &warnings);
  if (!table.ok()) return table.status();
  if (!f.channel_ranges) table->channels.clear();
  {
    Bar bar("tuning, operations", o.control);
    absl::Status status = quantization::TuneThresholds(
        **module, SamplesOf(o.tune_samples, *inputs), bar.control(), &*table);
    if (!status.ok()) return status;
  }
  auto text = PrintCalibrationTable(*table, Comments(o, *statistics));
  if (!text.ok()) return text.status();
  for (const std::string& warning : warnings)
    std::cerr << "run_calibration: warning: " << warning << "\n";
  return WriteFileAtomically(f.table, *text);
}

int Main(int argc, char** argv) {
  Flags flags;
  CommandLine line("run_calibration",
                   "Runs a network in the top dialect on samples and writes in "
                   "which range each of its tensors lies: the calibration "
                   "table that model_deploy takes for INT8.");
  Declare(line, flags);
  if (int code = line.ParseOrExitCode(argc, argv); code >= 0) return code;
  const absl::Status status = Calibrate(flags);
  if (status.ok()) return 0;
  std::cerr << "run_calibration: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
