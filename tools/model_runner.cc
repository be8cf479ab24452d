// SPDX-License-Identifier: Apache-2.0
// Runs a model; see --help.
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/support/command_line.h"
#include "compiler/support/comparison.h"
#include "compiler/support/file.h"
#include "compiler/support/flag_values.h"
#include "compiler/support/npz.h"
#include "compiler/support/progress.h"
#include "mlir/IR/MLIRContext.h"
#include "runtime/preprocess/preprocess.h"
#include "runtime/profiler/profile.h"
#include "runtime/profiler/summary.h"
#include "runtime/profiler/trace.h"
#include "runtime/runtime.h"
#include "tools/lib/model_inputs.h"
#include "tools/lib/onnx_inputs.h"
#include "tools/lib/preprocess_flags.h"
#include "tools/lib/run_bmodel.h"
#include "tools/lib/run_model.h"

namespace tpuc {
namespace {

struct Options {
  std::string input, model, output, profile, net, onnxruntime, input_npz;
  std::string reference_model, similarities, reference_output;
  PreprocessFlags preprocess;
  bool dump_all_tensors = false;
  bool check_races = false;
};

struct Results {
  TensorMap tensors;
  std::vector<std::string> order;
  std::vector<std::string> outputs;  // of an .mlir: the network's own
};

absl::StatusOr<Results> RunMlir(const Options& o,
                                const std::optional<Preprocessing>& how) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<tpu::TpuDialect>();
  auto module = LoadModule(&context, o.model);
  if (!module.ok()) return module.status();
  auto infos = InputsOf(**module);
  if (!infos.ok()) return infos.status();
  if (how) {
    for (const InputInfo& info : *infos) {
      if (info.preprocessing)
        return absl::InvalidArgumentError(absl::StrCat(
            "'", o.model, "' records the preprocessing of input '", info.name,
            "', so flags of preprocessing don't apply"));
    }
    absl::Status status = SetPreprocessing(*how, &*infos);
    if (!status.ok()) return status;
  }
  auto inputs = ReadInputs(o.input, *infos);
  if (!inputs.ok()) return inputs.status();
  if (!o.input_npz.empty()) {
    std::vector<std::string> order;
    for (const InputInfo& info : *infos) order.push_back(info.name);
    absl::Status status = WriteNpz(o.input_npz, *inputs, order);
    if (!status.ok()) return status;
    if (o.output.empty()) return Results{};
  }
  Progress progress("running operations");
  auto tensors = RunModule(
      **module, *inputs, o.dump_all_tensors,
      [&](int64_t done, int64_t total) { progress.Update(done, total); });
  if (!tensors.ok()) return tensors.status();
  auto outputs = OutputsOf(**module);
  if (!outputs.ok()) return outputs.status();
  return Results{*std::move(tensors), TensorOrder(**module),
                 *std::move(outputs)};
}

absl::StatusOr<TensorMap> ReadImagesForOnnx(
    const Options& o, const std::optional<Preprocessing>& how) {
  auto infos = OnnxInputs(o.model, SplitNames(o.input).size(), how);
  if (!infos.ok()) return infos.status();
  if (how) {
    absl::Status status = SetPreprocessing(*how, &*infos);
    if (!status.ok()) return status;
  }
  return ReadInputs(o.input, *infos);
}

absl::StatusOr<Results> RunOnnx(const Options& o,
                                const std::optional<Preprocessing>& how) {
  auto inputs =
      HasImages(o.input) ? ReadImagesForOnnx(o, how) : ReadNpz(o.input);
  if (!inputs.ok()) return inputs.status();
  auto tensors =
      RunOnnxRuntime(o.onnxruntime, o.model, *inputs, o.dump_all_tensors);
  if (!tensors.ok()) return tensors.status();
  return Results{*std::move(tensors), {}, {}};
}

// The cycle model needs no data: nothing is run.
bool OnlyProfiles(const Options& o) {
  return !o.profile.empty() && o.input.empty() && o.output.empty();
}

// Writes the trace and prints the summary.
absl::Status Profile(const Options& o) {
  auto model = runtime::Model::Load(o.model);
  if (!model.ok()) return model.status();
  auto net = FindNet(**model, o.net);
  if (!net.ok()) return net.status();
  auto profile = profiler::MakeProfile((*model)->contents(), *net, /*stage=*/0);
  if (!profile.ok())
    return absl::Status(
        profile.status().code(),
        absl::StrCat(o.model, ": ", profile.status().message()));
  absl::Status status =
      WriteFileAtomically(o.profile, profiler::ChromeTrace(*profile));
  if (status.ok()) std::cout << profiler::Summary(*profile);
  return status;
}

absl::Status CheckFlags(const Options& o) {
  const bool is_bmodel = absl::EndsWith(o.model, ".bmodel");
  for (const auto& [used, flag] : {std::pair(o.check_races, "--check-races"),
                                   std::pair(!o.profile.empty(), "--profile"),
                                   std::pair(!o.net.empty(), "--net")}) {
    if (used && !is_bmodel)
      return absl::InvalidArgumentError(
          absl::StrCat(flag, " is for .bmodel files, '", o.model, "' is none"));
  }
  const bool is_mlir = absl::EndsWith(o.model, ".mlir");
  if (!o.input_npz.empty() && !is_mlir)
    return absl::InvalidArgumentError(absl::StrCat(
        "--input_npz is for .mlir files, '", o.model, "' is none"));
  if (o.reference_model.empty() != o.similarities.empty() ||
      (!o.reference_output.empty() && o.reference_model.empty()))
    return absl::InvalidArgumentError(
        "--reference_model and --similarities go together, and "
        "--reference_output with them");
  if (!o.reference_model.empty() && (!is_mlir || !o.input_npz.empty()))
    return absl::InvalidArgumentError(
        "--reference_model is for .mlir files that run");
  std::vector<std::string> missing;
  if (o.input.empty()) missing.push_back("--input FILE");
  if (o.output.empty() && o.input_npz.empty() && o.similarities.empty())
    missing.push_back("--output FILE");
  if (missing.empty() || OnlyProfiles(o)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("missing: ", absl::StrJoin(missing, ", ")));
}

absl::StatusOr<Results> RunAny(const Options& o) {
  auto how = o.preprocess.Parse();
  if (!how.ok()) return how.status();
  if (absl::EndsWith(o.model, ".mlir")) return RunMlir(o, *how);
  if (absl::EndsWith(o.model, ".onnx")) return RunOnnx(o, *how);
  if (absl::EndsWith(o.model, ".bmodel")) {
    Results run;
    auto tensors =
        RunBmodel(o.model, o.input,
                  {o.net, o.dump_all_tensors, o.check_races, *how}, &run.order);
    if (!tensors.ok()) return tensors.status();
    run.tensors = *std::move(tensors);
    return run;
  }
  return absl::UnimplementedError(
      absl::StrCat("'", o.model,
                   "': models of this kind are not supported yet; .onnx, .mlir "
                   "and .bmodel are"));
}

// Writes those of `tensors` that `names` has.
absl::Status WriteSome(const std::string& path, TensorMap& tensors,
                       const std::vector<std::string>& names) {
  TensorMap some;
  for (const std::string& name : names) {
    if (auto node = tensors.extract(name); !node.empty())
      some.insert(std::move(node));
  }
  return WriteNpz(path, some, names);
}

// Runs the model and its reference, and compares all their tensors.
absl::Status CompareModels(Options o) {
  const bool all_wanted = o.dump_all_tensors;
  o.dump_all_tensors = true;
  auto target = RunAny(o);
  if (!target.ok()) return target.status();
  Options other = o;
  other.model = o.reference_model;
  auto reference = RunAny(other);
  if (!reference.ok()) return reference.status();
  absl::Status status = WriteFileAtomically(
      o.similarities,
      ToJson(Measure(target->tensors, reference->tensors, target->order)));
  if (status.ok() && !o.reference_output.empty())
    status = WriteSome(o.reference_output, reference->tensors, target->outputs);
  if (!status.ok() || o.output.empty()) return status;
  return all_wanted ? WriteNpz(o.output, target->tensors, target->order)
                    : WriteSome(o.output, target->tensors, target->outputs);
}

absl::Status RunModel(const Options& o) {
  absl::Status status = CheckFlags(o);
  if (status.ok() && !o.reference_model.empty()) return CompareModels(o);
  if (status.ok() && !o.profile.empty()) status = Profile(o);
  if (!status.ok() || OnlyProfiles(o)) return status;
  auto results = RunAny(o);
  if (!results.ok()) return results.status();
  if (o.output.empty()) return absl::OkStatus();
  return WriteNpz(o.output, results->tensors, results->order);
}

int Main(int argc, char** argv) {
  Options o;
  CommandLine line("model_runner",
                   "Runs a model: an .onnx with ONNX Runtime, an .mlir with "
                   "the interpreter of its dialect, a .bmodel on the "
                   "simulator or, with TPU_DEVICE=bmrt in the environment, on "
                   "the vendor's runtime (docs/runtime.md).");
  line.Optional("input", &o.input, "FILE",
                "the inputs: an .npz with an array for each by name, or "
                ".npy files and images (PNG, JPEG) separated by commas; needed "
                "but for --profile. An .mlir records how it wants images; for "
                "other models the flags of preprocessing say it");
  o.preprocess.Declare(line);
  line.Optional("input_npz", &o.input_npz, "FILE",
                "of an .mlir: write the inputs, images preprocessed, to this "
                ".npz; without --output the model is not run");
  line.Required("model", &o.model, "FILE",
                "what to run: .onnx, .mlir or .bmodel");
  line.Optional("output", &o.output, "FILE",
                "the .npz to write; needed but for --profile and --input_npz");
  line.Optional(
      "profile", &o.profile, "FILE",
      "of a .bmodel: write the time line by the cycle model as a JSON "
      "trace for ui.perfetto.dev or chrome://tracing, and print a "
      "summary; without --input and --output the model is not run");
  line.Optional("net", &o.net, "NAME",
                "of a .bmodel: the net to run; the first by default. Its stage "
                "is the first that the inputs fit");
  line.Switch("dump_all_tensors", &o.dump_all_tensors,
              "write every tensor, not only the model's outputs");
  line.Switch("check-races", &o.check_races,
              "of a .bmodel: first prove that the waits between the two "
              "engines order all that must be ordered; each missing wait is "
              "named, and nothing is written");
  line.Optional("reference_model", &o.reference_model, "FILE",
                "of an .mlir: another model to run on the same input, whose "
                "tensors are compared with its own");
  line.Optional("similarities", &o.similarities, "FILE",
                "the .json to write, how alike the tensors are that both "
                "models have; npz_tool compare judges it");
  line.Optional("reference_output", &o.reference_output, "FILE",
                "an .npz to write: what the reference has for the outputs");
  line.Optional("onnxruntime", &o.onnxruntime, "PROGRAM",
                "runner of ONNX Runtime, when it is not among the runfiles");
  if (int code = line.ParseOrExitCode(argc, argv); code >= 0) return code;
  const absl::Status status = RunModel(o);
  if (status.ok()) return 0;
  std::cerr << "model_runner: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
