// RUN: not tpuc-opt %s --make-weights -split-input-file -convert-top-to-tpu=mode=F16 2>&1 | FileCheck %s
// RUN: not tpuc-opt %s --make-weights -split-input-file -convert-top-to-tpu=mode=INT3 2>&1 | FileCheck %s --check-prefix=MODE

// MODE: mode 'INT3' is unknown; accepted are F32, F16, BF16 and INT8

// CHECK: error: loc("product"): 'top.MatMul' op can only be lowered where the batch of one operand is the result's and that of the other too, or one matrix; found 'tensor<2x1x4x4xf32>' and 'tensor<1x3x4x4xf32>'
func.func @main(%arg0: tensor<2x1x4x4xf32>) -> tensor<2x3x4x4xf32> {
  %0 = top.Input %arg0 : tensor<2x1x4x4xf32> loc("x")
  %1 = top.Weight : tensor<1x3x4x4xf32> loc("w")
  %2 = top.MatMul %0, %1 : (tensor<2x1x4x4xf32>, tensor<1x3x4x4xf32>) -> tensor<2x3x4x4xf32> loc("product")
  func.return %2 : tensor<2x3x4x4xf32>
}

// -----

// CHECK: error: loc("indices"): 'top.Input' op has type 'tensor<4xi32>'; only f32 inputs can be lowered
func.func @main(%arg0: tensor<4xi32>) -> tensor<4xi32> {
  %0 = top.Input %arg0 : tensor<4xi32> loc("indices")
  func.return %0 : tensor<4xi32>
}
