// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "compiler/target/bm1684x/kernel.h"
#include "mlir/IR/Operation.h"

namespace tpuc::bm1684x {

// The kernel of an operation of the tpu dialect; its operands are the
// operation's, in order. An error says what the chip can't do or that the
// operation has no kernel. `views`: of elementwise operations.
absl::StatusOr<std::unique_ptr<Kernel>> MakeKernel(mlir::Operation* op,
                                                   Views views);

}  // namespace tpuc::bm1684x
