// SPDX-License-Identifier: Apache-2.0
// Finds the operations of a network to keep in float; see --help.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <iostream>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "compiler/deploy/compile.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/interpreter/tpu/interpreter.h"
#include "compiler/quantization/calibration_table.h"
#include "compiler/quantization/sensitivity.h"
#include "compiler/quantization/smallest.h"
#include "compiler/support/command_line.h"
#include "compiler/support/file.h"
#include "compiler/support/flag_values.h"
#include "compiler/support/parallel.h"
#include "compiler/support/progress.h"
#include "compiler/support/similarity.h"
#include "compiler/target/bm1684x/schedule.h"
#include "mlir/IR/MLIRContext.h"
#include "tools/lib/model_inputs.h"
#include "tools/lib/run_model.h"
#include "tools/lib/sample_files.h"

namespace tpuc {
namespace {

using quantization::LayerLoss;
using quantization::RunControl;
using quantization::Samples;

struct Flags {
  std::vector<std::string> mlir;
  SampleFlags samples;
  std::string table, cosine = "0.99", euclidean = "0", most, type = "F16";
  std::string threads, losses_out, shard, losses, qtable;
  bool asymmetric = false;
};

void Declare(CommandLine& line, Flags& f) {
  line.Positional(&f.mlir, "NET.mlir", "the network, from model_transform");
  f.samples.Declare(line);
  line.Required("calibration_table", &f.table, "FILE",
                "the ranges of its tensors, from run_calibration");
  line.Switch("asymmetric", &f.asymmetric,
              "for asymmetric INT8, as model_deploy's flag");
  line.Optional("expected_cos", &f.cosine, "COSINE",
                "least cosine of each result with that in float");
  line.Optional("expected_euclidean", &f.euclidean, "SIMILARITY",
                "least euclidean similarity of each result with that in float");
  line.Optional("max_float_layers", &f.most, "N",
                "keep at most N operations in float");
  line.Optional("fp_type", &f.type, "TYPE", "what float is: F16, BF16 or F32");
  line.Optional("o", &f.qtable, "FILE", "the quantization table to write");
  line.Optional("losses_out", &f.losses_out, "FILE",
                "write how much each operation loses instead");
  line.Optional("shard", &f.shard, "I/N",
                "of the operations measure each N-th only, from the I-th "
                "(1 to N) on; for --losses_out");
  line.Optional("losses", &f.losses, "FILE,...",
                "make the table from what --losses_out wrote for all shards");
  line.Optional("threads", &f.threads, "N",
                "threads to use, those of the machine by default; the result "
                "does not depend on it");
}

struct Options {
  std::string mlir;
  double cosine = 0, euclidean = 0;
  int64_t most = 0;
  int64_t shard = 0, shards = 1;
  int threads = 1;
  std::vector<std::string> samples;
  quantization::CalibrationTable calibration;
};

absl::StatusOr<double> Limit(const char* flag, const std::string& text) {
  double value;
  if (absl::SimpleAtod(text, &value) && value >= 0 && value <= 1) return value;
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, " is '", text,
                   "'; it takes a number from 0 to "
                   "1"));
}

absl::Status ParseShard(const std::string& text, Options& o) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() == 2 && absl::SimpleAtoi(parts[0], &o.shard) &&
      absl::SimpleAtoi(parts[1], &o.shards) && o.shard >= 1 &&
      o.shard <= o.shards) {
    --o.shard;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--shard is '", text, "'; it takes I/N with I from 1 to N, such as 2/4"));
}

absl::StatusOr<Options> Understand(const Flags& f) {
  const auto fail = [](const char* what) {
    return absl::InvalidArgumentError(what);
  };
  if (f.mlir.size() != 1)
    return fail("give one network, an .mlir file from model_transform");
  if (f.qtable.empty() == f.losses_out.empty())
    return fail("give one of -o, for a table, and --losses_out");
  if (!f.losses.empty() && f.qtable.empty())
    return fail("--losses makes a table: it needs -o");
  if (!f.shard.empty() && f.losses_out.empty())
    return fail("--shard is for --losses_out");
  if (f.type != "F16" && f.type != "BF16" && f.type != "F32")
    return absl::InvalidArgumentError(
        absl::StrCat("--fp_type is '", f.type, "'; it takes F16, BF16 or F32"));
  Options o;
  o.mlir = f.mlir[0];
  if (!f.shard.empty())
    if (absl::Status s = ParseShard(f.shard, o); !s.ok()) return s;
  auto cosine = Limit("expected_cos", f.cosine);
  if (!cosine.ok()) return cosine.status();
  o.cosine = *cosine;
  auto euclidean = Limit("expected_euclidean", f.euclidean);
  if (!euclidean.ok()) return euclidean.status();
  o.euclidean = *euclidean;
  constexpr int64_t kMany = int64_t{1} << 40;
  o.most = kMany;
  if (!f.most.empty()) {
    auto most = FlagNumber("max_float_layers", f.most, 0, kMany);
    if (!most.ok()) return most.status();
    o.most = *most;
  }
  o.threads = std::max(1u, std::thread::hardware_concurrency());
  if (!f.threads.empty()) {
    auto threads = FlagNumber("threads", f.threads, 1, 1024);
    if (!threads.ok()) return threads.status();
    o.threads = static_cast<int>(*threads);
  }
  auto samples = f.samples.Read("run_qtable");
  if (!samples.ok()) return samples.status();
  o.samples = *std::move(samples);
  auto table = quantization::ReadCalibrationTable(f.table);
  if (!table.ok()) return table.status();
  o.calibration = *std::move(table);
  return o;
}

