// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/TopDialect.h"

#include "compiler/dialect/top/TopDialect.cc.inc"
#include "compiler/dialect/top/TopOps.h"

namespace tpuc::top {

void TopDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "compiler/dialect/top/TopOps.cc.inc"
      >();
}

}  // namespace tpuc::top
