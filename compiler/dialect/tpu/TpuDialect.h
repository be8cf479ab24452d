// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/Dialect.h"
//
#include "compiler/dialect/tpu/TpuDialect.h.inc"
