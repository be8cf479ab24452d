// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/dialect/tpu/TpuOps.h"

// What `assign-global-memory` leaves in the IR beside the addresses of tpu.Load
// and tpu.Store.
namespace tpuc::tpu {

// On top.Input and top.Weight: address in DDR.
inline constexpr char kAddressAttr[] = "tpu.address";
// On the module: where inputs, outputs and intermediate tensors lie.
inline constexpr char kCtxAddressAttr[] = "tpu.ctx_address";
inline constexpr char kCtxBytesAttr[] = "tpu.ctx_bytes";

// The value whose memory `value` shares: behind all reshapes.
inline mlir::Value RootOf(mlir::Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value;
}

}  // namespace tpuc::tpu
