// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_DIALECT_TPU_TPUDIALECT_TD
#define TPUC_DIALECT_TPU_TPUDIALECT_TD

include "mlir/IR/OpBase.td"

def Tpu_Dialect : Dialect {
  let name = "tpu";
  let cppNamespace = "::tpuc::tpu";
  let summary = "What the chip computes, tensor by tensor";
  let description = [{
    Element types are storage types. An operation means exactly what the chip
    computes, rounding and saturation included; whatever can change a bit is an
    attribute. Constants are `top.Weight` operations with logical shapes; the
    layout that a kernel wants in memory is applied when the coefficients are
    packed.
  }];
}

#endif
