// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_TRANSFORMS_TPU_PASSES_TD
#define TPUC_TRANSFORMS_TPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def SelectForms : Pass<"select-forms", "mlir::ModuleOp"> {
  let summary = "Gives each operation a form that one pass over slices can do";
  let description = [{
    What the target's kernel takes, and fits into local memory in some slice,
    stays. Else
    - a reduction becomes partial reductions and one that combines them;
    - a convolution or matrix product in f16 or bf16 is cut along its input
      channels (`ic_cuts`);
    - a filter smaller than the padding gets taps of zero around it.
    A convolution whose groups' channels take turns afterwards stores them so. Small
    groups of a convolution become one, with zeros in its filter, where the
    cycle model says that this is cheaper.
    All operations that have no form are reported, each with the limit that it
    meets. Form attributes decide bits, so the interpreter's results are those of
    the module after this pass.
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect", "::tpuc::top::TopDialect"];
}

def GroupOps : Pass<"group-ops", "mlir::ModuleOp"> {
  let summary = "Puts operations into tpu.Group and cuts them into slices";
  let description = [{
    Operations that follow each other run together where the cycle model says that
    this is cheaper: what passes between them then stays in local memory. Slices are
    those that take the fewest cycles among those that fit; constants are packed for
    the kernel that reads them. Operations without a kernel, and operations of which
    not even the smallest slice fits, are errors.
  }];
  let options = [
    Option<"laneBytes", "lane-bytes", "int64_t", "262144",
           "Local memory of a lane to use; less makes more slices, for tests">,
    Option<"separate", "separate", "bool", "false",
           "Give each operation a group of its own">,
  ];
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
    which share memory where their lives don't overlap. A reshape, and a slice of
    one piece, lie in the memory of their operand. A concatenation shares that of
    its inputs, as far as they lie in one piece and aren't inputs or outputs of the
    network, or in another concatenation already.
  }];
}

#endif
