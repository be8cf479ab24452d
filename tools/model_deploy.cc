// SPDX-License-Identifier: Apache-2.0
// Compiles a network for a chip; see --help.
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/conversion/tpu_to_isa/encode.h"
#include "compiler/deploy/compile.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/quantization/calibration_table.h"
#include "compiler/quantization/quantize_table.h"
#include "compiler/support/command_line.h"
#include "compiler/support/comparison.h"
#include "compiler/support/file.h"
#include "compiler/support/flag_values.h"
#include "compiler/support/npz.h"
#include "compiler/support/progress.h"
#include "compiler/support/similarity.h"
#include "mlir/IR/MLIRContext.h"
#include "runtime/runtime.h"
#include "tools/lib/model_inputs.h"
#include "tools/lib/run_bmodel.h"
#include "tools/lib/run_model.h"

namespace tpuc {
namespace {

struct Options {
  std::string mlir, quantize, chip, model, calibration_table, quantize_table;
  std::string tolerance = "0.8,0.5", test_input, test_reference, excepts;
  bool asymmetric = false, quant_input = false, quant_output = false;
  bool disable_layer_group = false, debug = false;
};

void Declare(CommandLine& line, Options& o) {
  line.Required("mlir", &o.mlir, "FILE",
                "the network, as model_transform writes it");
  line.Required("quantize", &o.quantize, "TYPE", "F32, F16, BF16 or INT8");
  line.Required("chip", &o.chip, "CHIP", "bm1684x");
  line.Required("model", &o.model, "FILE", "the .bmodel to write");
  line.Optional("calibration_table", &o.calibration_table, "FILE",
                "ranges of the tensors, as run_calibration writes them; INT8 "
                "needs it");
  line.Switch("asymmetric", &o.asymmetric,
              "INT8 with zero points for tensors that have negative numbers");
  line.Switch("quant_input", &o.quant_input,
              "the network takes 8-bit integers: round(x * scale) + zero "
              "point, which model_tool info shows");
  line.Switch("quant_output", &o.quant_output,
              "the network gives 8-bit integers, (q - zero point) * scale");
  line.Optional("quantize_table", &o.quantize_table, "FILE",
                "operators in another arithmetic than --quantize says: lines "
                "of an operator's name and F32, F16, BF16 or INT8");
  line.Optional("test_input", &o.test_input, "FILE",
                "inputs to check the compilation with: an .npz, or .npy files "
                "and images separated by commas, these preprocessed as "
                "model_transform was told. The tpu dialect is interpreted, and "
                "the .bmodel is simulated, which must give the same bits");
  line.Optional("test_reference", &o.test_reference, "FILE",
                "tensors of the float network (model_transform's "
                "--test_result), to compare the tpu dialect's with; needs "
                "--test_input");
  line.Optional("tolerance", &o.tolerance, "COSINE,EUCLIDEAN",
                "least similarity of a tensor with that of the reference");
  line.Optional("excepts", &o.excepts, "NAME,...",
                "tensors to leave out of the comparison");
  line.Switch("disable_layer_group", &o.disable_layer_group,
              "run each operation by itself, so that every tensor is in "
              "memory and can be compared; slower");
  line.Switch("debug", &o.debug,
              "keep intermediate files beside the model: MODEL_tpu.mlir, "
              "MODEL_addressed.mlir and MODEL_isa.mlir, and with --test_input "
              "MODEL_tpu_outputs.npz and MODEL_model_outputs.npz");
  line.Unsupported("ignore_f16_overflow", "",
                   "no operator is computed in another type than asked for "
                   "because of overflow");
  line.Unsupported("op_divide", "", "it concerns other chips");
  line.Unsupported("core", "N", "bm1684x has one core");
}

absl::Status Check(const Options& o) {
  const std::string chip = absl::AsciiStrToLower(o.chip);
  if (chip != "bm1684x")
    return absl::UnimplementedError(
        absl::StrCat("--chip ", o.chip, " is not supported (bm1684x is)"));
  const std::string type = absl::AsciiStrToUpper(o.quantize);
  if (type != "F32" && type != "F16" && type != "BF16" && type != "INT8")
    return absl::UnimplementedError(
        absl::StrCat("--quantize ", o.quantize,
                     " is not supported (F32, F16, BF16, INT8 are)"));
  for (const auto& [flag, given] :
       {std::pair("--quantize INT8", type == "INT8"),
        std::pair("--quant_input", o.quant_input),
        std::pair("--quant_output", o.quant_output)})
    if (given && o.calibration_table.empty())
      return absl::InvalidArgumentError(absl::StrCat(
          flag, " needs --calibration_table; run_calibration makes it"));
  if (!o.test_reference.empty() && o.test_input.empty())
    return absl::InvalidArgumentError("--test_reference needs --test_input");
  return absl::OkStatus();
}

// What the flags say about the arithmetic, with the tables they name.
absl::StatusOr<LoweringOptions> ReadTables(const Options& o) {
  LoweringOptions lowering;
  lowering.mode = absl::AsciiStrToUpper(o.quantize);
  lowering.asymmetric = o.asymmetric;
  lowering.quantized_inputs = o.quant_input;
  lowering.quantized_outputs = o.quant_output;
  if (!o.calibration_table.empty()) {
    auto table = quantization::ReadCalibrationTable(o.calibration_table);
    if (!table.ok()) return table.status();
    lowering.calibration = *std::move(table);
    lowering.calibration_file = BaseName(o.calibration_table);
  }
  if (!o.quantize_table.empty()) {
    auto table = quantization::ReadQuantizeTable(o.quantize_table);
    if (!table.ok()) return table.status();
    lowering.quantize_table = *std::move(table);
  }
  return lowering;
}

// The tensors of the tpu dialect for the test inputs, and their names in order
// of execution.
struct TestRun {
  TensorMap inputs, tensors;
  std::vector<std::string> order;
};

absl::StatusOr<TestRun> Interpret(const Options& o, mlir::ModuleOp module) {
  auto infos = InputsOf(module);
  if (!infos.ok()) return infos.status();
  auto inputs = ReadInputs(o.test_input, *infos);
  if (!inputs.ok()) return inputs.status();
  TestRun run;
  run.inputs = *std::move(inputs);
  run.order = TensorOrder(module);
  Progress progress("interpreting the tpu dialect");
  auto tensors = RunModule(
      module, run.inputs, /*all_tensors=*/true,
      [&](int64_t done, int64_t total) { progress.Update(done, total); });
  if (!tensors.ok()) return tensors.status();
  run.tensors = *std::move(tensors);
  return run;
}

absl::Status CompareWithReference(const Options& o, const TestRun& run) {
  ComparisonOptions limits;
  auto tolerance = ParseTolerance(o.tolerance);
  if (!tolerance.ok()) return tolerance.status();
  limits.min_cosine = tolerance->first;
  limits.min_euclidean = tolerance->second;
  limits.target_name = "tpu";
  limits.reference_name = "top";
  for (const std::string& name : SplitNames(o.excepts))
    limits.excepts.insert(name);
  auto reference = ReadNpz(o.test_reference);
  if (!reference.ok()) return reference.status();
  // An input agrees with itself; it is no evidence.
  for (const auto& [name, tensor] : run.inputs) reference->erase(name);
  const Comparison comparison =
      CompareTensors(run.tensors, *reference, run.order, limits);
  if (!comparison.passed)
    return absl::FailedPreconditionError(
        absl::StrCat("tpu against top: ", comparison.summary));
  std::cout << "tpu against top: " << comparison.summary << "\n";
  return absl::OkStatus();
}

// Runs the compiled model and compares each of its tensors with the tpu
// dialect's, bit for bit.
absl::Status Simulate(const Options& o, const std::string& bytes,
                      const TestRun& run) {
  // Whatever TPU_DEVICE says: the simulator alone shows every tensor.
  runtime::LoadOptions on_simulator;
  on_simulator.device = "simulator";
  auto model = runtime::Model::FromBytes(bytes, o.model, on_simulator);
  if (!model.ok()) return model.status();
  runtime::RunnerOptions options;
  options.local_pattern = sim::LocalPattern::kNan;
  auto runner = runtime::Runner::Create(*model, options);
  if (!runner.ok()) return runner.status();
  absl::Status status = (*runner)->DumpAllTensors();
  if (!status.ok()) return status;
  TensorMap inputs;
  for (const runtime::TensorInfo& info : (*runner)->inputs()) {
    auto input = InType(run.inputs.at(info.name), info);
    if (!input.ok()) return input.status();
    inputs[info.name] = *std::move(input);
  }
  if (auto outputs = (*runner)->Run(inputs); !outputs.ok())
    return outputs.status();
  auto locations = bmodel::ReadTensorLocations(
      (*model)->contents().nets[0].stages[0].tensor_location);
  if (!locations.ok()) return locations.status();
  const TensorMap found = AsNumbers(*locations, (*runner)->dumped());
  if (o.debug) {
    status =
        WriteNpz(absl::StrCat(WithoutExtension(o.model), "_model_outputs.npz"),
                 found, run.order);
    if (!status.ok()) return status;
  }
  int64_t compared = 0;
  for (const std::string& name : run.order) {
    const auto it = found.find(name);
    const auto expected = run.tensors.find(name);
    if (it == found.end() || expected == run.tensors.end()) continue;
    ++compared;
    auto similarity = Compare(it->second, expected->second);
    if (!similarity.ok()) return similarity.status();
    if (std::memcmp(it->second.raw(), expected->second.raw(),
                    it->second.SizeInBytes()) != 0)
      return absl::InternalError(absl::StrCat("the compiled model's tensor '",
                                              name,
                                              "' is the first that differs "
                                              "from the tpu dialect's: ",
                                              ToString(*similarity)));
  }
  if (compared == 0)
    return absl::InternalError("no tensor of the compiled model was compared");
  std::cout << "model against tpu: " << compared
            << " tensors compared, equal bits\n";
  return absl::OkStatus();
}

absl::Status Deploy(const Options& o) {
  absl::Status status = Check(o);
  if (!status.ok()) return status;
  auto lowering = ReadTables(o);
  if (!lowering.ok()) return lowering.status();
  const std::string stem = WithoutExtension(o.model);
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  LoadDialects(&context);
  auto loaded = LoadModule(&context, o.mlir);
  if (!loaded.ok()) return loaded.status();
  mlir::ModuleOp module = **loaded;
  const auto keep = [&](const char* suffix) {
    return o.debug ? SaveModule(module, absl::StrCat(stem, suffix))
                   : absl::OkStatus();
  };
  status = LowerToTpu(module, *std::move(lowering));
  if (status.ok()) status = keep("_tpu.mlir");
  if (!status.ok()) return status;
  DropUnusedWeights(module);
  std::optional<TestRun> run;
  if (!o.test_input.empty()) {
    auto interpreted = Interpret(o, module);
    if (!interpreted.ok()) return interpreted.status();
    run = *std::move(interpreted);
    if (o.debug)
      status = WriteNpz(absl::StrCat(stem, "_tpu_outputs.npz"), run->tensors,
                        run->order);
    if (status.ok() && !o.test_reference.empty())
      status = CompareWithReference(o, *run);
    if (!status.ok()) return status;
  }
  status = AssignMemory(module, {o.disable_layer_group});
  if (status.ok()) status = keep("_addressed.mlir");
  if (!status.ok()) return status;
  DropUnusedWeights(module);
  auto program = GenerateProgram(module);
  if (!program.ok()) return program.status();
  status = keep("_isa.mlir");
  if (!status.ok()) return status;
  auto model = EncodeProgram(*program, getWeights(&context));
  if (!model.ok()) return model.status();
  getWeights(&context).Clear();  // they are in `model` now
  auto bytes = bmodel::Serialize(*model);
  if (!bytes.ok()) return bytes.status();
  if (run) status = Simulate(o, *bytes, *run);
  if (!status.ok()) return status;
  return WriteFileAtomically(o.model, *bytes);
}

int Main(int argc, char** argv) {
  Options options;
  CommandLine line("model_deploy", "Compiles a network for a chip.");
  Declare(line, options);
  if (int code = line.ParseOrExitCode(argc, argv); code >= 0) return code;
  const absl::Status status = Deploy(options);
  if (status.ok()) return 0;
  std::cerr << "model_deploy: " << options.mlir << ": " << status.message()
            << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
