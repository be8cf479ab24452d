// SPDX-License-Identifier: Apache-2.0
#include "compiler/deploy/compile.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compiler/conversion/top_to_tpu/passes.h"
#include "compiler/conversion/tpu_to_isa/passes.h"
#include "compiler/conversion/tpu_to_isa/program_module.h"
#include "compiler/dialect/isa/IsaOps.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/isa/verify.h"
#include "compiler/transforms/tpu/Passes.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

namespace tpuc {
namespace {

// What the diagnostic says, with the name of the tensor it is about.
std::string TextOf(const mlir::Diagnostic& diagnostic) {
  const std::string text = diagnostic.str();
  auto name = diagnostic.getLocation()->findInstanceOf<mlir::NameLoc>();
  if (!name) return text;
  const std::string quoted = absl::StrCat("'", name.getName().str(), "'");
  return absl::StrContains(text, quoted) ? text
                                         : absl::StrCat(quoted, ": ", text);
}

// Runs passes; the error holds their diagnostics.
absl::Status RunPasses(mlir::ModuleOp module,
                       const std::function<void(mlir::PassManager&)>& add) {
  std::string text;
  mlir::ScopedDiagnosticHandler handler(
      module.getContext(), [&](mlir::Diagnostic& diagnostic) {
        if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
          absl::StrAppend(&text, text.empty() ? "" : "\n", TextOf(diagnostic));
        return llvm::success();
      });
  mlir::PassManager passes(module.getContext());
  add(passes);
  if (mlir::succeeded(passes.run(module))) return absl::OkStatus();
  return absl::InvalidArgumentError(text.empty() ? "a pass failed" : text);
}

absl::Status Verify(const Program& program) {
  for (const isa::Instruction& i : program.instructions) {
    const absl::Status status = isa::Verify(i);
    if (!status.ok())
      return absl::InternalError(
          absl::StrCat("generated an illegal instruction: ", status.message()));
  }
  return absl::OkStatus();
}

}  // namespace

void LoadDialects(mlir::MLIRContext* context) {
  context
      ->loadDialect<mlir::func::FuncDialect, mlir::quant::QuantizationDialect,
                    top::TopDialect, tpu::TpuDialect, isa::IsaDialect>();
}

absl::Status LowerToTpu(mlir::ModuleOp module, LoweringOptions options) {
  return RunPasses(module, [&](mlir::PassManager& passes) {
    passes.addPass(mlir::createCanonicalizerPass());
    passes.addPass(createConvertTopToTpu(std::move(options)));
    passes.addPass(tpu::createSelectForms());
  });
}

absl::Status AssignMemory(mlir::ModuleOp module, const MemoryOptions& options) {
  return RunPasses(module, [&](mlir::PassManager& passes) {
    tpu::GroupOpsOptions grouping;
    grouping.separate = options.separate;
    grouping.laneBytes = options.lane_bytes;
    passes.addPass(tpu::createGroupOps(grouping));
    passes.addPass(tpu::createAssignLocalMemory());
    passes.addPass(tpu::createAssignGlobalMemory());
  });
}

absl::StatusOr<Program> GenerateProgram(mlir::ModuleOp module) {
  absl::Status status = RunPasses(module, [](mlir::PassManager& passes) {
    passes.addPass(createConvertTpuToIsa());
    passes.addPass(createInsertSync());
  });
  if (!status.ok()) return status;
  auto program = ReadProgram(module);
  if (!program.ok()) return program.status();
  status = Verify(*program);
  if (!status.ok()) return status;
  return program;
}

}  // namespace tpuc
