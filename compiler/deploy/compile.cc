// SPDX-License-Identifier: Apache-2.0
#include "compiler/deploy/compile.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compiler/conversion/top_to_tpu/passes.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/isa/verify.h"
#include "compiler/target/bm1684x/sync.h"
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

// The verifier of the instruction set and the proof of the waits.
absl::Status CheckProgram(const Program& program) {
  std::vector<isa::Instruction> tiu, gdma;
  for (const isa::Instruction& i : program.instructions) {
    const absl::Status status = isa::Verify(i);
    if (!status.ok())
      return absl::InternalError(
          absl::StrCat("generated an illegal instruction: ", status.message()));
    (i.engine() == isa::Engine::kTiu ? tiu : gdma).push_back(i);
  }
  return bm1684x::CheckSync(tiu, gdma);
}

}  // namespace

void LoadDialects(mlir::MLIRContext* context) {
  context
      ->loadDialect<mlir::func::FuncDialect, mlir::quant::QuantizationDialect,
                    top::TopDialect, tpu::TpuDialect>();
}

absl::Status LowerToTpu(mlir::ModuleOp module, const std::string& quantize) {
  return RunPasses(module, [&](mlir::PassManager& passes) {
    passes.addPass(mlir::createCanonicalizerPass());
    ConvertTopToTpuOptions options;
    options.mode = quantize;
    passes.addPass(createConvertTopToTpu(options));
    passes.addPass(tpu::createSelectForms());
  });
}

absl::StatusOr<Program> CompileProgram(
    mlir::ModuleOp module,
    const std::function<void(const std::string&)>& step) {
  const auto tell = [&](const std::string& what) {
    if (step) step(what);
  };
  tell("slicing and assigning memory");
  const absl::Status grouped = RunPasses(module, [](mlir::PassManager& passes) {
    passes.addPass(tpu::createGroupOps());
    passes.addPass(tpu::createAssignLocalMemory());
    passes.addPass(tpu::createAssignGlobalMemory());
  });
  if (!grouped.ok()) return grouped;
  tell("generating instructions");
  auto program = BuildProgram(module);
  if (!program.ok()) return program.status();
  tell("ordering the engines");
  absl::Status status =
      bm1684x::AssignSync(absl::MakeSpan(program->instructions));
  if (status.ok()) status = CheckProgram(*program);
  if (!status.ok()) return status;
  return program;
}

}  // namespace tpuc
