// RUN: tpuc-opt %s --make-weights -split-input-file -group-ops -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s

// A layer that overflows local memory is cut along h; what changes from slice
// to slice has two copies, filter and bias have one. Names stay.
func.func @main(%arg0: tensor<1x3x1080x1920xf32>) -> tensor<1x8x1080x1920xf32> {
  %0 = top.Input %arg0 : tensor<1x3x1080x1920xf32> loc("x")
  %w = top.Weight : tensor<8x3x3x3xf32> loc("w")
  %b = top.Weight : tensor<8xf32> loc("b")
  %1 = tpu.Conv2D %0, %w, %b {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x3x1080x1920xf32>, tensor<8x3x3x3xf32>, tensor<8xf32>) -> tensor<1x8x1080x1920xf32> loc("y")
  func.return %1 : tensor<1x8x1080x1920xf32>
}
// CHECK: tpu.Group attributes
// CHECK-SAME: count = 2 : i64, index = 0 : i64, kind = "operand"
// CHECK-SAME: count = 1 : i64, index = 1 : i64, kind = "operand"
// CHECK: tpu.Load %{{.*}} loc("y")
// CHECK: tpu.Conv2D {{.*}} loc("y")

// -----

// 1003 elements: 960 over 64 lanes, and the rest.
// CHECK: tpu.Group attributes {{.*}}orders = ["cnhw", "cnhw"], tiles = [array<i64: {{.*}}>, array<i64: 1, 1, 1, 43>]
func.func @main(%arg0: tensor<1003xf32>) -> tensor<1003xf16> {
  %0 = top.Input %arg0 : tensor<1003xf32> loc("x")
  %1 = tpu.Cast %0 : (tensor<1003xf32>) -> tensor<1003xf16> loc("y")
  func.return %1 : tensor<1003xf16>
}
