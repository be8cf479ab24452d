// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_CONVERSION_TPUTOISA_PASSES_TD
#define TPUC_CONVERSION_TPUTOISA_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTpuToIsa : Pass<"convert-tpu-to-isa", "::mlir::ModuleOp"> {
  let summary = "Replaces groups by their instructions, in program order";
  let description = [{
    The body of `main` becomes instructions, each with the name of the tensor that
    it helps to compute. What a loader has to know is kept on the module:
      isa.inputs, isa.outputs, isa.tensors
          {name, dtype, shape, address, bytes, complete_after}; complete_after
          counts GDMA instructions
      isa.coefficients              {name, address, bytes}, ascending addresses
      isa.ctx_address, isa.ctx_bytes
    Instructions have neither ids nor waits yet.
  }];
  let dependentDialects = ["::tpuc::isa::IsaDialect"];
}

def InsertSync : Pass<"insert-sync", "::mlir::ModuleOp"> {
  let summary = "Numbers the instructions and makes them wait for each other";
  let description = [{
    Ids count up in each engine. An instruction waits for the newest earlier one of
    the other engine that touches a common byte of local or static memory where
    one of the two writes; waits that an earlier wait implies are left out. The
    result is then proved by a check that shares nothing with this bookkeeping.
  }];
}

#endif
