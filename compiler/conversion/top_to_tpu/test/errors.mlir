// RUN: not tpuc-opt %s --make-weights -split-input-file -convert-top-to-tpu=mode=F16 2>&1 | FileCheck %s
// RUN: not tpuc-opt %s --make-weights -split-input-file -convert-top-to-tpu=mode=INT3 2>&1 | FileCheck %s --check-prefix=MODE

// MODE: mode 'INT3' is unknown; accepted are F32, F16 and BF16

// CHECK: error: loc("product"): 'top.MatMul' op can only be lowered with a constant right side
func.func @main(%arg0: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = top.Input %arg0 : tensor<4x4xf32> loc("x")
  %1 = top.MatMul %0, %0 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> loc("product")
  func.return %1 : tensor<4x4xf32>
}

// -----

// CHECK: error: loc("indices"): 'top.Input' op has type 'tensor<4xi32>'; only f32 inputs can be lowered
func.func @main(%arg0: tensor<4xi32>) -> tensor<4xi32> {
  %0 = top.Input %arg0 : tensor<4xi32> loc("indices")
  func.return %0 : tensor<4xi32>
}
