// RUN: not tpuc-opt %s --make-weights -split-input-file -select-forms 2>&1 | FileCheck %s

// CHECK: error: loc("wide"): 'wide': {{.*}}a sum in f32 can't be cut into parts, in F16 or BF16 it can
func.func @main(%arg0: tensor<1x200000xf32>) -> tensor<1x8xf32> {
  %0 = top.Input %arg0 : tensor<1x200000xf32> loc("x")
  %w = top.Weight : tensor<200000x8xf32> loc("w")
  %1 = tpu.MatMul %0, %w : (tensor<1x200000xf32>, tensor<200000x8xf32>) -> tensor<1x8xf32> loc("wide")
  func.return %1 : tensor<1x8xf32>
}

// -----

// CHECK: error: loc("patches"): 'patches': {{.*}}strides and pads up to 15
func.func @main(%arg0: tensor<1x3x32x32xf16>) -> tensor<1x8x2x2xf16> {
  %0 = top.Input %arg0 : tensor<1x3x32x32xf16> loc("x")
  %w = top.Weight : tensor<8x3x16x16xf16> loc("w")
  %1 = tpu.Conv2D %0, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 16, 16>} : (tensor<1x3x32x32xf16>, tensor<8x3x16x16xf16>) -> tensor<1x8x2x2xf16> loc("patches")
  func.return %1 : tensor<1x8x2x2xf16>
}

// -----

// CHECK: error: loc("sparse"): 'sparse': {{.*}}16 zeros between neighbours (a transposed convolution's stride less 1); the chip takes up to 15
func.func @main(%arg0: tensor<1x3x4x4xf16>) -> tensor<1x8x68x68xf16> {
  %0 = top.Input %arg0 : tensor<1x3x4x4xf16> loc("x")
  %w = top.Weight : tensor<8x3x17x17xf16> loc("w")
  %1 = tpu.Conv2D %0, %w {dilations = array<i64: 1, 1>, inserts = array<i64: 16, 16>, pads = array<i64: 16, 16, 16, 16>, strides = array<i64: 1, 1>} : (tensor<1x3x4x4xf16>, tensor<8x3x17x17xf16>) -> tensor<1x8x68x68xf16> loc("sparse")
  func.return %1 : tensor<1x8x68x68xf16>
}
