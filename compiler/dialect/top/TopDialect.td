// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_DIALECT_TOP_TOPDIALECT_TD
#define TPUC_DIALECT_TOP_TOPDIALECT_TD

include "mlir/IR/OpBase.td"

def Top_Dialect : Dialect {
  let name = "top";
  let cppNamespace = "::tpuc::top";
  let summary = "What the network means; chip-independent; float";
  let description = [{
    Every value is a ranked, static tensor with a name (the `NameLoc` of its
    operation). Constants are `top.Weight` operations whose data is kept by name
    in the context's `WeightStore`, and in an `.npz` file beside the IR.
    Executable by the interpreter between any two passes.
  }];
  let extraClassDeclaration = [{
    /// Data of all `top.Weight` operations of modules in this context.
    ::tpuc::WeightStore &getWeights() { return *weights; }

  private:
    std::unique_ptr<::tpuc::WeightStore> weights =
        std::make_unique<::tpuc::WeightStore>();
  public:
  }];
  let useDefaultAttributePrinterParser = 0;
}

#endif
