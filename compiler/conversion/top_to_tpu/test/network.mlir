// RUN: tpuc-opt %s --make-weights -convert-top-to-tpu=mode=F16 -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s --check-prefix=F16
// RUN: tpuc-opt %s --make-weights -convert-top-to-tpu=mode=F32 -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s --check-prefix=F32

// The function stays f32 outside; each tensor keeps its name; the sum over 64
// pixels, exp and division run in f32; conv has an f32 bias.

// F16: module.state = "TPU_F16"
// F16: %[[X:.*]] = top.Input %{{.*}} : tensor<1x3x8x8xf32> loc("x")
// F16: %[[XH:.*]] = tpu.Cast %[[X]] {{.*}} loc("x_f16")
// F16: top.Weight : tensor<4x3x3x3xf16> loc("w_f16")
// F16: top.Weight : tensor<4xf32> loc("b")
// F16: %[[CONV:.*]] = tpu.Conv2D %[[XH]], {{.*}}do_relu = true{{.*}} -> tensor<1x4x8x8xf16> loc("conv")
// F16: %[[CONVF:.*]] = tpu.Cast %[[CONV]] {{.*}} loc("conv_f32")
// F16: %[[PIXELS:.*]] = tpu.Reshape %[[CONVF]] {{.*}} -> tensor<4x64x1xf32> loc("pool_pixels")
// F16: tpu.Reduce %[[PIXELS]] {chunk = 64 : i64, kind = 1 : i32, scale = 1.562500e-02 : f64} : {{.*}} loc("pool_mean")
// F16: tpu.Reshape {{.*}} -> tensor<1x4x1x1xf32> loc("pool")
// F16: tpu.Reshape {{.*}} -> tensor<1x4xf32> loc("flat")
// F16: tpu.Cast {{.*}} loc("flat_f16")
// F16: tpu.MatMul {{.*}} -> tensor<1x10xf16> loc("fc")
// F16: %[[ROWS:.*]] = tpu.Reshape {{.*}} -> tensor<1x10x1xf32> loc("prob_rows")
// F16: %[[MAX:.*]] = tpu.Reduce %[[ROWS]] {chunk = 10 : i64, kind = 0 : i32}
// F16: %[[SUB:.*]] = tpu.Binary %[[ROWS]], %[[MAX]] {kind = 1 : i32}
// F16: %[[EXP:.*]] = tpu.Exp %[[SUB]]
// F16: %[[SUM:.*]] = tpu.Reduce %[[EXP]] {chunk = 10 : i64, kind = 1 : i32}
// F16: %[[INV:.*]] = tpu.BinaryConst %[[SUM]] {const_val = 1.000000e+00 : f64, is_reversed = true, kind = 5 : i32}
// F16: %[[MUL:.*]] = tpu.Binary %[[EXP]], %[[INV]] {kind = 2 : i32}
// F16: %[[PROB:.*]] = tpu.Reshape %[[MUL]] {{.*}} -> tensor<1x10xf32> loc("prob")
// F16: return %[[PROB]] : tensor<1x10xf32>

// F32-NOT: tpu.Cast
// F32: return

func.func @main(%arg0: tensor<1x3x8x8xf32>) -> tensor<1x10xf32> {
  %0 = top.Input %arg0 : tensor<1x3x8x8xf32> loc("x")
  %w = top.Weight : tensor<4x3x3x3xf32> loc("w")
  %b = top.Weight : tensor<4xf32> loc("b")
  %1 = top.Conv %0, %w, %b {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, do_relu = true} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32> loc("conv")
  %2 = top.AvgPool %1 {kernel_shape = array<i64: 8, 8>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x1x1xf32> loc("pool")
  %3 = top.Reshape %2 : tensor<1x4x1x1xf32> -> tensor<1x4xf32> loc("flat")
  %m = top.Weight : tensor<4x10xf32> loc("m")
  %4 = top.MatMul %3, %m : (tensor<1x4xf32>, tensor<4x10xf32>) -> tensor<1x10xf32> loc("fc")
  %5 = top.Softmax %4 {axis = 1 : i64} : tensor<1x10xf32> loc("prob")
  func.return %5 : tensor<1x10xf32>
}
