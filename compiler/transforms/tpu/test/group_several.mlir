// RUN: tpuc-opt %s --make-weights -split-input-file -group-ops=lane-bytes=32768 -assign-local-memory -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s

// A convolution and what follows it share slices: the sum never leaves local
// memory, and reads the rows of x that it needs of those that the convolution
// reads.
// CHECK-LABEL: @residual
// CHECK: tpu.Group attributes {buffers = [
// CHECK-SAME: kind = "load"
// CHECK-SAME: kind = "crop"
// CHECK-SAME: orders = [], slices = array<i64: 1, {{[2-9]}}, 1>, tiles = []}
// CHECK-NEXT: tpu.Load
// CHECK-NEXT: tpu.Load
// CHECK-NEXT: tpu.Load
// CHECK-NEXT: tpu.Conv2D
// CHECK-NEXT: tpu.Binary
// CHECK-NEXT: tpu.Store
// CHECK-NOT: tpu.Group
func.func @residual(%arg0: tensor<1x16x64x64xf32>) -> tensor<1x16x64x64xf32> {
  %0 = top.Input %arg0 : tensor<1x16x64x64xf32> loc("x")
  %w = top.Weight : tensor<16x16x3x3xf32> loc("w")
  %b = top.Weight : tensor<16xf32> loc("b")
  %1 = tpu.Conv2D %0, %w, %b {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x16x64x64xf32>, tensor<16x16x3x3xf32>, tensor<16xf32>) -> tensor<1x16x64x64xf32> loc("c")
  %2 = "tpu.Binary"(%1, %0) <{kind = 0 : i32}> : (tensor<1x16x64x64xf32>, tensor<1x16x64x64xf32>) -> tensor<1x16x64x64xf32> loc("y")
  func.return %2 : tensor<1x16x64x64xf32>
}

// -----

// What is read elsewhere is a result of the group too; a reshape of it follows
// the group, and its reader runs after that.
// CHECK-LABEL: @reshape
// CHECK: tpu.Group
// CHECK: tpu.BinaryConst {{.*}} loc("a")
// CHECK: tpu.Binary {{.*}} loc("y")
// CHECK: tpu.Store %{{.*}}, %{{.*}} :
// CHECK: tpu.Reshape
// CHECK: tpu.Group
// CHECK: tpu.BinaryConst {{.*}} loc("z")
func.func @reshape(%arg0: tensor<1x8x8x8xf32>) -> (tensor<1x8x8x8xf32>, tensor<64x8xf32>) {
  %0 = top.Input %arg0 : tensor<1x8x8x8xf32> loc("x")
  %1 = "tpu.BinaryConst"(%0) <{kind = 2 : i32, const_val = 0.5 : f64}> : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> loc("a")
  %2 = "tpu.Reshape"(%1) : (tensor<1x8x8x8xf32>) -> tensor<64x8xf32> loc("r")
  %3 = "tpu.Binary"(%1, %0) <{kind = 0 : i32}> : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> loc("y")
  %4 = "tpu.BinaryConst"(%2) <{kind = 2 : i32, const_val = 0.5 : f64}> : (tensor<64x8xf32>) -> tensor<64x8xf32> loc("z")
  func.return %3, %4 : tensor<1x8x8x8xf32>, tensor<64x8xf32>
}

// -----

// The mean of each plane, of which a reduction wants another shape: the reshape
// stands in the group.
// CHECK-LABEL: @mean
// CHECK: tpu.Group {{.*}}slices = array<i64: 1, 1, 1>
// CHECK: tpu.BinaryConst {{.*}} loc("a")
// CHECK-NEXT: tpu.Reshape
// CHECK-NEXT: tpu.Reduce
// CHECK-NEXT: tpu.Reshape
// CHECK-NEXT: tpu.Binary {{.*}} loc("y")
// CHECK-NEXT: tpu.Store %{{.*}} : tensor<1x8x8x8xf32>
// CHECK-NOT: tpu.Group
func.func @mean(%arg0: tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> {
  %0 = top.Input %arg0 : tensor<1x8x8x8xf32> loc("x")
  %1 = "tpu.BinaryConst"(%0) <{kind = 2 : i32, const_val = 0.5 : f64}> : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> loc("a")
  %2 = "tpu.Reshape"(%1) : (tensor<1x8x8x8xf32>) -> tensor<8x64x1xf32> loc("r")
  %3 = "tpu.Reduce"(%2) <{kind = 0 : i32, chunk = 64 : i64, scale = 0.015625 : f64}> : (tensor<8x64x1xf32>) -> tensor<8x1x1xf32> loc("m")
  %4 = "tpu.Reshape"(%3) : (tensor<8x1x1xf32>) -> tensor<1x8x1x1xf32> loc("s")
  %5 = "tpu.Binary"(%1, %4) <{kind = 2 : i32}> : (tensor<1x8x8x8xf32>, tensor<1x8x1x1xf32>) -> tensor<1x8x8x8xf32> loc("y")
  func.return %5 : tensor<1x8x8x8xf32>
}
