// RUN: tpuc-opt %s --make-weights -split-input-file -convert-top-to-tpu=mode=F16 -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s
// RUN: tpuc-opt %s --make-weights -split-input-file -convert-top-to-tpu=mode=BF16 -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s --check-prefix=BF16

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// A 16-bit result gets its name from the cast that the function returns.
// CHECK: tpu.Clip {{.*}} {max = 6.000000e+00 : f64, min = 0.000000e+00 : f64} {{.*}} loc("y_f16")
// CHECK: tpu.Cast {{.*}} loc("y")
func.func @main(%arg0: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = top.Input %arg0 : tensor<1x4xf32> loc("x")
  %1 = top.MulConst %0 {const_val = 2.0 : f64} : tensor<1x4xf32> loc("z")
  %2 = top.Relu %1 {relu_limit = 6.0 : f64} : tensor<1x4xf32> loc("y")
  func.return %2 : tensor<1x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// In f16 the factor 1/6 comes before the product that could overflow.
// CHECK: tpu.BinaryConst {{.*}}const_val = 0.166{{.*}} loc("y_scale")
// CHECK: tpu.Binary {{.*}} loc("y_f16")
// In bf16 the steps are done in f32.
// BF16: tpu.Binary {{.*}} tensor<1x4xf32> loc("y_mul")
// BF16: tpu.BinaryConst {{.*}}const_val = 0.166{{.*}} tensor<1x4xf32> loc("y")
func.func @main(%arg0: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = top.Input %arg0 : tensor<1x4xf32> loc("x")
  %1 = top.HardSwish %0 : tensor<1x4xf32> loc("y")
  func.return %1 : tensor<1x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// CHECK: tpu.BinaryConst {{.*}}const_val = 2.000000e-01 : f64, kind = 2 {{.*}} loc("y_mul")
// CHECK: tpu.BinaryConst {{.*}}const_val = 5.000000e-01 : f64, kind = 0 {{.*}} loc("y_add")
// CHECK: tpu.Clip {{.*}} loc("y_f16")
func.func @main(%arg0: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = top.Input %arg0 : tensor<1x4xf32> loc("x")
  %1 = top.HardSigmoid %0 {alpha = 0.2 : f64, beta = 0.5 : f64} : tensor<1x4xf32> loc("y")
  func.return %1 : tensor<1x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Sigmoid in f32: 1 / (exp(0 - x) + 1).
// CHECK: tpu.BinaryConst {{.*}}const_val = 0.{{.*}}is_reversed = true, kind = 1 {{.*}} tensor<1x4xf32> loc("y_neg")
// CHECK: tpu.Exp {{.*}} loc("y_exp")
// CHECK: tpu.BinaryConst {{.*}}kind = 0 {{.*}} loc("y_add")
// CHECK: tpu.BinaryConst {{.*}}is_reversed = true, kind = 5 {{.*}} tensor<1x4xf32> loc("y")
func.func @main(%arg0: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = top.Input %arg0 : tensor<1x4xf32> loc("x")
  %1 = top.Sigmoid %0 : tensor<1x4xf32> loc("y")
  func.return %1 : tensor<1x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// A constant that f16 cannot hold takes the operation to f32; bf16 holds it.
// CHECK-NOT: tpu.Cast
// CHECK: tpu.BinaryConst {{.*}} tensor<1x4xf32> loc("y")
// BF16: tpu.BinaryConst {{.*}} tensor<1x4xbf16> loc("y_bf16")
func.func @main(%arg0: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = top.Input %arg0 : tensor<1x4xf32> loc("x")
  %1 = top.AddConst %0 {const_val = 1.0e6 : f64} : tensor<1x4xf32> loc("y")
  func.return %1 : tensor<1x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// The bias of a depthwise convolution has the data's type. It sums in that
// type, so for bf16 it is done in f32.
// CHECK: top.Weight : tensor<4xf16> loc("b_f16")
// CHECK: tpu.Conv2D {{.*}}form = 1 : i32, group = 4 : i64{{.*}} -> tensor<1x4x8x8xf16>
// BF16: top.Weight : tensor<4xf32> loc("b")
// BF16: tpu.Conv2D {{.*}}form = 1 : i32, group = 4 : i64{{.*}} -> tensor<1x4x8x8xf32>
func.func @main(%arg0: tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %0 = top.Input %arg0 : tensor<1x4x8x8xf32> loc("x")
  %w = top.Weight : tensor<4x1x3x3xf32> loc("w")
  %b = top.Weight : tensor<4xf32> loc("b")
  %1 = top.Conv %0, %w, %b {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 4 : i64} : (tensor<1x4x8x8xf32>, tensor<4x1x3x3xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32> loc("y")
  func.return %1 : tensor<1x4x8x8xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Windows that reach into padding that does not count: a factor for each pixel.
// CHECK: tpu.Pool2D {{.*}}scale = 0.1111{{.*}} loc("y_window_mean")
// CHECK: top.Weight : tensor<1x1x4x4xf16> loc("y_pad_factor")
// CHECK: tpu.Binary {{.*}}kind = 2 {{.*}} loc("y_f16")
func.func @main(%arg0: tensor<1x4x8x8xf32>) -> tensor<1x4x4x4xf32> {
  %0 = top.Input %arg0 : tensor<1x4x8x8xf32> loc("x")
  %1 = top.AvgPool %0 {kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x4x4xf32> loc("y")
  func.return %1 : tensor<1x4x4x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Leading dimensions become rows; a transposed weight is turned once.
// CHECK: top.Weight : tensor<8x5xf16> loc("m_transposed_f16")
// CHECK: tpu.Reshape {{.*}} -> tensor<6x8xf16> loc("y_rows")
// CHECK: tpu.MatMul {{.*}} -> tensor<6x5xf16> loc("y_matrix")
// CHECK: tpu.Reshape {{.*}} -> tensor<2x3x5xf16> loc("y_f16")
func.func @main(%arg0: tensor<2x3x8xf32>) -> tensor<2x3x5xf32> {
  %0 = top.Input %arg0 : tensor<2x3x8xf32> loc("x")
  %m = top.Weight : tensor<5x8xf32> loc("m")
  %1 = top.MatMul %0, %m {right_transpose = true} : (tensor<2x3x8xf32>, tensor<5x8xf32>) -> tensor<2x3x5xf32> loc("y")
  func.return %1 : tensor<2x3x5xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Division is in f32; a tensor is cast once for all its users.
// CHECK: tpu.BinaryConst {{.*}} loc("a")
// CHECK: tpu.Cast {{.*}} loc("a_f32")
// CHECK: tpu.Binary {{.*}}kind = 5 {{.*}} tensor<1x4xf32> loc("y")
// CHECK-NOT: loc("a_f32
func.func @main(%arg0: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = top.Input %arg0 : tensor<1x4xf32> loc("x")
  %1 = top.MulConst %0 {const_val = 2.0 : f64} : tensor<1x4xf32> loc("a")
  %2 = top.Div %1, %1 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("y")
  func.return %2 : tensor<1x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// x * scale[c] + bias[c] with weights that broadcast over pixels.
// CHECK: top.Weight : tensor<1x4x1x1xf16> loc("s_per_channel_f16")
// CHECK: top.Weight : tensor<1x4x1x1xf16> loc("b_per_channel_f16")
// CHECK: tpu.Binary {{.*}}kind = 2 {{.*}} loc("y_mul")
// CHECK: tpu.Binary {{.*}}kind = 0 {{.*}} loc("y_f16")
func.func @main(%arg0: tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32> {
  %0 = top.Input %arg0 : tensor<1x4x2x2xf32> loc("x")
  %s = top.Weight : tensor<4xf32> loc("s")
  %b = top.Weight : tensor<4xf32> loc("b")
  %1 = top.Scale %0, %s, %b : (tensor<1x4x2x2xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x2x2xf32> loc("y")
  func.return %1 : tensor<1x4x2x2xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// A transposed convolution: the turned filter over the input with zeros between
// its elements, padded by the kernel less 1 less the pads, plus what is appended.
// CHECK: top.Weight : tensor<2x4x3x3xf16> loc("w_turned_f16")
// CHECK: tpu.Conv2D {{.*}}inserts = array<i64: 1, 1>, pads = array<i64: 1, 1, 2, 2>, strides = array<i64: 1, 1>
func.func @main(%arg0: tensor<1x4x8x8xf32>) -> tensor<1x2x16x16xf32> {
  %0 = top.Input %arg0 : tensor<1x4x8x8xf32> loc("x")
  %w = top.Weight : tensor<4x2x3x3xf32> loc("w")
  %1 = top.ConvTranspose %0, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<1x2x16x16xf32> loc("y")
  func.return %1 : tensor<1x2x16x16xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// More is cut off than the filter reaches: taps of zero in front.
// CHECK: top.Weight : tensor<2x4x3x2xf16> loc("w_turned_rows1_0_f16")
// CHECK: tpu.Conv2D {{.*}}pads = array<i64: 0, 1, 1, 1>
func.func @main(%arg0: tensor<1x4x8x8xf32>) -> tensor<1x2x7x9xf32> {
  %0 = top.Input %arg0 : tensor<1x4x8x8xf32> loc("x")
  %w = top.Weight : tensor<4x2x2x2xf32> loc("w")
  %1 = top.ConvTranspose %0, %w {kernel_shape = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 2, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x4x8x8xf32>, tensor<4x2x2x2xf32>) -> tensor<1x2x7x9xf32> loc("y")
  func.return %1 : tensor<1x2x7x9xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// CHECK: tpu.IndexSelect {{.*}}columns = array<i64: 0, 0, 0, 1, 1, 1>, rows = array<i64: 0, 0, 1, 1>
// CHECK: tpu.Concat {{.*}}axis = 1
func.func @main(%arg0: tensor<1x4x2x2xf32>) -> tensor<1x8x4x6xf32> {
  %0 = top.Input %arg0 : tensor<1x4x2x2xf32> loc("x")
  %1 = top.Resize %0 {scales = array<f64: 2.0, 3.0>} : (tensor<1x4x2x2xf32>) -> tensor<1x4x4x6xf32> loc("z")
  %2 = top.Concat %1, %1 {axis = 1 : i64} : (tensor<1x4x4x6xf32>, tensor<1x4x4x6xf32>) -> tensor<1x8x4x6xf32> loc("y")
  func.return %2 : tensor<1x8x4x6xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Linear: chosen columns times their weights, added up; the rows stay.
// CHECK: tpu.IndexSelect {{.*}}columns = array<i64: 0, 0, 0, 1>, rows = array<i64: 0, 1>{{.*}} loc("y_column0_select")
// CHECK: top.Weight : tensor<1x1x1x4xf16> loc("y_column0_weight")
// CHECK: tpu.Binary {{.*}}kind = 2 {{.*}} loc("y_column0_mul")
// CHECK: tpu.IndexSelect {{.*}}columns = array<i64: 0, 1, 1, 1>, rows = array<i64: 0, 1>{{.*}} loc("y_column1_select")
// CHECK: tpu.Binary {{.*}}kind = 2 {{.*}} loc("y_column1_mul")
// CHECK: tpu.Binary {{.*}}kind = 0 {{.*}} loc("y_f16")
// In bf16 the steps are done in f32.
// BF16: tpu.Binary {{.*}}kind = 0 {{.*}} tensor<1x4x2x4xf32> loc("y")
func.func @main(%arg0: tensor<1x4x2x2xf32>) -> tensor<1x4x2x4xf32> {
  %0 = top.Input %arg0 : tensor<1x4x2x2xf32> loc("x")
  %1 = top.Resize %0 {scales = array<f64: 1.0, 2.0>, mode = "linear"} : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x4xf32> loc("y")
  func.return %1 : tensor<1x4x2x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Moves in the type that the values have.
// CHECK: tpu.Permute {{.*}}order = array<i64: 0, 2, 3, 1>{{.*}} : (tensor<1x4x2x6xf32>) -> tensor<1x2x6x4xf32> loc("p")
// CHECK: tpu.Slice {{.*}}starts = array<i64: 0, 1, 0, 0>, steps = array<i64: 1, 1, 2, 1>
// Elements apart along the last dimension are chosen in local memory.
// CHECK: tpu.Slice {{.*}}starts = array<i64: 0, 1, 0, 0>, steps = array<i64: 1, 1, 1, 1>{{.*}} loc("y_slice")
// CHECK: tpu.IndexSelect {{.*}}columns = array<i64: 3, 2, 1, 0>, rows = array<i64: 0, 2>
// CHECK: tpu.Reshape {{.*}} loc("y")
func.func @main(%arg0: tensor<1x4x2x6xf32>) -> (tensor<1x1x3x4xf32>, tensor<1x1x2x4xf32>) {
  %0 = top.Input %arg0 : tensor<1x4x2x6xf32> loc("x")
  %1 = top.Permute %0 {order = array<i64: 0, 2, 3, 1>} : (tensor<1x4x2x6xf32>) -> tensor<1x2x6x4xf32> loc("p")
  %2 = top.Slice %1 {starts = array<i64: 0, 1, 0, 0>, steps = array<i64: 1, 1, 2, 1>} : (tensor<1x2x6x4xf32>) -> tensor<1x1x3x4xf32> loc("s")
  %3 = top.Slice %1 {starts = array<i64: 0, 1, 0, 3>, steps = array<i64: 1, 1, 2, -1>} : (tensor<1x2x6x4xf32>) -> tensor<1x1x2x4xf32> loc("y")
  func.return %2, %3 : tensor<1x1x3x4xf32>, tensor<1x1x2x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Groups of several channels: CONV for each. As many groups as input channels,
// but more output channels, are no depthwise convolution.
// CHECK: tpu.Conv2D {{.*}}group = 2 : i64
// CHECK-NOT: form
// CHECK: tpu.Conv2D {{.*}}group = 4 : i64
// CHECK-NOT: form
func.func @main(%arg0: tensor<1x4x8x8xf32>) -> tensor<1x8x8x8xf32> {
  %0 = top.Input %arg0 : tensor<1x4x8x8xf32> loc("x")
  %v = top.Weight : tensor<4x2x3x3xf32> loc("v")
  %w = top.Weight : tensor<8x1x3x3xf32> loc("w")
  %1 = top.Conv %0, %v {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x4x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x8x8xf32> loc("z")
  %2 = top.Conv %1, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 4 : i64} : (tensor<1x4x8x8xf32>, tensor<8x1x3x3xf32>) -> tensor<1x8x8x8xf32> loc("y")
  func.return %2 : tensor<1x8x8x8xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Two activations by MM2; right matrices as they lie.
// CHECK: tpu.Reshape {{.*}} -> tensor<6x5x8xf16> loc("y_left")
// CHECK: tpu.MatMul %{{.*}}, %{{.*}} {form = 2 : i32, right_transpose = true} : (tensor<6x5x8xf16>, tensor<6x5x8xf16>) -> tensor<6x5x5xf16> loc("y_matrices")
func.func @main(%arg0: tensor<2x3x5x8xf32>) -> tensor<2x3x5x5xf32> {
  %0 = top.Input %arg0 : tensor<2x3x5x8xf32> loc("x")
  %1 = top.MatMul %0, %0 {right_transpose = true} : (tensor<2x3x5x8xf32>, tensor<2x3x5x8xf32>) -> tensor<2x3x5x5xf32> loc("y")
  func.return %1 : tensor<2x3x5x5xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// One right matrix for all: one product. The bias is added to sums in f32.
// CHECK: tpu.MatMul %{{.*}}, %{{.*}} {form = 2 : i32} : (tensor<1x6x4xf16>, tensor<1x4x4xf16>) -> tensor<1x6x4xf32> loc("y_product")
// CHECK: tpu.Binary {{.*}}do_relu = true{{.*}} tensor<1x6x4xf32> loc("y_matrices")
func.func @main(%arg0: tensor<6x4xf32>, %arg1: tensor<4x4xf32>) -> tensor<6x4xf32> {
  %0 = top.Input %arg0 : tensor<6x4xf32> loc("x")
  %1 = top.Input %arg1 : tensor<4x4xf32> loc("m")
  %b = top.Weight : tensor<4xf32> loc("b")
  %2 = top.MatMul %0, %1, %b {do_relu = true} : (tensor<6x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<6x4xf32> loc("y")
  func.return %2 : tensor<6x4xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// More than 16 terms are summed in f32, run by run, the last one first.
// CHECK: tpu.Cast {{.*}} -> tensor<4x3x5xf32>
// CHECK: tpu.Reduce {{.*}}chunk = 5 : i64, kind = 1 {{.*}}scale = 2.000000e-01{{.*}} (tensor<12x5x1xf32>) -> tensor<12x1x1xf32> loc("y_reduced")
// CHECK: tpu.Reduce {{.*}}chunk = 4 : i64, kind = 1 {{.*}}scale = 2.500000e-01{{.*}} (tensor<1x4x3xf32>) -> tensor<1x1x3xf32> loc("y_reduced_1")
func.func @main(%arg0: tensor<4x3x5xf32>) -> tensor<1x3x1xf32> {
  %0 = top.Input %arg0 : tensor<4x3x5xf32> loc("x")
  %1 = top.MulConst %0 {const_val = 2.0 : f64} : tensor<4x3x5xf32> loc("z")
  %2 = top.Reduce %1 {axes = array<i64: 0, 2>, mode = "mean"} : (tensor<4x3x5xf32>) -> tensor<1x3x1xf32> loc("y")
  func.return %2 : tensor<1x3x1xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// A minimum is the negative of the maximum of the negatives, in any type.
// CHECK: tpu.BinaryConst {{.*}}const_val = -1.0{{.*}} tensor<2x4xf16> loc("y_neg")
// CHECK: tpu.Reduce {{.*}}kind = 0 {{.*}} tensor<2x1x1xf16>
// CHECK: tpu.BinaryConst {{.*}}const_val = -1.0{{.*}} loc("y_min")
func.func @main(%arg0: tensor<2x4xf32>) -> tensor<2x1xf32> {
  %0 = top.Input %arg0 : tensor<2x4xf32> loc("x")
  %1 = top.MulConst %0 {const_val = 2.0 : f64} : tensor<2x4xf32> loc("z")
  %2 = top.Reduce %1 {axes = array<i64: 1>, mode = "min"} : (tensor<2x4xf32>) -> tensor<2x1xf32> loc("y")
  func.return %2 : tensor<2x1xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Statistics of rows in f32.
// CHECK: tpu.Reduce {{.*}}scale = 1.250000e-01{{.*}} (tensor<2x8x1xf32>) -> tensor<2x1x1xf32> loc("y_mean")
// CHECK: tpu.Reduce {{.*}}scale = 1.250000e-01{{.*}} loc("y_variance")
// CHECK: tpu.Rsqrt {{.*}} tensor<2x1x1xf32> loc("y_rsqrt")
// CHECK: tpu.Binary {{.*}} (tensor<2x8x1xf32>, tensor<8x1xf32>) -> tensor<2x8x1xf32> loc("y_scaled")
func.func @main(%arg0: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %0 = top.Input %arg0 : tensor<2x8xf32> loc("x")
  %w = top.Weight : tensor<8xf32> loc("w")
  %1 = top.LayerNorm %0, %w {axis = 1 : i64, epsilon = 1.0e-5 : f64} : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32> loc("y")
  func.return %1 : tensor<2x8xf32>
}

// -----

// CHECK-LABEL: func.func @main
// BF16-LABEL: func.func @main
// Chosen columns of a dimension that is read backwards.
// CHECK: tpu.Slice {{.*}} {starts = array<i64: 3, 0, 0>, steps = array<i64: -1, 1, 1>} : {{.*}} loc("y_slice")
// CHECK: tpu.IndexSelect {{.*}} {columns = array<i64: 1, 4>, rows = array<i64: 0>}
func.func @main(%arg0: tensor<4x5x6xf32>) -> tensor<4x5x2xf32> {
  %0 = top.Input %arg0 : tensor<4x5x6xf32> loc("x")
  %1 = top.Slice %0 {starts = array<i64: 3, 0, 1>, steps = array<i64: -1, 1, 3>} : (tensor<4x5x6xf32>) -> tensor<4x5x2xf32> loc("y")
  func.return %1 : tensor<4x5x2xf32>
}
