// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_TRANSFORMS_TPU_PASSES_TD
#define TPUC_TRANSFORMS_TPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def GroupOps : Pass<"group-ops", "mlir::ModuleOp"> {
  let summary = "Puts each operation into a tpu.Group and cuts it into slices";
  let description = [{
    A group has one operation today. The slices are the ones that move the fewest
    bytes among those that fit into local memory; constants are packed for the
    kernel that reads them. Operations without a kernel, and operations of which
    not even the smallest slice fits, are errors.
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect", "::tpuc::top::TopDialect"];
}

def AssignLocalMemory : Pass<"assign-local-memory", "mlir::ModuleOp"> {
  let summary = "Gives the buffers of each tpu.Group their addresses";
  let description = [{
    Largest first, at the lowest free address: at the start of a bank of its own
    where that fits, else at the next multiple of 64 bytes.
  }];
}

def AssignGlobalMemory : Pass<"assign-global-memory", "mlir::ModuleOp"> {
  let summary = "Gives tensors in DDR their addresses";
  let description = [{
    Coefficients first, each at a multiple of 4096, equal ones once. Then inputs and
    outputs of the network, which live throughout, and the tensors between groups,
    which share memory where their lives don't overlap. A reshape shares the
    memory of its operand.
  }];
}

#endif
