// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/isa/instruction.h"
#include "compiler/support/dtype.h"
#include "mlir/IR/BuiltinOps.h"

// A network as instructions with what a loader has to know beside them.
namespace tpuc {

// A dense tensor in DDR.
struct ProgramTensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  uint64_t address = 0;
  int64_t bytes = 0;
  // How many GDMA instructions of the program run until it is complete.
  int64_t complete_after = 0;
  // As bmodel::TensorLocation has them.
  double scale = 0;
  int32_t zero_point = 0;
};

// A constant: the tensor of that name in the weight store.
struct ProgramCoefficient {
  std::string name;
  uint64_t address = 0;
  int64_t bytes = 0;
};

struct Program {
  std::string name;
  std::vector<isa::Instruction> instructions;  // both engines, program order
  // For each instruction, which of `operations` (names) it belongs to. Neither
  // is kept by the isa dialect, where locations say it.
  std::vector<int32_t> sources;
  std::vector<std::string> operations;
  std::vector<ProgramTensor> inputs, outputs;
  std::vector<ProgramTensor> tensors;  // all named ones, in program order
  std::vector<ProgramCoefficient> coefficients;  // ascending addresses
  uint64_t ctx_address = 0;  // inputs, outputs, intermediate tensors
  int64_t ctx_bytes = 0;
};

// The program of a module after `assign-global-memory`. Instructions have no
// ids and no waits yet. Fails where an operation is not in a group.
absl::StatusOr<Program> BuildProgram(mlir::ModuleOp module);

}  // namespace tpuc
