// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/tpu/TpuDialect.h"

#include "compiler/dialect/tpu/TpuOps.h"
#include "mlir/Dialect/Quant/QuantOps.h"
//
#include "compiler/dialect/tpu/TpuDialect.cc.inc"
#include "compiler/dialect/tpu/TpuEnums.cc.inc"

namespace tpuc::tpu {

void TpuDialect::initialize() {
  // Types of quantized tensors.
  getContext()->loadDialect<mlir::quant::QuantizationDialect>();
  addOperations<
#define GET_OP_LIST
#include "compiler/dialect/tpu/TpuOps.cc.inc"
      >();
}

}  // namespace tpuc::tpu
