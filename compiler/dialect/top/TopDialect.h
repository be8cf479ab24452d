// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "compiler/dialect/top/weight_store.h"
#include "mlir/IR/Dialect.h"
//
#include "compiler/dialect/top/TopDialect.h.inc"
