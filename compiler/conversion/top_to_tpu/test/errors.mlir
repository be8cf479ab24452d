// RUN: not tpuc-opt %s --make-weights -split-input-file -convert-top-to-tpu=mode=F16 2>&1 | FileCheck %s
// RUN: not tpuc-opt %s --make-weights -split-input-file -convert-top-to-tpu=mode=INT3 2>&1 | FileCheck %s --check-prefix=MODE

// MODE: mode 'INT3' is unknown; accepted are F32, F16 and BF16

// CHECK: error: loc("grouped"): 'top.Conv' op has 2 groups for 4 input and 4 output channels; lowered are 1 group, or as many groups as input and output channels
func.func @main(%arg0: tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %0 = top.Input %arg0 : tensor<1x4x8x8xf32> loc("x")
  %w = top.Weight : tensor<4x2x3x3xf32> loc("w")
  %1 = top.Conv %0, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x4x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x8x8xf32> loc("grouped")
  func.return %1 : tensor<1x4x8x8xf32>
}

// -----

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
