// RUN: tpuc-opt %s --make-weights -split-input-file -select-forms -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s

// What fits stays as it is.
// CHECK-LABEL: func.func @main
// CHECK: tpu.Reduce %{{.*}} {chunk = 1000 : i64, kind = 1 : i32, scale = 1.000000e-03 : f64} {{.*}} loc("y")
func.func @main(%arg0: tensor<4x1000x1xf32>) -> tensor<4x1x1xf32> {
  %0 = top.Input %arg0 : tensor<4x1000x1xf32> loc("x")
  %1 = tpu.Reduce %0 {chunk = 1000 : i64, kind = 1 : i32, scale = 1.0e-3 : f64} : (tensor<4x1000x1xf32>) -> tensor<4x1x1xf32> loc("y")
  func.return %1 : tensor<4x1x1xf32>
}

// -----

// A row that no lane holds: parts for all lanes, then their sum. The scale is
// applied once.
// CHECK-LABEL: func.func @main
// CHECK: %[[PARTS:.*]] = tpu.Reduce %{{.*}} {chunk = 1563 : i64, kind = 1 : i32, scale = 1.000000e-05 : f64} {{.*}} -> tensor<1x64x1xf32> loc("y_parts")
// CHECK: tpu.Reduce %[[PARTS]] {chunk = 64 : i64, kind = 1 : i32} {{.*}} loc("y")
func.func @main(%arg0: tensor<1x100000x1xf32>) -> tensor<1x1x1xf32> {
  %0 = top.Input %arg0 : tensor<1x100000x1xf32> loc("x")
  %1 = tpu.Reduce %0 {chunk = 100000 : i64, kind = 1 : i32, scale = 1.0e-5 : f64} : (tensor<1x100000x1xf32>) -> tensor<1x1x1xf32> loc("y")
  func.return %1 : tensor<1x1x1xf32>
}

// -----

// A 1x1 filter with padding: taps of zero, so that no window lies wholly in it.
// CHECK-LABEL: func.func @main
// CHECK: top.Weight : tensor<4x4x3x3xf32> loc("w_wide")
// CHECK: tpu.Conv2D {{.*}}pads = array<i64: 2, 2, 2, 2>{{.*}} -> tensor<1x4x10x10xf32>
func.func @main(%arg0: tensor<1x4x8x8xf32>) -> tensor<1x4x10x10xf32> {
  %0 = top.Input %arg0 : tensor<1x4x8x8xf32> loc("x")
  %w = top.Weight : tensor<4x4x1x1xf32> loc("w")
  %1 = tpu.Conv2D %0, %w {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x10x10xf32> loc("y")
  func.return %1 : tensor<1x4x10x10xf32>
}

// -----

// A sum over input channels of which one output's weights overflow a lane.
// CHECK-LABEL: func.func @main
// CHECK: tpu.MatMul {{.*}}ic_cuts = array<i64: 50016, 100032, 150048>
func.func @main(%arg0: tensor<1x200000xf16>) -> tensor<1x8xf16> {
  %0 = top.Input %arg0 : tensor<1x200000xf16> loc("x")
  %w = top.Weight : tensor<200000x8xf16> loc("w")
  %1 = tpu.MatMul %0, %w : (tensor<1x200000xf16>, tensor<200000x8xf16>) -> tensor<1x8xf16> loc("y")
  func.return %1 : tensor<1x8xf16>
}

// -----

// A filter that fits between two elements of the spread input: taps of zero, so
// that each window has one of them.
// CHECK-LABEL: func.func @main
// CHECK: top.Weight : tensor<4x4x4x4xf32> loc("w_wide")
// CHECK: tpu.Conv2D {{.*}}pads = array<i64: 2, 2, 2, 2>
func.func @main(%arg0: tensor<1x4x8x8xf32>) -> tensor<1x4x23x23xf32> {
  %0 = top.Input %arg0 : tensor<1x4x8x8xf32> loc("x")
  %w = top.Weight : tensor<4x4x2x2xf32> loc("w")
  %1 = tpu.Conv2D %0, %w {dilations = array<i64: 1, 1>, inserts = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x2x2xf32>) -> tensor<1x4x23x23xf32> loc("y")
  func.return %1 : tensor<1x4x23x23xf32>
}

// -----

// Groups of 4 channels leave most lanes idle: fewer groups, for fewer cycles.
// CHECK-LABEL: func.func @main
// CHECK: top.Weight : tensor<128x32x1x1xf32> loc("w_joined8")
// CHECK: tpu.Conv2D {{.*}}group = 4 : i64
func.func @main(%arg0: tensor<1x128x14x14xf32>) -> tensor<1x128x14x14xf32> {
  %0 = top.Input %arg0 : tensor<1x128x14x14xf32> loc("x")
  %w = top.Weight : tensor<128x4x1x1xf32> loc("w")
  %1 = tpu.Conv2D %0, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>, group = 32 : i64} : (tensor<1x128x14x14xf32>, tensor<128x4x1x1xf32>) -> tensor<1x128x14x14xf32> loc("y")
  func.return %1 : tensor<1x128x14x14xf32>
}

// -----

// Groups that fill the machine stay.
// CHECK-LABEL: func.func @main
// CHECK: tpu.Conv2D {{.*}}group = 3 : i64
func.func @main(%arg0: tensor<1x240x28x28xf32>) -> tensor<1x192x28x28xf32> {
  %0 = top.Input %arg0 : tensor<1x240x28x28xf32> loc("x")
  %w = top.Weight : tensor<192x80x1x1xf32> loc("w")
  %1 = tpu.Conv2D %0, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>, group = 3 : i64} : (tensor<1x240x28x28xf32>, tensor<192x80x1x1xf32>) -> tensor<1x192x28x28xf32> loc("y")
  func.return %1 : tensor<1x192x28x28xf32>
}

