// RUN: not tpuc-opt %s -split-input-file -convert-tpu-to-isa 2>&1 | FileCheck %s

// CHECK: error: {{.*}}has no attribute tpu.ctx_address; run assign-global-memory before
func.func @main(%arg0: tensor<8xf32>) -> tensor<8xf32> {
  %0 = top.Input %arg0 : tensor<8xf32> loc("x")
  %1 = tpu.Exp %0 : (tensor<8xf32>) -> tensor<8xf32> loc("y")
  func.return %1 : tensor<8xf32>
}

// -----

// CHECK: error: 'y': operation tpu.Exp is not in a tpu.Group; run group-ops before
module attributes {tpu.ctx_address = 4294967296 : i64, tpu.ctx_bytes = 8192 : i64} {
  func.func @main(%arg0: tensor<8xf32>) -> tensor<8xf32> {
    %0 = top.Input %arg0 {tpu.address = 4294967296 : i64} : tensor<8xf32> loc("x")
    %1 = tpu.Exp %0 : (tensor<8xf32>) -> tensor<8xf32> loc("y")
    func.return %1 : tensor<8xf32>
  }
}
