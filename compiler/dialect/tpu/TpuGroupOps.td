// SPDX-License-Identifier: Apache-2.0
#ifndef TPUC_DIALECT_TPU_TPUGROUPOPS_TD
#define TPUC_DIALECT_TPU_TPUGROUPOPS_TD

include "compiler/dialect/tpu/TpuDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// The grouped form: operations that run together from local memory. Included by
// TpuOps.td.

def Tpu_GroupOp : Op<Tpu_Dialect, "Group", [
    RecursiveMemoryEffects, SingleBlock]> {
  let summary = "Operations that run slice by slice from local memory";
  let description = [{
    The body loads tensors of the surrounding function (`tpu.Load`), computes
    (reshapes between its operations cost nothing), and ends with `tpu.Store`, whose operands are the group's results.

    The work is covered by parts, 4-D views [n, c, h, w] that the operator's
    kernel defines. `tiles` has the box of the result that a step makes, one
    array a part; `orders` the nesting of the loops over them, outermost first,
    e.g. "cnhw".

    A group of several operations has no tiles but `slices`: into how many pieces
    every result is cut along n and h, and whether (1) or not (0) what is the same
    for all slices stays in local memory. A slice makes one piece of each result;
    what the operations before make for it follows from their windows.

    `buffers` lists what local memory holds, one dictionary each:
      kind       of one operation: "operand", "result", "scratch" or "table"; of
                 several: "load", "value", "crop" (a part of what others read
                 more of), "scratch" or "table"
      index      number of the operand, result, load or operation; for "crop",
                 of the operand among those of all operations
      layout     "aligned" or "compact" (docs/isa/bm1684x.md, b)
      bytes      of one copy, in each lane
      count      copies; with two, one is filled or drained while the other is used
      life       first and last operation of a step that it lives through
      addresses  one a copy, bytes inside the lane; empty before `assign-local-memory`
    The verifier rejects addresses outside of a lane, not at a multiple of 64, and
    buffers that overlap in memory and in life. Tensors that an operator reads or
    writes in DDR itself have no buffer.
  }];
  let arguments = (ins ArrayAttr:$tiles, ArrayAttr:$orders, ArrayAttr:$buffers,
    OptionalAttr<DenseI64ArrayAttr>:$slices);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body `:` type($results)";
  let hasRegionVerifier = 1;
}

def Tpu_LoadOp : Op<Tpu_Dialect, "Load", [Pure, HasParent<"GroupOp">]> {
  let summary = "A tensor of the function, slice by slice in local memory";
  let description = [{
    The source of a constant is the packed tensor, the result has its logical
    shape; else both types are equal. `address` is the tensor's in DDR, set by
    `assign-global-memory`.
  }];
  let arguments = (ins AnyRankedTensor:$source, OptionalAttr<I64Attr>:$address);
  let results = (outs AnyRankedTensor:$output);
  let assemblyFormat =
      "$source attr-dict `:` type($source) `->` type($output)";
}

def Tpu_StoreOp : Op<Tpu_Dialect, "Store", [
    Pure, Terminator, HasParent<"GroupOp">]> {
  let summary = "Ends a group: its results, stored to DDR slice by slice";
  let description = "`addresses` has one DDR address a result.";
  let arguments = (ins Variadic<AnyRankedTensor>:$values,
    OptionalAttr<DenseI64ArrayAttr>:$addresses);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

#endif