// Sums over the elements of a result.
struct Sums {
  double ab = 0, aa = 0, bb = 0, difference = 0, mean = 0;

  void Add(const Tensor& a, const Tensor& b) {
    const float* x = a.data<float>();
    const float* y = b.data<float>();
    for (int64_t i = 0; i < a.NumElements(); ++i) {
      const double p = x[i], q = y[i];
      ab += p * q;
      aa += p * p;
      bb += q * q;
      difference += (p - q) * (p - q);
      mean += (p + q) * (p + q) / 4;
    }
  }
  double Cosine() const {
    return aa == bb && aa == 0 ? 1 : ab / std::sqrt(aa * bb);
  }
  double Euclidean() const {
    return difference == 0 ? 1 : 1 - std::sqrt(difference / mean);
  }
};

// A network's results for each sample, in the order of the results.
using Results = std::vector<std::vector<Tensor>>;

absl::StatusOr<Results> RunAll(const interpreter::Program& program,
                               const interpreter::Signature& signature,
                               const std::vector<TensorMap>& inputs,
                               int threads) {
  Results results(inputs.size());
  const absl::Status status = program.RunEach(
      static_cast<int64_t>(inputs.size()),
      [&](int64_t i) -> absl::StatusOr<TensorMap> { return inputs[i]; },
      [&](int64_t i, TensorMap tensors) {
        for (const interpreter::TensorInfo& info : signature.outputs)
          results[i].push_back(ToFloat(tensors.at(info.name)));
        return absl::OkStatus();
      },
      threads);
  if (!status.ok()) return status;
  return results;
}

// Operations by name.
using Names = absl::Span<const std::string>;

std::string QtableText(Names names, const std::string& type) {
  std::string text = "# op_name quantize_mode\n";
  for (const std::string& name : names)
    absl::StrAppend(&text, name, " ", type, "\n");
  return text;
}

using Module = mlir::OwningOpRef<mlir::ModuleOp>;

// The network in INT8 with some operations in float.
absl::StatusOr<Module> Lower(const Flags& flags, const Options& options,
                             Names in_float, mlir::MLIRContext* context) {
  LoadDialects(context);
  auto module = LoadModule(context, options.mlir);
  if (!module.ok()) return module.status();
  LoweringOptions lowering;
  lowering.mode = "INT8";
  lowering.asymmetric = flags.asymmetric;
  lowering.calibration = options.calibration;
  lowering.calibration_file = BaseName(flags.table);
  for (const std::string& name : in_float)
    lowering.quantize_table[name] = flags.type;
  const absl::Status status = LowerToTpu(**module, std::move(lowering));
  if (!status.ok()) return status;
  return module;
}

// What that network takes, by the cycle model.
absl::StatusOr<int64_t> CyclesOf(const Flags& flags, const Options& options,
                                 Names in_float) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = Lower(flags, options, in_float, &context);
  if (!module.ok()) return module.status();
  absl::Status status = AssignMemory(**module);
  if (!status.ok()) return status;
  auto program = GenerateProgram(**module);
  if (!program.ok()) return program.status();
  std::vector<isa::Instruction> tiu, gdma;
  for (isa::Instruction& i : program->instructions)
    (i.engine() == isa::Engine::kTiu ? tiu : gdma).push_back(std::move(i));
  auto schedule = bm1684x::MakeSchedule(tiu, gdma);
  if (!schedule.ok()) return schedule.status();
  return schedule->cycles;
}

// Tries how close the network comes with some layers in float.
class Search {
 public:
  Search(const Flags& flags, const Options& options)
      : flags_(flags), options_(options) {}

