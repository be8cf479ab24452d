// SPDX-License-Identifier: Apache-2.0
#include "tools/lib/run_model.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/dialect/top/preprocess.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/interpreter/tpu/interpreter.h"
#include "compiler/quantization/scale.h"
#include "compiler/support/npz.h"
#include "compiler/support/process.h"
#include "compiler/support/progress.h"
#include "compiler/support/similarity.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "mlir/IR/TypeUtilities.h"

namespace tpuc {
namespace {

// A folder of its own for the files that two programs pass to each other.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code error;
    std::filesystem::path base = std::filesystem::temp_directory_path(error);
    if (error) base = ".";
    std::string pattern = (base / "tpuc.XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

absl::StatusOr<std::vector<InputInfo>> InputsOf(mlir::ModuleOp module) {
  absl::StatusOr<interpreter::Signature> signature =
      interpreter::SignatureOf(module);
  if (!signature.ok()) return signature.status();
  std::vector<InputInfo> inputs;
  for (const interpreter::TensorInfo& info : signature->inputs) {
    inputs.push_back({info.name, info.shape, std::nullopt});
  }
  size_t i = 0;
  for (auto op : MainFunction(module).getOps<top::InputOp>()) {
    auto preprocessing = top::PreprocessingOf(op);
    if (!preprocessing.ok()) return preprocessing.status();
    inputs[i++].preprocessing = *std::move(preprocessing);
  }
  return inputs;
}

void RecordPreprocessing(const std::vector<InputInfo>& inputs,
                         mlir::ModuleOp module) {
  size_t i = 0;
  for (auto op : MainFunction(module).getOps<top::InputOp>()) {
    const InputInfo& input = inputs[i++];
    if (input.preprocessing) top::SetPreprocessing(op, *input.preprocessing);
  }
}

std::vector<std::string> TensorOrder(mlir::ModuleOp module) {
  std::vector<std::string> order;
  module.walk([&](mlir::Operation* op) {
    if (op->getNumResults() == 1 && !mlir::isa<top::WeightOp>(op)) {
      order.push_back(getName(op));
    }
  });
  return order;
}

absl::StatusOr<std::vector<std::string>> OutputsOf(mlir::ModuleOp module) {
  absl::StatusOr<interpreter::Signature> signature =
      interpreter::SignatureOf(module);
  if (!signature.ok()) return signature.status();
  std::vector<std::string> names;
  for (const interpreter::TensorInfo& info : signature->outputs) {
    names.push_back(info.name);
  }
  return names;
}

namespace {

// How the numbers of a value are stored, or null.
mlir::quant::UniformQuantizedType QuantizationOf(mlir::Value value) {
  return mlir::dyn_cast<mlir::quant::UniformQuantizedType>(
      mlir::getElementTypeOrSelf(value.getType()));
}

// The inputs in the types of the module's.
TensorMap InTypes(mlir::ModuleOp module, TensorMap inputs) {
  for (auto op : MainFunction(module).getOps<top::InputOp>()) {
    const auto type = QuantizationOf(op.getOutput());
    const auto it = inputs.find(getName(op));
    if (!type || it == inputs.end() || it->second.dtype() != DType::kF32)
      continue;
    it->second = quantization::Quantized(
        it->second, static_cast<float>(1 / type.getScale()),
        static_cast<int32_t>(type.getZeroPoint()),
        type.isSigned() ? DType::kI8 : DType::kU8);
  }
  return inputs;
}

}  // namespace

absl::StatusOr<TensorMap> RunModule(
    mlir::ModuleOp module, const TensorMap& inputs, bool all_tensors,
    const std::function<void(int64_t, int64_t)>& progress) {
  const std::string state = ModuleString(module, kModuleState);
  interpreter::RunOptions options;
  options.keep_all = all_tensors;
  options.progress = progress;
  absl::StatusOr<TensorMap> results;
  if (absl::StartsWith(state, "TOP")) {
    results = interpreter::RunTop(module, inputs, options);
  } else if (absl::StartsWith(state, "TPU")) {
    results = interpreter::RunTpu(module, InTypes(module, inputs), options);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot run a module in state '", state, "' (",
                     kModuleState, "); TOP_... and TPU_... can be run"));
  }
  if (!results.ok()) return results.status();
  for (auto& [name, tensor] : *results) {
    if (tensor.dtype() == DType::kBF16 || tensor.dtype() == DType::kF16) {
      tensor = ToFloat(tensor);
    }
  }
  module.walk([&](mlir::Operation* op) {
    if (op->getNumResults() != 1) return;
    const auto type = QuantizationOf(op->getResult(0));
    const auto it = results->find(getName(op));
    if (!type || it == results->end() || SizeOf(it->second.dtype()) != 1)
      return;
    it->second = quantization::Dequantized(
        it->second, type.getScale(), static_cast<int32_t>(type.getZeroPoint()));
  });
  return results;
}

absl::StatusOr<TensorMap> RunOnnxRuntime(const std::string& runner,
                                         const std::string& model,
                                         const TensorMap& inputs,
                                         bool all_tensors) {
  std::string program = runner;
  if (program.empty()) {
    const char* named = std::getenv("TPUC_ONNXRUNTIME_RUNNER");
    program =
        named != nullptr ? named : FindRunfile("tools/onnxruntime_runner");
  }
  if (program.empty()) {
    return absl::NotFoundError(
        "the runner of ONNX Runtime is not found: start this tool with `bazel "
        "run`, or name the program with --onnxruntime (bazel build "
        "//tools:onnxruntime_runner makes it)");
  }
  TemporaryFolder folder;
  const std::string input = folder.path() + "/inputs.npz";
  const std::string output = folder.path() + "/outputs.npz";
  if (absl::Status status = WriteNpz(input, inputs); !status.ok()) {
    return status;
  }
  std::vector<std::string> arguments = {program, "--model",  model, "--input",
                                        input,   "--output", output};
  if (all_tensors) arguments.push_back("--dump_all_tensors");
  {
    Waiting waiting("running ONNX Runtime");
    if (absl::Status status = RunProcess(arguments); !status.ok()) {
      return status;
    }
  }
  return ReadNpz(output);
}

}  // namespace tpuc
