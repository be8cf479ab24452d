// RUN: tpuc-opt %s --make-weights -group-ops -assign-local-memory -assign-global-memory | FileCheck %s

// What a group computes goes to its place in the concatenation, also in one that
// is part of another. An input of the network, a constant and a value that is in
// a concatenation already are copied.
module {
  func.func @main(%arg0: tensor<1x2x64x16xf32>) -> tensor<1x16x64x16xf32> {
    // CHECK: top.Input %{{.*}} {tpu.address = [[#X:]] : i64}
    %x = top.Input %arg0 : tensor<1x2x64x16xf32> loc("x")
    %w = top.Weight : tensor<1x2x64x16xf32> loc("w")
    // CHECK: tpu.Exp
    // CHECK: tpu.Store %{{.*}} {addresses = array<i64: [[#A:]]>}
    %a = tpu.Exp %x : (tensor<1x2x64x16xf32>) -> tensor<1x2x64x16xf32> loc("a")
    // CHECK: tpu.Load %{{.*}} {address = [[#A]] : i64}
    // CHECK: tpu.Store %{{.*}} {addresses = array<i64: [[#A + 8192]]>}
    %b = tpu.Exp %a : (tensor<1x2x64x16xf32>) -> tensor<1x2x64x16xf32> loc("b")
    // CHECK: tpu.Concat
    // CHECK: tpu.Store %{{.*}} {addresses = array<i64: [[#A]]>}
    %p = tpu.Concat %a, %b, %w, %x {axis = 1 : i64} : (tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>) -> tensor<1x8x64x16xf32> loc("p")
    // CHECK: tpu.Exp
    // CHECK: tpu.Store %{{.*}} {addresses = array<i64: [[#A + 32768]]>}
    %c = tpu.Exp %b : (tensor<1x2x64x16xf32>) -> tensor<1x2x64x16xf32> loc("c")
    // CHECK: tpu.Load %{{.*}} {address = [[#A]] : i64}
    // CHECK: tpu.Load %{{.*}} {address = [[#A + 32768]] : i64}
    // CHECK: tpu.Load %{{.*}} {address = [[#A]] : i64}
    // CHECK: tpu.Store %{{.*}} {addresses = array<i64: [[#A]]>}
    %q = tpu.Concat %p, %c, %a, %a, %b {axis = 1 : i64} : (tensor<1x8x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>) -> tensor<1x16x64x16xf32> loc("q")
    func.return %q : tensor<1x16x64x16xf32>
  }
}