  absl::Status Prepare(mlir::ModuleOp module,
                       const std::vector<InputInfo>& infos) {
    for (const std::string& sample : options_.samples) {
      auto inputs = ReadInputs(sample, infos);
      if (!inputs.ok()) return inputs.status();
      inputs_.push_back(*std::move(inputs));
    }
    auto signature = interpreter::SignatureOf(module);
    if (!signature.ok()) return signature.status();
    auto program = interpreter::PrepareTop(module, /*keep_all=*/false);
    if (!program.ok()) return program.status();
    auto exact = RunAll(*program, *signature, inputs_, options_.threads);
    if (!exact.ok()) return exact.status();
    exact_ = *std::move(exact);
    return absl::OkStatus();
  }

  // Whether all results are close enough with these operations in float;
  // remembers how close the worst one is.
  absl::StatusOr<bool> Try(Names in_float) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    auto module = Lower(flags_, options_, in_float, &context);
    if (!module.ok()) return module.status();
    auto signature = interpreter::SignatureOf(**module);
    if (!signature.ok()) return signature.status();
    auto program = interpreter::Program::Prepare(
        **module, interpreter::TpuEvaluators(), /*keep_all=*/false);
    if (!program.ok()) return program.status();
    auto results = RunAll(*program, *signature, inputs_, options_.threads);
    if (!results.ok()) return results.status();
    Measure(*results);
    return cosine_ >= options_.cosine && euclidean_ >= options_.euclidean;
  }

  double cosine() const { return cosine_; }
  double euclidean() const { return euclidean_; }

 private:
  void Measure(const Results& results) {
    cosine_ = euclidean_ = 1;
    for (size_t k = 0; k < exact_[0].size(); ++k) {
      Sums sums;
      for (size_t i = 0; i < exact_.size(); ++i)
        sums.Add(results[i][k], exact_[i][k]);
      cosine_ = std::min(cosine_, sums.Cosine());
      euclidean_ = std::min(euclidean_, sums.Euclidean());
    }
  }

  const Flags& flags_;
  const Options& options_;
  std::vector<TensorMap> inputs_;
  Results exact_;
  double cosine_ = 0, euclidean_ = 0;
};

// All layers, in order of execution.
absl::StatusOr<std::vector<LayerLoss>> ReadLosses(const std::string& files,
                                                  mlir::ModuleOp module) {
  std::map<std::string, double> losses;
  for (const std::string& file : SplitNames(files)) {
    auto text = ReadFile(file);
    if (!text.ok()) return text.status();
    auto part = quantization::ParseLosses(*text, file);
    if (!part.ok()) return part.status();
    for (const LayerLoss& layer : *part) losses[layer.name] = layer.loss;
  }
  std::vector<LayerLoss> all;
  for (mlir::Operation* op : quantization::LayersOf(module)) {
    const auto it = losses.find(getName(op));
    if (it == losses.end())
      return absl::NotFoundError(absl::StrCat(
          "--losses: no file holds the loss of '", getName(op), "'"));
    all.push_back({it->first, it->second});
  }
  return all;
}

absl::StatusOr<std::vector<LayerLoss>> MeasureOrRead(
    const Flags& f, const Options& o, mlir::ModuleOp module,
    const std::vector<InputInfo>& infos) {
  if (!f.losses.empty()) return ReadLosses(f.losses, module);
  Progress progress("measuring, layers");
  const Samples samples = {
      o.samples, [&](int64_t i) { return ReadInputs(o.samples[i], infos); }};
  return quantization::MeasureLosses(
      module, o.calibration, samples,
      [&](size_t place) {
        return static_cast<int64_t>(place) % o.shards == o.shard;
      },
      {o.threads,
       [&](int64_t done, int64_t total) { progress.Update(done, total); }});
}

// Operations that lose less than this share of all losses together are not
// worth a compilation.
constexpr double kNegligible = 0.005;
// Costs less than this share of the network's cycles count as this.
constexpr double kFree = 0.001;

