// SPDX-License-Identifier: Apache-2.0
// tpuc-opt: runs passes by name on a module, as mlir-opt does, with the weights
// that the module's `module.weight_file` names.
#include <string>

#include "compiler/conversion/top_to_tpu/passes.h"
#include "compiler/conversion/tpu_to_isa/passes.h"
#include "compiler/dialect/isa/IsaOps.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/transforms/tpu/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ToolOutputFile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

namespace tpuc {
namespace {

llvm::cl::opt<bool> make_weights(
    "make-weights", llvm::cl::init(false),
    llvm::cl::desc("Give every top.Weight made-up data, f32 or integers, "
                   "instead of reading "
                   "module.weight_file; for tests"));

llvm::cl::opt<std::string> save(
    "save", llvm::cl::value_desc("file.mlir"),
    llvm::cl::desc("Also write the module to this file and its weights into "
                   "an .npz beside it"));

// Small numbers, different for different weights, the same in every run.
Tensor MadeUpData(const std::string& name, mlir::RankedTensorType type) {
  const DType stored =
      top::DTypeOf(type.getElementType()).value_or(DType::kF32);
  const bool is_integer = type.getElementType().isInteger();
  Tensor tensor(is_integer ? stored : DType::kF32, type.getShape().vec());
  uint32_t state = 2166136261u;
  for (char c : name) state = (state ^ static_cast<uint8_t>(c)) * 16777619u;
  if (is_integer) {
    auto* bytes = static_cast<uint8_t*>(tensor.raw());
    for (size_t i = 0; i < tensor.SizeInBytes(); ++i) {
      state = state * 1664525u + 1013904223u;
      bytes[i] = static_cast<uint8_t>(state >> 24);
    }
    return tensor;
  }
  float* data = tensor.data<float>();
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    state = state * 1664525u + 1013904223u;
    data[i] = static_cast<float>(static_cast<int32_t>(state >> 8) - (1 << 23)) /
              static_cast<float>(1 << 23);
  }
  return tensor;
}

struct LoadWeightsPass
    : mlir::PassWrapper<LoadWeightsPass, mlir::OperationPass<mlir::ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LoadWeightsPass)
  explicit LoadWeightsPass(std::string directory)
      : directory(std::move(directory)) {}

  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    if (make_weights) {
      WeightStore& store = getWeights(&getContext());
      module.walk([&](top::WeightOp op) {
        auto type =
            mlir::cast<mlir::RankedTensorType>(op.getOutput().getType());
        const std::string name = tpuc::getName(op);
        if (store.Find(name) == nullptr) {
          store.Add(name, MadeUpData(name, type));
        }
      });
      return;
    }
    // A module without the attribute may be looked at without its data.
    if (ModuleString(module, kModuleWeightFile).empty()) return;
    if (absl::Status status = LoadWeights(module, directory); !status.ok()) {
      module.emitError(std::string(status.message()));
      signalPassFailure();
    }
  }

  std::string directory;
};

struct SaveModulePass
    : mlir::PassWrapper<SaveModulePass, mlir::OperationPass<mlir::ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(SaveModulePass)

  void runOnOperation() override {
    if (absl::Status status = SaveModule(getOperation(), save); !status.ok()) {
      getOperation().emitError(std::string(status.message()));
      signalPassFailure();
    }
  }
};

int Main(int argc, char** argv) {
  llvm::InitLLVM init(argc, argv);
  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect, mlir::quant::QuantizationDialect,
                  isa::IsaDialect, top::TopDialect, tpu::TpuDialect>();
  mlir::registerTransformsPasses();
  registerTopToTpuPasses();
  registerTpuToIsaPasses();
  tpu::registerTpuPasses();

  const auto [input, output] = mlir::registerAndParseCLIOptions(
      argc, argv, "Runs passes on modules of the tpuc dialects\n", registry);
  mlir::MlirOptMainConfig config =
      mlir::MlirOptMainConfig::createFromCLOptions();
  const std::string directory =
      input == "-" ? "." : llvm::sys::path::parent_path(input).str();
  // The pipeline of the command line, between loading and saving.
  const mlir::MlirOptMainConfig pipeline = config;
  config.setPassPipelineSetupFn([&](mlir::PassManager& manager) {
    manager.addPass(std::make_unique<LoadWeightsPass>(directory));
    if (failed(pipeline.setupPassPipeline(manager))) return llvm::failure();
    if (!save.empty()) manager.addPass(std::make_unique<SaveModulePass>());
    return llvm::success();
  });

  std::string error;
  auto source = mlir::openInputFile(input, &error);
  if (!source) {
    llvm::errs() << error << "\n";
    return 1;
  }
  auto result = mlir::openOutputFile(output, &error);
  if (!result) {
    llvm::errs() << error << "\n";
    return 1;
  }
  if (failed(mlir::MlirOptMain(result->os(), std::move(source), registry,
                               config))) {
    return 1;
  }
  result->keep();
  return 0;
}

}  // namespace
}  // namespace tpuc

int main(int argc, char** argv) { return tpuc::Main(argc, argv); }
