// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "compiler/dialect/tpu/TpuOps.h"
#include "mlir/IR/Builders.h"

namespace tpuc::tpu {

// Small groups leave most of the lanes and multipliers idle. Makes one group of
// several neighbours, with zeros between the channels of different ones, where
// the cycle model says that this is cheaper: the same sums with terms of zero
// in between. (An infinite element makes a product with zero, and so the sums
// of the other groups, NaN.)
void JoinGroups(Conv2DOp op, mlir::OpBuilder& builder);
void JoinGroups(QuantizedConv2DOp op, mlir::OpBuilder& builder);

// Where nothing but a reshape, a permutation and reshapes lie behind the
// convolution that make its groups' channels take turns (ShuffleNet's channel
// shuffle), it stores its results in that order itself. `conv_name`: of the
// convolution's result, which no tensor of the network equals any more.
// Returns whether it was so; the permutation is erased then.
bool InterleaveGroups(Conv2DOp op, mlir::OpBuilder& builder,
                      const std::string& conv_name);

}  // namespace tpuc::tpu
