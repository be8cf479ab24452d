// RUN: tpuc-opt %s --make-weights -group-ops=separate=true -assign-local-memory -assign-global-memory | FileCheck %s

// Coefficients at pages from 0x1_0000_0000 on, equal ones once; then the ctx
// region. The filter is packed for CONV, the constants that nobody reads are
// gone. A reshape has its operand's memory.

// CHECK: module attributes {tpu.ctx_address = 4294975488 : i64, tpu.ctx_bytes = 16384 : i64}
module {
  func.func @main(%arg0: tensor<1x3x8x8xf32>) -> tensor<1x4x64xf32> {
    // CHECK: %[[X:.*]] = top.Input %{{.*}} {tpu.address = [[#XA:]] : i64}
    %0 = top.Input %arg0 : tensor<1x3x8x8xf32> loc("x")
    // CHECK: %[[W:.*]] = top.Weight {tpu.address = 4294967296 : i64} : tensor<1x4x27x1xf32>
    // CHECK: %[[B:.*]] = top.Weight {tpu.address = 4294971392 : i64} : tensor<4xf32>
    %w = top.Weight : tensor<4x3x3x3xf32> loc("w")
    %b = top.Weight : tensor<4xf32> loc("b")
    %unused = top.Weight : tensor<4xf32> loc("unused")
    // CHECK-NOT: top.Weight
    // CHECK: %[[Y:.*]] = tpu.Group
    // Every copy of a buffer starts in a bank of its own.
    // CHECK-SAME: {addresses = array<i64: 0>, bytes = 256 : i64, count = 1 : i64, index = 0 : i64, kind = "operand", layout = "aligned"
    // CHECK-SAME: {addresses = array<i64: 32768>, bytes = 128 : i64, count = 1 : i64, index = 1 : i64, kind = "operand", layout = "compact"
    // CHECK-SAME: {addresses = array<i64: 49152>, bytes = 64 : i64, count = 1 : i64, index = 2 : i64, kind = "operand", layout = "compact"
    // CHECK-SAME: {addresses = array<i64: 16384>, bytes = 256 : i64, count = 1 : i64, index = 0 : i64, kind = "result", layout = "aligned"
    // CHECK-SAME: tiles = [array<i64: 1, 4, 8, 8>]
    // CHECK: tpu.Load %[[X]] {address = [[#XA]] : i64}
    // CHECK: tpu.Load %[[W]] {address = 4294967296 : i64} : tensor<1x4x27x1xf32> -> tensor<4x3x3x3xf32>
    // CHECK: tpu.Load %[[B]] {address = 4294971392 : i64}
    // CHECK: tpu.Conv2D
    // CHECK: tpu.Store %{{.*}} {addresses = array<i64: [[#YA:]]>}
    %1 = tpu.Conv2D %0, %w, %b {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32> loc("y")
    // CHECK: %[[R:.*]] = tpu.Reshape %[[Y]]
    %2 = tpu.Reshape %1 : (tensor<1x4x8x8xf32>) -> tensor<1x4x64xf32> loc("r")
    // CHECK: tpu.Group {{.*}}kind = "table"
    // CHECK: tpu.Load %[[R]] {address = [[#YA]] : i64}
    // CHECK: tpu.Store %{{.*}} {addresses = array<i64: [[#EA:]]>}
    %3 = tpu.Exp %2 : (tensor<1x4x64xf32>) -> tensor<1x4x64xf32> loc("e")
    // The first result is dead: its memory is used again.
    // CHECK: tpu.Load %{{.*}} {address = [[#EA]] : i64}
    %4 = tpu.Exp %3 : (tensor<1x4x64xf32>) -> tensor<1x4x64xf32> loc("f")
    // CHECK: tpu.Store %{{.*}} {addresses = array<i64: [[#YA]]>}
    %5 = tpu.Exp %4 : (tensor<1x4x64xf32>) -> tensor<1x4x64xf32> loc("g")
    %6 = tpu.Exp %5 : (tensor<1x4x64xf32>) -> tensor<1x4x64xf32> loc("h")
    func.return %6 : tensor<1x4x64xf32>
  }
}
