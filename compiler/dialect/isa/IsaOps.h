// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/isa/instruction.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/ODSSupport.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
//
#include "compiler/dialect/isa/IsaDialect.h.inc"
#include "compiler/dialect/isa/IsaInterfaces.h.inc"
#define GET_OP_CLASSES
#include "compiler/dialect/isa/IsaOps.h.inc"

// Operations of the isa dialect are instructions: InstructionOpInterface turns
// one into an isa::Instruction, `create` does the reverse. The verifier of
// each operation is isa::Verify.
namespace tpuc::isa {

// Inserts the operation for an instruction. The instruction need not be legal,
// but each field must hold its value (Instruction::overflow_field() < 0).
mlir::Operation *create(mlir::OpBuilder &builder, mlir::Location location,
                        const Instruction &instruction);

}  // namespace tpuc::isa
