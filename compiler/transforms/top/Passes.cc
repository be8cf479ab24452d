// SPDX-License-Identifier: Apache-2.0
#include "compiler/transforms/top/Passes.h"

#include <string>

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

namespace tpuc::top {

void AddTopPasses(mlir::OpPassManager& manager) {
  mlir::GreedyRewriteConfig config;
  // Producers first: an Add becomes a bias or an AddConst before the Relu after
  // it is folded into what it has become.
  config.useTopDownTraversal = true;
  config.maxIterations = mlir::GreedyRewriteConfig::kNoLimit;
  manager.addPass(mlir::createCanonicalizerPass(config));
}

absl::Status RunTopPasses(mlir::ModuleOp module) {
  std::string errors;
  mlir::ScopedDiagnosticHandler handler(
      module.getContext(), [&](mlir::Diagnostic& diagnostic) {
        llvm::raw_string_ostream(errors)
            << diagnostic.getLocation() << ": " << diagnostic << "\n";
      });
  mlir::PassManager manager(module.getContext());
  AddTopPasses(manager);
  if (succeeded(manager.run(module))) return absl::OkStatus();
  return absl::InternalError("optimizing the network failed: " + errors);
}

}  // namespace tpuc::top