// -----

// ShuffleNet's channel shuffle is done by the stores of the convolution.
// CHECK-LABEL: func.func @main
// CHECK: %[[C:.*]] = tpu.Conv2D {{.*}}group = 4 : i64, interleave = true{{.*}} loc("c_interleaved")
// CHECK: %[[P:.*]] = tpu.Reshape %[[C]] : {{.*}} -> tensor<1x34x4x28x28xf32> loc("p")
// CHECK: tpu.Reshape %[[P]] : {{.*}} loc("y")
// CHECK-NOT: tpu.Permute
func.func @main(%arg0: tensor<1x136x28x28xf32>) -> tensor<1x136x28x28xf32> {
  %0 = top.Input %arg0 : tensor<1x136x28x28xf32> loc("x")
  %w = top.Weight : tensor<136x34x1x1xf32> loc("w")
  %1 = tpu.Conv2D %0, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>, group = 4 : i64} : (tensor<1x136x28x28xf32>, tensor<136x34x1x1xf32>) -> tensor<1x136x28x28xf32> loc("c")
  %2 = tpu.Reshape %1 : (tensor<1x136x28x28xf32>) -> tensor<1x4x34x28x28xf32> loc("r")
  %3 = tpu.Permute %2 {order = array<i64: 0, 2, 1, 3, 4>} : (tensor<1x4x34x28x28xf32>) -> tensor<1x34x4x28x28xf32> loc("p")
  %4 = tpu.Reshape %3 : (tensor<1x34x4x28x28xf32>) -> tensor<1x136x28x28xf32> loc("y")
  func.return %4 : tensor<1x136x28x28xf32>
}

// -----

// Filters of 8 bits are widened, too; their taps of zero take nothing of the
// zero point in the pads.
// CHECK-LABEL: func.func @main
// CHECK: top.Weight : tensor<4x4x3x3xi8> loc("w_wide")
// CHECK: tpu.QuantizedConv2D {{.*}}pads = array<i64: 2, 2, 2, 2>
!q = !quant.uniform<i8:f32, 1.0e-1:3>
func.func @main(%arg0: tensor<1x4x8x8xf32>) -> tensor<1x4x10x10x!q> {
  %0 = top.Input %arg0 : tensor<1x4x8x8xf32> loc("x")
  %q = tpu.Quantize %0 : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8x!q> loc("q")
  %w = top.Weight : tensor<4x4x1x1xi8> loc("w")
  %b = top.Weight : tensor<4xi32> loc("b")
  %r = top.Weight : tensor<4x3xi32> loc("r")
  %1 = tpu.QuantizedConv2D %q, %w, %b, %r {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x4x8x8x!q>, tensor<4x4x1x1xi8>, tensor<4xi32>, tensor<4x3xi32>) -> tensor<1x4x10x10x!q> loc("y")
  func.return %1 : tensor<1x4x10x10x!q>
}

// -----

// Groups of 8 bits are joined as others are.
// CHECK-LABEL: func.func @main
// CHECK: top.Weight : tensor<128x64x3x3xi8> loc("w_joined16")
// CHECK: tpu.QuantizedConv2D {{.*}}group = 2 : i64
!q = !quant.uniform<u8:f32, 1.0e-1>
func.func @main(%arg0: tensor<1x128x14x14xf32>) -> tensor<1x128x14x14x!q> {
  %0 = top.Input %arg0 : tensor<1x128x14x14xf32> loc("x")
  %q = tpu.Quantize %0 : (tensor<1x128x14x14xf32>) -> tensor<1x128x14x14x!q> loc("q")
  %w = top.Weight : tensor<128x4x3x3xi8> loc("w")
  %b = top.Weight : tensor<128xi32> loc("b")
  %r = top.Weight : tensor<128x3xi32> loc("r")
  %1 = tpu.QuantizedConv2D %q, %w, %b, %r {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>, group = 32 : i64} : (tensor<1x128x14x14x!q>, tensor<128x4x3x3xi8>, tensor<128xi32>, tensor<128x3xi32>) -> tensor<1x128x14x14x!q> loc("y")
  func.return %1 : tensor<1x128x14x14x!q>
}

// -----

// Integer sums are cut between cubes of 64 input channels.
// CHECK-LABEL: func.func @main
// CHECK: tpu.QuantizedMatMul {{.*}}ic_cuts = array<i64: 60032, 120064, 180096, 240128>
!q = !quant.uniform<i8:f32, 1.0e-1:3>
func.func @main(%arg0: tensor<1x300001xf32>) -> tensor<1x8x!q> {
  %0 = top.Input %arg0 : tensor<1x300001xf32> loc("x")
  %q = tpu.Quantize %0 : (tensor<1x300001xf32>) -> tensor<1x300001x!q> loc("q")
  %w = top.Weight : tensor<300001x8xi8> loc("w")
  %b = top.Weight : tensor<8xi32> loc("b")
  %r = top.Weight : tensor<8x3xi32> loc("r")
  %1 = tpu.QuantizedMatMul %q, %w, %b, %r : (tensor<1x300001x!q>, tensor<300001x8xi8>, tensor<8xi32>, tensor<8x3xi32>) -> tensor<1x8x!q> loc("y")
  func.return %1 : tensor<1x8x!q>
}
