// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"

// What `assign-global-memory` leaves in the IR beside the addresses of tpu.Load
// and tpu.Store.
namespace tpuc::tpu {

// On top.Input and top.Weight: address in DDR.
inline constexpr char kAddressAttr[] = "tpu.address";
// On the module: where inputs, outputs and intermediate tensors lie.
inline constexpr char kCtxAddressAttr[] = "tpu.ctx_address";
inline constexpr char kCtxBytesAttr[] = "tpu.ctx_bytes";

// Whether the result of `op` is memory of its operand, so that no instruction
// makes it: a reshape, or a slice of one piece.
inline bool IsAlias(mlir::Operation* op) {
  if (auto slice = mlir::dyn_cast<SliceOp>(op))
    return ViewOf(slice).IsContiguous();
  return mlir::isa<ReshapeOp>(op);
}

// The value in whose memory `value` lies, and how many bytes behind its start.
struct Place {
  mlir::Value root;
  int64_t bytes = 0;
};
inline Place PlaceOf(mlir::Value value) {
  Place place{value};
  for (mlir::Operation* op;
       (op = place.root.getDefiningOp()) != nullptr && IsAlias(op);
       place.root = op->getOperand(0)) {
    if (auto slice = mlir::dyn_cast<SliceOp>(op))
      place.bytes +=
          ViewOf(slice).offset *
          static_cast<int64_t>(SizeOf(*top::DTypeOf(ElementTypeOf(value))));
  }
  return place;
}

}  // namespace tpuc::tpu
