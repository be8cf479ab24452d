// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "compiler/target/bm1684x/group.h"
#include "llvm/ADT/ArrayRef.h"
#include "mlir/IR/Operation.h"

// Operations of the tpu dialect as what groups are made of.
namespace tpuc::bm1684x {

struct Sequence {
  std::vector<std::unique_ptr<Kernel>> kernels;  // null: can't be in a group
  std::vector<GroupCandidate> candidates;
  // An operation and operand that reads each tensor of the candidates.
  std::vector<std::pair<int, int>> readers;
};

// `ops` in program order, each with one result. Operations without a kernel
// have none here either.
Sequence MakeSequence(llvm::ArrayRef<mlir::Operation*> ops);

}  // namespace tpuc::bm1684x
