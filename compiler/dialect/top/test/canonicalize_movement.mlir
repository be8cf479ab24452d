// RUN: tpuc-opt %s -make-weights -canonicalize -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s

// CHECK-LABEL: func.func @permutes_merge
//       CHECK: top.Permute %{{.*}} {order = array<i64: 1, 2, 0>} {{.*}} loc("b")
//   CHECK-NOT: top.Permute
func.func @permutes_merge(%x: tensor<2x3x4xf32>) -> tensor<3x4x2xf32> {
  %0 = top.Permute %x {order = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32> loc("a")
  %1 = top.Permute %0 {order = array<i64: 2, 0, 1>} : (tensor<4x2x3xf32>) -> tensor<3x4x2xf32> loc("b")
  func.return %1 : tensor<3x4x2xf32>
}

// To channels last and back.
// CHECK-LABEL: func.func @opposite_permutes_vanish
//   CHECK-NOT: top.Permute
//   CHECK-NOT: top.Reshape
//       CHECK: top.Relu %arg0
func.func @opposite_permutes_vanish(%x: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %0 = top.Permute %x {order = array<i64: 0, 2, 3, 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x4x2xf32> loc("a")
  %1 = top.Permute %0 {order = array<i64: 0, 3, 1, 2>} : (tensor<1x3x4x2xf32>) -> tensor<1x2x3x4xf32> loc("b")
  %2 = top.Relu %1 : tensor<1x2x3x4xf32> loc("c")
  func.return %2 : tensor<1x2x3x4xf32>
}

// CHECK-LABEL: func.func @ones_move_for_nothing
//   CHECK-NOT: top.Permute
//       CHECK: top.Reshape %arg0 : tensor<1x2x1x4xf32> -> tensor<2x1x4x1xf32> loc("b")
func.func @ones_move_for_nothing(%x: tensor<1x2x1x4xf32>) -> tensor<2x1x4x1xf32> {
  %0 = top.Permute %x {order = array<i64: 1, 0, 3, 2>} : (tensor<1x2x1x4xf32>) -> tensor<2x1x4x1xf32> loc("b")
  func.return %0 : tensor<2x1x4x1xf32>
}

// Rows and columns become one dimension, go behind the channels and come back.
// CHECK-LABEL: func.func @across_a_reshape
//   CHECK-NOT: top.Permute
//       CHECK: top.Reshape %arg0 : tensor<1x2x3x4xf32> -> tensor<1x2x12xf32> loc("c")
func.func @across_a_reshape(%x: tensor<1x2x3x4xf32>) -> tensor<1x2x12xf32> {
  %0 = top.Permute %x {order = array<i64: 0, 2, 3, 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x4x2xf32> loc("a")
  %1 = top.Reshape %0 : tensor<1x3x4x2xf32> -> tensor<1x12x2xf32> loc("b")
  %2 = top.Permute %1 {order = array<i64: 0, 2, 1>} : (tensor<1x12x2xf32>) -> tensor<1x2x12xf32> loc("c")
  func.return %2 : tensor<1x2x12xf32>
}

// CHECK-LABEL: func.func @split_by_a_reshape
//       CHECK: top.Reshape %arg0 : tensor<2x12xf32> -> tensor<2x3x4xf32> loc("c_cut")
//       CHECK: top.Permute %{{.*}} {order = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32> loc("c")
//   CHECK-NOT: top.Permute
func.func @split_by_a_reshape(%x: tensor<2x12xf32>) -> tensor<4x2x3xf32> {
  %0 = top.Permute %x {order = array<i64: 1, 0>} : (tensor<2x12xf32>) -> tensor<12x2xf32> loc("a")
  %1 = top.Reshape %0 : tensor<12x2xf32> -> tensor<3x4x2xf32> loc("b")
  %2 = top.Permute %1 {order = array<i64: 1, 2, 0>} : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32> loc("c")
  func.return %2 : tensor<4x2x3xf32>
}

// A reshape that tears dimensions apart stays between its permutations.
// CHECK-LABEL: func.func @torn
//       CHECK: top.Permute
//       CHECK: top.Reshape
//       CHECK: top.Permute
func.func @torn(%x: tensor<4x3xf32>) -> tensor<6x2xf32> {
  %0 = top.Permute %x {order = array<i64: 1, 0>} : (tensor<4x3xf32>) -> tensor<3x4xf32> loc("a")
  %1 = top.Reshape %0 : tensor<3x4xf32> -> tensor<2x6xf32> loc("b")
  %2 = top.Permute %1 {order = array<i64: 1, 0>} : (tensor<2x6xf32>) -> tensor<6x2xf32> loc("c")
  func.return %2 : tensor<6x2xf32>
}

// CHECK-LABEL: func.func @weights_move_now
//       CHECK: top.Weight : tensor<2x3xf32> loc("w_moved")
//   CHECK-NOT: top.Permute
func.func @weights_move_now(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %w = top.Weight : tensor<3x2xf32> loc("w")
  %0 = top.Permute %w {order = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32> loc("w_moved")
  %1 = top.Add %x, %0 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32> loc("sum")
  func.return %1 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @slices_merge
//       CHECK: top.Slice %arg0 {starts = array<i64: 7>, steps = array<i64: -6>} : (tensor<10xf32>) -> tensor<2xf32> loc("b")
//   CHECK-NOT: top.Slice
func.func @slices_merge(%x: tensor<10xf32>) -> tensor<2xf32> {
  %0 = top.Slice %x {starts = array<i64: 1>, steps = array<i64: 3>} : (tensor<10xf32>) -> tensor<3xf32> loc("a")
  %1 = top.Slice %0 {starts = array<i64: 2>, steps = array<i64: -2>} : (tensor<3xf32>) -> tensor<2xf32> loc("b")
  func.return %1 : tensor<2xf32>
}

// CHECK-LABEL: func.func @slice_of_a_concatenation
//   CHECK-NOT: top.Concat
//       CHECK: top.Slice %arg1 {starts = array<i64: 0, 1>, steps = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<2x2xf32> loc("b")
func.func @slice_of_a_concatenation(%x: tensor<2x4xf32>, %y: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %0 = top.Concat %x, %y {axis = 1 : i64} : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<2x7xf32> loc("a")
  %1 = top.Slice %0 {starts = array<i64: 0, 5>, steps = array<i64: 1, 1>} : (tensor<2x7xf32>) -> tensor<2x2xf32> loc("b")
  func.return %1 : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @pieces_joined_again
//   CHECK-NOT: top.Slice
//   CHECK-NOT: top.Concat
//       CHECK: top.Relu %arg0
func.func @pieces_joined_again(%x: tensor<2x7xf32>) -> tensor<2x7xf32> {
  %0 = top.Slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<2x7xf32>) -> tensor<2x4xf32> loc("a")
  %1 = top.Slice %x {starts = array<i64: 0, 4>, steps = array<i64: 1, 1>} : (tensor<2x7xf32>) -> tensor<2x1xf32> loc("b")
  %2 = top.Slice %x {starts = array<i64: 0, 5>, steps = array<i64: 1, 1>} : (tensor<2x7xf32>) -> tensor<2x2xf32> loc("c")
  %3 = top.Concat %0, %1, %2 {axis = 1 : i64} : (tensor<2x4xf32>, tensor<2x1xf32>, tensor<2x2xf32>) -> tensor<2x7xf32> loc("d")
  %4 = top.Relu %3 : tensor<2x7xf32> loc("e")
  func.return %4 : tensor<2x7xf32>
}

// In another order, or along another axis, they are no longer the whole.
// CHECK-LABEL: func.func @pieces_exchanged
//       CHECK: top.Slice
//       CHECK: top.Slice
//       CHECK: top.Concat
func.func @pieces_exchanged(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = top.Slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<2x4xf32>) -> tensor<2x2xf32> loc("a")
  %1 = top.Slice %x {starts = array<i64: 0, 2>, steps = array<i64: 1, 1>} : (tensor<2x4xf32>) -> tensor<2x2xf32> loc("b")
  %2 = top.Concat %1, %0 {axis = 1 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x4xf32> loc("c")
  func.return %2 : tensor<2x4xf32>
}

// Zeros around the rows and columns become the window's padding.
// CHECK-LABEL: func.func @pads_of_windows
//   CHECK-NOT: top.Pad
//       CHECK: top.Conv %arg0, %{{.*}}pads = array<i64: 1, 2, 1, 1>
//       CHECK: top.AvgPool %arg0 {count_include_pad = true, {{.*}}pads = array<i64: 0, 1, 0, 0>
//       CHECK: top.MaxPool %arg0 {{.*}}pads = array<i64: 0, 1, 0, 0>
func.func @pads_of_windows(%x: tensor<1x3x8x8xf32>) -> (tensor<1x4x8x9xf32>, tensor<1x3x6x7xf32>, tensor<1x3x6x7xf32>) {
  %w = top.Weight : tensor<4x3x3x3xf32> loc("w")
  %0 = top.Pad %x {pads = array<i64: 0, 0, 0, 1, 0, 0, 0, 0>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x9xf32> loc("zeros")
  %1 = top.Pad %x {pads = array<i64: 0, 0, 0, 1, 0, 0, 0, 0>, value = -3.5e38 : f64} : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x9xf32> loc("lows")
  %2 = top.Conv %0, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x9xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x9xf32> loc("conv")
  %3 = top.AvgPool %0 {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x8x9xf32>) -> tensor<1x3x6x7xf32> loc("avg")
  %4 = top.MaxPool %1 {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x8x9xf32>) -> tensor<1x3x6x7xf32> loc("max")
  func.return %2, %3, %4 : tensor<1x4x8x9xf32>, tensor<1x3x6x7xf32>, tensor<1x3x6x7xf32>
}

// Zeros are no padding of a maximum; what a window may lie in wholly is none.
// CHECK-LABEL: func.func @pads_that_stay
//       CHECK: top.Pad
//       CHECK: top.Pad
//       CHECK: top.MaxPool
//       CHECK: top.Conv
func.func @pads_that_stay(%x: tensor<1x3x8x8xf32>) -> (tensor<1x3x6x7xf32>, tensor<1x4x8x12xf32>) {
  %w = top.Weight : tensor<4x3x3x3xf32> loc("w3")
  %0 = top.Pad %x {pads = array<i64: 0, 0, 0, 1, 0, 0, 0, 0>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x9xf32> loc("zeros3")
  %1 = top.Pad %x {pads = array<i64: 0, 0, 1, 3, 0, 0, 1, 3>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x10x14xf32> loc("wide")
  %2 = top.MaxPool %0 {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x8x9xf32>) -> tensor<1x3x6x7xf32> loc("max3")
  %3 = top.Conv %1, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x10x14xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x12xf32> loc("conv3")
  func.return %2, %3 : tensor<1x3x6x7xf32>, tensor<1x4x8x12xf32>
}