// By how much is lost for each cycle that float would cost, the most first; of
// equal ones, the first to be executed. At the end are those of negligible
// loss.
absl::StatusOr<std::vector<std::string>> Ranked(
    const Flags& flags, const Options& options,
    const std::vector<LayerLoss>& losses) {
  std::vector<size_t> places(losses.size());
  std::iota(places.begin(), places.end(), size_t{0});
  std::vector<double> worth(losses.size());
  const auto sort = [&](size_t count) {
    std::stable_sort(places.begin(), places.begin() + count,
                     [&](size_t a, size_t b) { return worth[a] > worth[b]; });
  };
  double total = 0, rest = 0;
  for (size_t i = 0; i < losses.size(); ++i) {
    worth[i] = losses[i].loss;
    total += losses[i].loss;
  }
  sort(places.size());
  size_t candidates = places.size();
  while (candidates > 0 &&
         rest + worth[places[candidates - 1]] <= kNegligible * total)
    rest += worth[places[--candidates]];
  auto least = CyclesOf(flags, options, {});
  if (!least.ok()) return least.status();
  std::vector<absl::Status> failures(candidates);
  Progress progress("measuring costs, layers");
  std::atomic<int64_t> done{0};
  ParallelFor(options.threads, static_cast<int64_t>(candidates), 1,
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) {
                  const LayerLoss& layer = losses[places[i]];
                  auto cycles = CyclesOf(flags, options, {layer.name});
                  failures[i] = cycles.status();
                  if (!cycles.ok()) continue;
                  worth[places[i]] =
                      layer.loss /
                      std::max(static_cast<double>(*cycles - *least),
                               kFree * static_cast<double>(*least));
                  ++done;
                }
              });
  progress.Update(done, static_cast<int64_t>(candidates));
  for (const absl::Status& failure : failures)
    if (!failure.ok()) return failure;
  sort(candidates);
  std::vector<std::string> ranked;
  for (size_t place : places) ranked.push_back(losses[place].name);
  return ranked;
}

// Gives up each operation that the rest can do without, the least worth first,
// and leaves `search` with what the rest reaches.
absl::Status Prune(Search& search, std::vector<std::string>* chosen) {
  Progress progress("pruning, layers");
  const auto count = static_cast<int64_t>(chosen->size());
  for (int64_t i = count; i-- > 0;) {
    std::vector<std::string> fewer = *chosen;
    fewer.erase(fewer.begin() + i);
    auto good = search.Try(fewer);
    if (!good.ok()) return good.status();
    if (*good) *chosen = std::move(fewer);
    progress.Update(count - i, count);
  }
  return search.Try(*chosen).status();
}

std::string Reached(const Search& search) {
  return absl::StrFormat("cosine %.6f, euclidean similarity %.6f",
                         search.cosine(), search.euclidean());
}

absl::Status MakeQtable(const Flags& f) {
  auto options = Understand(f);
  if (!options.ok()) return options.status();
  const Options& o = *options;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  LoadDialects(&context);
  auto module = LoadModule(&context, o.mlir);
  if (!module.ok()) return module.status();
  auto infos = InputsOf(**module);
  if (!infos.ok()) return infos.status();
  auto losses = MeasureOrRead(f, o, **module, *infos);
  if (!losses.ok()) return losses.status();
  if (!f.losses_out.empty())
    return WriteFileAtomically(f.losses_out,
                               quantization::PrintLosses(*losses));

  auto order = Ranked(f, o, *losses);
  if (!order.ok()) return order.status();
  const std::vector<std::string>& ranked = *order;
  Search search(f, o);
  absl::Status status = search.Prepare(**module, *infos);
  if (!status.ok()) return status;
  const int64_t most = std::min(o.most, static_cast<int64_t>(losses->size()));
  auto count = quantization::SmallestPassing(
      most, [&](int64_t n) -> absl::StatusOr<bool> {
        return search.Try(Names(ranked).first(n));
      });
  if (!count.ok()) return count.status();
  if (!count->has_value())
    return absl::FailedPreconditionError(absl::StrCat(
        "with the ", most, " of ", losses->size(),
        " layers that it helps most in ", f.type, " the results reach ",
        Reached(search), ", not the wanted ", f.cosine, " and ", f.euclidean));
  std::vector<std::string> chosen(ranked.begin(), ranked.begin() + **count);
  status = Prune(search, &chosen);
  if (!status.ok()) return status;
  auto least = CyclesOf(f, o, {});
  if (!least.ok()) return least.status();
  auto cycles = CyclesOf(f, o, chosen);
  if (!cycles.ok()) return cycles.status();
  std::cout << chosen.size() << " of " << losses->size() << " layers in "
            << f.type << ": " << Reached(search)
            << absl::StrFormat(", %+.1f %% cycles",
                               100.0 * static_cast<double>(*cycles - *least) /
                                   static_cast<double>(*least))
            << "\n";
  return WriteFileAtomically(f.qtable, QtableText(chosen, f.type));
}

int Main(int argc, char** argv) {
  Flags flags;
  CommandLine line("run_qtable",
                   "Finds the operations of a network to keep in float, so "
                   "that the rest in INT8 gives results close enough: the "
                   "quantization table that model_deploy takes. Measures what "
                   "each operation alone loses in 8 bits and what it costs in "
                   "float, and takes as few of those with the most loss for "
                   "each cycle as are needed.");
  Declare(line, flags);
  if (int code = line.ParseOrExitCode(argc, argv); code >= 0) return code;
  const absl::Status status = MakeQtable(flags);
  if (status.ok()) return 0;
  std::cerr << "run_qtable: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
