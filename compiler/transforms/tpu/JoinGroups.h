// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/dialect/tpu/TpuOps.h"
#include "mlir/IR/Builders.h"

namespace tpuc::tpu {

// Small groups leave most of the lanes and multipliers idle. Makes one group of
// several neighbours, with zeros between the channels of different ones, where
// the cycle model says that this is cheaper: the same sums with terms of zero
// in between. (An infinite element makes a product with zero, and so the sums
// of the other groups, NaN.)
void JoinGroups(Conv2DOp op, mlir::OpBuilder& builder);

}  // namespace tpuc::tpu
