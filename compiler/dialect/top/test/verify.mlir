// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @dynamic(%x: tensor<?xf32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor}}
  %0 = "top.Relu"(%x) : (tensor<?xf32>) -> tensor<?xf32>
  func.return
}

// -----

func.func @conv_shape(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{output must have shape [1, 4, 6, 6], found 'tensor<1x4x8x8xf32>'}}
  %0 = top.Conv %x, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32>
  func.return
}

// -----

func.func @conv_group(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{filter 'tensor<4x3x3x3xf32>' in 2 groups does not fit an input of 3 channels}}
  %0 = top.Conv %x, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @conv_pads(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{pads must have 4 values, found 2}}
  %0 = top.Conv %x, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @matmul(%x: tensor<2x3xf32>, %y: tensor<4x5xf32>) {
  // expected-error @+1 {{inner dimensions differ: 3 and 4}}
  %0 = top.MatMul %x, %y : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  func.return
}

// -----

func.func @broadcast(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // expected-error @+1 {{'tensor<2x3xf32>' and 'tensor<2xf32>' do not broadcast}}
  %0 = top.Add %x, %y : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @types(%x: tensor<3xf32>, %y: tensor<3xf16>) {
  // expected-error @+1 {{operands and result must have one element type}}
  %0 = top.Add %x, %y : (tensor<3xf32>, tensor<3xf16>) -> tensor<3xf32>
  func.return
}

// -----

func.func @pool(%x: tensor<1x1x4x4xf32>) {
  // expected-error @+1 {{pad 2 must be less than the kernel's 2}}
  %0 = top.MaxPool %x {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 2, 0, 0, 0>} : (tensor<1x1x4x4xf32>) -> tensor<1x1x3x2xf32>
  func.return
}

// -----

func.func @axis(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{axis must be in [0, 2), found 2}}
  %0 = top.Softmax %x {axis = 2 : i64} : tensor<2x3xf32>
  func.return
}

// -----

func.func @clip(%x: tensor<3xf32>) {
  // expected-error @+1 {{is above max}}
  %0 = top.Clip %x {min = 2.0 : f64, max = 1.0 : f64} : tensor<3xf32>
  func.return
}

// -----

func.func @reshape(%x: tensor<6xf32>) {
  // expected-error @+1 {{element counts differ: 'tensor<6xf32>' and 'tensor<5xf32>'}}
  %0 = top.Reshape %x : tensor<6xf32> -> tensor<5xf32>
  func.return
}

// -----

func.func @conv_transpose(%x: tensor<1x3x8x8xf32>, %w: tensor<3x2x3x3xf32>) {
  // expected-error @+1 {{output must have shape [1, 2, 16, 16], found 'tensor<1x2x17x17xf32>'}}
  %0 = top.ConvTranspose %x, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<3x2x3x3xf32>) -> tensor<1x2x17x17xf32>
  func.return
}

// -----

func.func @conv_transpose_channels(%x: tensor<1x3x8x8xf32>, %w: tensor<2x3x3x3xf32>) {
  // expected-error @+1 {{filter 'tensor<2x3x3x3xf32>' in 1 groups does not fit an input of 3 channels}}
  %0 = top.ConvTranspose %x, %w {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x3x8x8xf32>, tensor<2x3x3x3xf32>) -> tensor<1x3x8x8xf32>
  func.return
}

// -----

func.func @concat(%x: tensor<2x3xf32>, %y: tensor<4x3xf32>) {
  // expected-error @+1 {{inputs must agree in all dimensions but 1, found 'tensor<2x3xf32>' and 'tensor<4x3xf32>'}}
  %0 = top.Concat %x, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x6xf32>
  func.return
}

// -----

func.func @concat_shape(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{output must have shape [4, 3], found 'tensor<2x6xf32>'}}
  %0 = top.Concat %x, %x {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  func.return
}

// -----

func.func @resize(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{mode 'bilinear' is none of nearest, linear, cubic}}
  %0 = top.Resize %x {scales = array<f64: 2.0, 2.0>, mode = "bilinear"} : (tensor<1x3x8x8xf32>) -> tensor<1x3x16x16xf32>
  func.return
}

// -----

func.func @resize_channels(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{output must have shape [1, 3, 16, 16], found 'tensor<1x6x16x16xf32>'}}
  %0 = top.Resize %x {scales = array<f64: 2.0, 2.0>} : (tensor<1x3x8x8xf32>) -> tensor<1x6x16x16xf32>
  func.return
}

// -----

func.func @permute(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{order must name each of the 2 dimensions once, found 1, 1}}
  %0 = top.Permute %x {order = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<3x3xf32>
  func.return
}

// -----

func.func @permute_shape(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{output must have shape [3, 2], found 'tensor<2x3xf32>'}}
  %0 = top.Permute %x {order = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @slice(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{takes 2 of the 3 elements along dimension 1, from 1 on in steps of 2}}
  %0 = top.Slice %x {starts = array<i64: 0, 1>, steps = array<i64: 1, 2>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  func.return
}

// -----

func.func @pad(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{pads must have 4 values, found 2}}
  %0 = top.Pad %x {pads = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<4x3xf32>
  func.return
}

// -----

func.func @reduce_mode(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{mode 'median' is none of mean, sum, max, min, l2}}
  %0 = top.Reduce %x {axes = array<i64: 1>, mode = "median"} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  func.return
}

// -----

func.func @reduce_axes(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{axes must be ascending in [0, 2), found 0}}
  %0 = top.Reduce %x {axes = array<i64: 1, 0>, mode = "sum"} : (tensor<2x3xf32>) -> tensor<1x1xf32>
  func.return
}

// -----

func.func @layer_norm_scale(%x: tensor<2x3x4xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{scale and bias must have shape [3, 4], found 'tensor<4xf32>'}}
  %0 = top.LayerNorm %x, %s {axis = 1 : i64, epsilon = 1.0e-5 : f64} : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  func.return
}

// -----

func.func @prelu(%x: tensor<2x3xf32>, %s: tensor<2x2x3xf32>) {
  // expected-error @+1 {{slope 'tensor<2x2x3xf32>' does not broadcast to 'tensor<2x3xf32>'}}
  %0 = top.PRelu %x, %s : (tensor<2x3xf32>, tensor<2x2x3xf32>) -> tensor<2x3xf32>
  func.return
}
