// RUN: tpuc-opt %s --make-weights -group-ops=separate=true -assign-local-memory -assign-global-memory -convert-tpu-to-isa -insert-sync -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s

// Three loads, CONV waits for the last of them, the store for CONV; the load of
// the second operation needs no wait of its own, the table has none to wait for.
// CHECK: isa.coefficients = [{address = 4294967296 : i64, bytes = 432 : i64, name = "w.nic"}, {address = 4294971392 : i64, bytes = 16 : i64, name = "b"}]
// CHECK-SAME: isa.tensors = [{{.*}}complete_after = 4 : i64, dtype = f32, name = "y"
// CHECK: func.func @main() {
// CHECK: isa.dma_{{tensor copy|matrix copy|cw_transpose}} <{{.*}}cmd_id = 1{{.*}} loc("y")
// CHECK: isa.dma_{{tensor copy|matrix copy|cw_transpose}} <{{.*}}cmd_id = 2{{.*}} loc("y")
// CHECK: isa.dma_{{tensor copy|matrix copy|cw_transpose}} <{{.*}}cmd_id = 3{{.*}} loc("y")
// CHECK: isa.sconv normal <cmd_id = 1, cmd_id_dep = 3{{.*}} loc("y")
// CHECK: isa.dma_{{tensor copy|matrix copy|cw_transpose}} <{{.*}}cmd_id = 4{{.*}}cmd_id_dep = 1{{.*}} loc("y")
// CHECK: isa.strans_bc static_broadcast <cmd_id = 2{{.*}} loc("e")
// CHECK: isa.dma_{{tensor copy|matrix copy|cw_transpose}} <{{.*}}cmd_id = 5{{.*}} loc("e")
// CHECK: isa.sar max <cmd_id = 3, cmd_id_dep = 5{{.*}} loc("e")
// CHECK: isa.sar mul <cmd_id = 14{{.*}} loc("e")
// CHECK: isa.dma_{{tensor copy|matrix copy|cw_transpose}} <{{.*}}cmd_id = 6{{.*}}cmd_id_dep = 14{{.*}} loc("e")
func.func @main(%arg0: tensor<1x3x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %0 = top.Input %arg0 : tensor<1x3x8x8xf32> loc("x")
  %w = top.Weight : tensor<4x3x3x3xf32> loc("w")
  %b = top.Weight : tensor<4xf32> loc("b")
  %1 = tpu.Conv2D %0, %w, %b {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32> loc("y")
  %2 = tpu.Exp %1 : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("e")
  func.return %2 : tensor<1x4x8x8xf32>
}
