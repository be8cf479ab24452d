// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/dialect/tpu/TpuDialect.h.inc"
#include "mlir/IR/Dialect.h"
