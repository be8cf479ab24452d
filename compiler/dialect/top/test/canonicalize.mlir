// RUN: tpuc-opt %s -make-weights -canonicalize -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s

// A scale, a bias and a clamp fold into the convolution, which takes the name
// of the last of them.
// CHECK-LABEL: func.func @conv
//       CHECK: %[[F:.*]] = top.Weight : tensor<4x3x3x3xf32> loc("scale.filter")
//       CHECK: %[[B:.*]] = top.Weight : tensor<4xf32> loc("sum.bias")
//       CHECK: top.Conv %{{.*}}, %[[F]], %[[B]] {{.*}}do_relu = true{{.*}}relu_limit = 6.000000e+00 : f64{{.*}} loc("relu6")
//   CHECK-NOT: top.Scale
//   CHECK-NOT: top.Add
//   CHECK-NOT: top.Clip
func.func @conv(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x6x6xf32> {
  %w = top.Weight : tensor<4x3x3x3xf32> loc("w")
  %s = top.Weight : tensor<4xf32> loc("s")
  %o = top.Weight : tensor<4xf32> loc("o")
  %b = top.Weight : tensor<1x4x1x1xf32> loc("b")
  %0 = top.Conv %x, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32> loc("conv")
  %1 = top.Scale %0, %s, %o : (tensor<1x4x6x6xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x6x6xf32> loc("scale")
  %2 = top.Add %1, %b : (tensor<1x4x6x6xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x6x6xf32> loc("sum")
  %3 = top.Clip %2 {min = 0.0 : f64, max = 6.0 : f64} : tensor<1x4x6x6xf32> loc("relu6")
  func.return %3 : tensor<1x4x6x6xf32>
}

// A convolution with a second reader stays as it is.
// CHECK-LABEL: func.func @shared
//       CHECK: top.Conv
//  CHECK-SAME: loc("conv")
//       CHECK: top.Relu
func.func @shared(%x: tensor<1x3x8x8xf32>) -> (tensor<1x4x6x6xf32>, tensor<1x4x6x6xf32>) {
  %w = top.Weight : tensor<4x3x3x3xf32> loc("w")
  %0 = top.Conv %x, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32> loc("conv")
  %1 = top.Relu %0 : tensor<1x4x6x6xf32> loc("relu")
  func.return %0, %1 : tensor<1x4x6x6xf32>, tensor<1x4x6x6xf32>
}

// CHECK-LABEL: func.func @matmul
//       CHECK: top.MatMul %{{.*}}, %{{.*}}, %{{.*}} loc("sum")
//   CHECK-NOT: top.Add
func.func @matmul(%x: tensor<2x3xf32>) -> tensor<2x5xf32> {
  %w = top.Weight : tensor<3x5xf32> loc("mw")
  %b = top.Weight : tensor<1x5xf32> loc("mb")
  %0 = top.MatMul %x, %w : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32> loc("product")
  %1 = top.Add %b, %0 : (tensor<1x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32> loc("sum")
  func.return %1 : tensor<2x5xf32>
}

// CHECK-LABEL: func.func @splats
//       CHECK: top.AddConst
//       CHECK: top.MulConst
//   CHECK-NOT: top.Weight
func.func @splats(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = top.Weight : tensor<1xf32> loc("a")
  %c = top.Weight : tensor<1xf32> loc("c")
  %0 = top.Add %x, %a : (tensor<2x3xf32>, tensor<1xf32>) -> tensor<2x3xf32> loc("plus")
  %1 = top.Div %0, %c : (tensor<2x3xf32>, tensor<1xf32>) -> tensor<2x3xf32> loc("over")
  func.return %1 : tensor<2x3xf32>
}

// The splat gives the result its shape: nothing to fold.
// CHECK-LABEL: func.func @widening
//       CHECK: top.Add
func.func @widening(%x: tensor<1x1xf32>) -> tensor<1x1x1xf32> {
  %a = top.Weight : tensor<1x1x1xf32> loc("wide")
  %0 = top.Add %x, %a : (tensor<1x1xf32>, tensor<1x1x1xf32>) -> tensor<1x1x1xf32> loc("plus")
  func.return %0 : tensor<1x1x1xf32>
}

// CHECK-LABEL: func.func @reshapes
//       CHECK: top.Reshape %{{.*}} : tensor<2x3x4xf32> -> tensor<24xf32> loc("last")
//   CHECK-NOT: top.Reshape
func.func @reshapes(%x: tensor<2x3x4xf32>) -> tensor<24xf32> {
  %0 = top.Reshape %x : tensor<2x3x4xf32> -> tensor<6x4xf32> loc("first")
  %1 = top.Reshape %0 : tensor<6x4xf32> -> tensor<24xf32> loc("last")
  func.return %1 : tensor<24xf32>
}

// Two weights of one type are never merged.
// CHECK-LABEL: func.func @weights
//       CHECK: top.Weight : tensor<4xf32> loc("p")
//       CHECK: top.Weight : tensor<4xf32> loc("q")
func.func @weights(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %p = top.Weight : tensor<4xf32> loc("p")
  %q = top.Weight : tensor<4xf32> loc("q")
  %0 = top.Mul %x, %p : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> loc("times")
  %1 = top.Add %0, %q : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> loc("plus")
  func.return %1 : tensor<2x4xf32>
}

// A transposed convolution folds what follows it as well.
// CHECK-LABEL: func.func @conv_transpose
//       CHECK: %[[F:.*]] = top.Weight : tensor<3x4x2x2xf32> loc("tscale.filter")
//       CHECK: %[[B:.*]] = top.Weight : tensor<4xf32> loc("tscale.bias")
//       CHECK: top.ConvTranspose %{{.*}}, %[[F]], %[[B]] {{.*}}do_relu = true{{.*}} loc("trelu")
//   CHECK-NOT: top.Scale
//   CHECK-NOT: top.Relu
func.func @conv_transpose(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x16x16xf32> {
  %w = top.Weight : tensor<3x4x2x2xf32> loc("tw")
  %b = top.Weight : tensor<1x4x1x1xf32> loc("tb")
  %s = top.Weight : tensor<4xf32> loc("ts")
  %o = top.Weight : tensor<4xf32> loc("to")
  %0 = top.ConvTranspose %x, %w {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x3x8x8xf32>, tensor<3x4x2x2xf32>) -> tensor<1x4x16x16xf32> loc("tconv")
  %1 = top.Add %0, %b : (tensor<1x4x16x16xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x16x16xf32> loc("tsum")
  %2 = top.Scale %1, %s, %o : (tensor<1x4x16x16xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x16x16xf32> loc("tscale")
  %3 = top.Relu %2 : tensor<1x4x16x16xf32> loc("trelu")
  func.return %3 : tensor<1x4x16x16xf32>
}

// CHECK-LABEL: func.func @single
//       CHECK: top.Reshape %{{.*}} loc("alone")
//   CHECK-NOT: top.Concat
func.func @single(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = top.Concat %x {axis = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32> loc("alone")
  func.return %0 : tensor<2x3xf32>
}

// Constants behind a convolution fold into it one after the other.
// CHECK-LABEL: func.func @conv_constants
//       CHECK: %[[F:.*]] = top.Weight : tensor<4x3x1x1xf32> loc("half.filter")
//       CHECK: %[[B:.*]] = top.Weight : tensor<4xf32> loc("one.bias")
//       CHECK: top.Conv %{{.*}}, %[[F]], %[[B]] {{.*}} loc("one")
//   CHECK-NOT: top.MulConst
//   CHECK-NOT: top.AddConst
func.func @conv_constants(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %w = top.Weight : tensor<4x3x1x1xf32> loc("cw")
  %0 = top.Conv %x, %w {kernel_shape = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<1x4x8x8xf32> loc("cconv")
  %1 = top.MulConst %0 {const_val = 0.5 : f64} : tensor<1x4x8x8xf32> loc("half")
  %2 = top.AddConst %1 {const_val = 1.0 : f64} : tensor<1x4x8x8xf32> loc("one")
  func.return %2 : tensor<1x4x8x8xf32>
}
