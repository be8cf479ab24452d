// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/tpu_to_isa/passes.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "compiler/conversion/tpu_to_isa/program.h"
#include "compiler/conversion/tpu_to_isa/program_module.h"
#include "compiler/target/bm1684x/sync.h"
#include "mlir/IR/Builders.h"

namespace tpuc {

#define GEN_PASS_DEF_CONVERTTPUTOISA
#define GEN_PASS_DEF_INSERTSYNC
#include "compiler/conversion/tpu_to_isa/Passes.h.inc"

namespace {

class ConvertTpuToIsaPass
    : public impl::ConvertTpuToIsaBase<ConvertTpuToIsaPass> {
  void runOnOperation() override {
    const auto program = BuildProgram(getOperation());
    const absl::Status status = program.ok()
                                    ? WriteProgram(*program, getOperation())
                                    : program.status();
    if (status.ok()) return;
    getOperation().emitError(std::string(status.message()));
    signalPassFailure();
  }
};

class InsertSyncPass : public impl::InsertSyncBase<InsertSyncPass> {
  void runOnOperation() override {
    std::vector<mlir::Operation*> ops;
    std::vector<isa::Instruction> program;
    getOperation().walk([&](isa::InstructionOpInterface op) {
      ops.push_back(op);
      program.push_back(op.toInstruction());
    });
    absl::Status status = bm1684x::AssignSync(absl::MakeSpan(program));
    if (status.ok()) status = Prove(program);
    if (!status.ok()) {
      getOperation().emitError(std::string(status.message()));
      return signalPassFailure();
    }
    mlir::OpBuilder builder(&getContext());
    for (size_t i = 0; i < ops.size(); ++i) {
      builder.setInsertionPoint(ops[i]);
      isa::create(builder, ops[i]->getLoc(), program[i]);
      ops[i]->erase();
    }
  }

  static absl::Status Prove(const std::vector<isa::Instruction>& program) {
    std::vector<isa::Instruction> tiu, gdma;
    for (const isa::Instruction& i : program)
      (i.engine() == isa::Engine::kTiu ? tiu : gdma).push_back(i);
    return bm1684x::CheckSync(tiu, gdma);
  }
};

}  // namespace
}  // namespace tpuc
