// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_DIALECT_ISA_ISADIALECT_TD
#define TPUC_DIALECT_ISA_ISADIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/Properties.td"

def Isa_Dialect : Dialect {
  let name = "isa";
  let cppNamespace = "::tpuc::isa";
  let summary = "Instructions of the BM1684X, in program order";
  let description = [{
    An operation is one instruction, its properties are the instruction's
    fields. The operations are generated from the instruction tables that
    encoder and decoder come from (IsaOps.td); docs/isa/bm1684x.md says what
    the fields mean. TIU and GDMA instructions stand in one list in program
    order; command ids order them within an engine and between engines.

    Textual form: the sub-opcode, then the fields that differ from their usual
    values.

    ```mlir
    isa.sar add <cmd_id = 1, cmd_id_dep = 2, res0_prec = 2, res0_n = 1>
    isa.dma_gather <cmd_id = 3, src_start_addr_h8 = 1>
    ```
  }];
}

def Isa_InstructionInterface : OpInterface<"InstructionOpInterface"> {
  let cppNamespace = "::tpuc::isa";
  let description = [{ Every operation of the dialect has it. }];
  let methods = [
    InterfaceMethod<
      "The instruction with the operation's fields.",
      "::tpuc::isa::Instruction", "toInstruction">,
  ];
}

// One field; `value` is what a fresh instruction has.
class Isa_Field<string value> : IntProperty<"int64_t"> {
  let defaultValue = value;
}

class Isa_InstructionOp<string mnemonic>
    : Op<Isa_Dialect, mnemonic,
         [DeclareOpInterfaceMethods<Isa_InstructionInterface>]> {
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

#endif
