// RUN: tpuc-opt %s --make-weights -group-ops -assign-local-memory -assign-global-memory | FileCheck %s

// A slice of one piece is part of its operand's memory and no group. The operand
// of a concatenation that is such a slice is copied.
module {
  func.func @main(%arg0: tensor<1x4x64x16xf32>) -> tensor<1x6x64x16xf32> {
    %x = top.Input %arg0 : tensor<1x4x64x16xf32> loc("x")
    // CHECK: tpu.Exp
    // CHECK: tpu.Store %{{.*}} {addresses = array<i64: [[#A:]]>}
    %a = tpu.Exp %x : (tensor<1x4x64x16xf32>) -> tensor<1x4x64x16xf32> loc("a")
    // CHECK-NOT: tpu.Group
    // CHECK: tpu.Slice
    %b = tpu.Slice %a {starts = array<i64: 0, 1, 0, 0>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x4x64x16xf32>) -> tensor<1x2x64x16xf32> loc("b")
    // CHECK: tpu.Load %{{.*}} {address = [[#A + 4096]] : i64}
    // CHECK: tpu.Exp
    %c = tpu.Exp %b : (tensor<1x2x64x16xf32>) -> tensor<1x2x64x16xf32> loc("c")
    // CHECK: tpu.Group
    // CHECK: tpu.Load %{{.*}} {address = [[#A]] : i64}
    // CHECK: tpu.Slice
    %d = tpu.Slice %a {starts = array<i64: 0, 0, 0, 0>, steps = array<i64: 1, 2, 1, 1>} : (tensor<1x4x64x16xf32>) -> tensor<1x2x64x16xf32> loc("d")
    // CHECK: tpu.Load %{{.*}} {address = [[#A + 4096]] : i64}
    // CHECK: tpu.Concat
    %y = tpu.Concat %b, %c, %d {axis = 1 : i64} : (tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>) -> tensor<1x6x64x16xf32> loc("y")
    func.return %y : tensor<1x6x64x16xf32>
  }
}
