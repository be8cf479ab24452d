// SPDX-License-Identifier: Apache-2.0
// Converts a trained network into the top dialect; see --help.
#include <iostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/frontend/onnx/importer.h"
#include "compiler/support/command_line.h"
#include "compiler/support/comparison.h"
#include "compiler/support/file.h"
#include "compiler/support/flag_values.h"
#include "compiler/support/npz.h"
#include "compiler/support/progress.h"
#include "compiler/transforms/top/Passes.h"
#include "mlir/IR/MLIRContext.h"
#include "tools/lib/model_inputs.h"
#include "tools/lib/preprocess_flags.h"
#include "tools/lib/run_model.h"

namespace tpuc {
namespace {

struct Options {
  std::string model_name, model_def, mlir;
  std::string input_shapes, output_names, input_types;
  std::string test_input, test_result, input_npz, excepts, onnxruntime;
  std::string tolerance = "0.99,0.99";
  PreprocessFlags preprocess;
};

void Declare(CommandLine& line, Options& o) {
  line.Required("model_name", &o.model_name, "NAME", "the model's name");
  line.Required("model_def", &o.model_def, "FILE",
                "the network: an .onnx file");
  line.Required("mlir", &o.mlir, "FILE",
                "the .mlir file to write; its weights go to an .npz beside it");
  line.Optional("input_shapes", &o.input_shapes, "[[N,C,H,W],...]",
                "a shape for each input, when the model leaves one open");
  line.Optional("input_types", &o.input_types, "TYPE,...",
                "element type of each input; float32 is supported");
  line.Optional("output_names", &o.output_names, "NAME,...",
                "tensors to end the network at, instead of its own outputs");
  line.Optional("test_input", &o.test_input, "FILE",
                "inputs to check the conversion with: an .npz, or .npy files "
                "and images (PNG, JPEG) separated by commas. Writes "
                "MODEL_NAME_in_f32.npz, and compares all tensors with ONNX "
                "Runtime's");
  line.Optional("test_result", &o.test_result, "FILE",
                "where to write the tensors of that run, an .npz");
  line.Optional("input_npz", &o.input_npz, "FILE",
                "where to write the inputs instead of MODEL_NAME_in_f32.npz");
  line.Optional("tolerance", &o.tolerance, "COSINE,EUCLIDEAN",
                "least similarity of a tensor with ONNX Runtime's");
  line.Optional("excepts", &o.excepts, "NAME,...",
                "tensors to leave out of the comparison");
  line.Optional("onnxruntime", &o.onnxruntime, "PROGRAM",
                "runner of ONNX Runtime, when it is not among the runfiles");
  line.Unsupported("model_data", "FILE", "weights of a Caffe model");
  o.preprocess.Declare(line);
  line.Unsupported("add_postprocess", "TYPE", "post-processing in the model");
  line.Unsupported("onnx_sim", "OPTION", "options of onnx-sim");
}

absl::StatusOr<OnnxImportOptions> ImportOptions(const Options& o) {
  OnnxImportOptions options;
  options.model_name = o.model_name;
  options.output_names = SplitNames(o.output_names);
  if (!o.input_shapes.empty()) {
    auto shapes = ParseShapes(o.input_shapes);
    if (!shapes.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--input_shapes: ", shapes.status().message()));
    }
    options.input_shapes = *std::move(shapes);
  }
  for (const std::string& type : SplitNames(o.input_types)) {
    if (type != "float32") {
      return absl::UnimplementedError(absl::StrCat(
          "not supported yet: --input_types ", type, " (float32 is)"));
    }
  }
  if (!absl::EndsWith(o.model_def, ".onnx")) {
    return absl::UnimplementedError(absl::StrCat(
        "'", o.model_def, "': only .onnx models are supported yet"));
  }
  return options;
}

struct TestRun {
  TensorMap inputs, top, reference;
};

// Records the flags of preprocessing, or their defaults for an image.
absl::Status Record(const Options& o, mlir::ModuleOp module) {
  auto how = o.preprocess.Parse();
  if (!how.ok()) return how.status();
  const bool has_images = !o.preprocess.SaysNone() && HasImages(o.test_input);
  if (!*how && !has_images) return absl::OkStatus();
  auto infos = InputsOf(module);
  if (!infos.ok()) return infos.status();
  absl::Status status =
      SetPreprocessing(how->value_or(Preprocessing()), &*infos);
  if (status.ok()) RecordPreprocessing(*infos, module);
  return status;
}

absl::StatusOr<TestRun> Test(const Options& o, mlir::ModuleOp module) {
  TestRun run;
  auto infos = InputsOf(module);
  if (!infos.ok()) return infos.status();
  auto inputs = ReadInputs(o.test_input, *infos);
  if (!inputs.ok()) return inputs.status();
  run.inputs = *std::move(inputs);
  {
    Progress progress("running operations");
    auto top = RunModule(
        module, run.inputs, /*all_tensors=*/true,
        [&](int64_t done, int64_t total) { progress.Update(done, total); });
    if (!top.ok()) return top.status();
    run.top = *std::move(top);
  }
  auto reference = RunOnnxRuntime(o.onnxruntime, o.model_def, run.inputs,
                                  /*all_tensors=*/true);
  if (!reference.ok()) return reference.status();
  run.reference = *std::move(reference);
  // An input agrees with itself; it is no evidence.
  for (const auto& [name, tensor] : run.inputs) run.reference.erase(name);
  return run;
}

absl::Status Transform(const Options& o) {
  auto import_options = ImportOptions(o);
  if (!import_options.ok()) return import_options.status();
  ComparisonOptions limits;
  auto tolerance = ParseTolerance(o.tolerance);
  if (!tolerance.ok()) return tolerance.status();
  limits.min_cosine = tolerance->first;
  limits.min_euclidean = tolerance->second;
  limits.target_name = "top";
  limits.reference_name = "ONNX Runtime";
  for (const std::string& name : SplitNames(o.excepts)) {
    limits.excepts.insert(name);
  }
  if (!o.test_result.empty() && o.test_input.empty()) {
    return absl::InvalidArgumentError("--test_result needs --test_input");
  }

  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = ImportOnnx(&context, o.model_def, *import_options);
  if (!module.ok()) return module.status();
  absl::Status status = top::RunTopPasses(**module);
  if (status.ok()) status = Record(o, **module);
  if (!status.ok()) return status;
  if (o.test_input.empty()) return SaveModule(**module, o.mlir);

  auto run = Test(o, **module);
  if (!run.ok()) return run.status();
  const std::vector<std::string> order = TensorOrder(**module);
  status = SaveModule(**module, o.mlir);
  if (status.ok()) {
    status =
        WriteNpz(o.input_npz.empty() ? absl::StrCat(o.model_name, "_in_f32.npz")
                                     : o.input_npz,
                 run->inputs, order);
  }
  if (status.ok() && !o.test_result.empty()) {
    status = WriteNpz(o.test_result, run->top, order);
  }
  if (!status.ok()) return status;
  const Comparison comparison =
      CompareTensors(run->top, run->reference, order, limits);
  if (!comparison.passed) {
    return absl::FailedPreconditionError(
        absl::StrCat("top against ONNX Runtime: ", comparison.summary));
  }
  std::cout << "top against ONNX Runtime: " << comparison.summary << "\n";
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Options options;
  CommandLine line("model_transform",
                   "Converts a trained network into the top dialect.");
  Declare(line, options);
  if (int code = line.ParseOrExitCode(argc, argv); code >= 0) return code;
  const absl::Status status = Transform(options);
  if (status.ok()) return 0;
  std::cerr << "model_transform: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
