// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @cast(%x: tensor<4xf16>) {
  // expected-error @+1 {{cannot cast between f16 and bf16 directly; go through f32}}
  %0 = tpu.Cast %x : (tensor<4xf16>) -> tensor<4xbf16>
  func.return
}

// -----

func.func @conv_shape(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{output must have shape [1, 4, 6, 6], found 'tensor<1x4x8x8xf32>'}}
  %0 = tpu.Conv2D %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32>
  func.return
}

// -----

func.func @conv_bias(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf16>, %b: tensor<4xf16>) {
  // expected-error @+1 {{bias must be 'f32', found 'tensor<4xf16>'}}
  %0 = tpu.Conv2D %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf16>, tensor<4xf16>) -> tensor<1x4x8x8xf16>
  func.return
}

// -----

func.func @conv_groups(%x: tensor<1x4x8x8xf32>, %w: tensor<3x2x3x3xf32>) {
  // expected-error @+1 {{has 3 output channels in 2 groups}}
  %0 = tpu.Conv2D %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x4x8x8xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x8x8xf32>
  func.return
}

// -----

func.func @cuts(%x: tensor<2x64xf16>, %w: tensor<64x8xf16>) {
  // expected-error @+1 {{ic_cuts must be ascending multiples of 32 below 64, found 33}}
  %0 = tpu.MatMul %x, %w {ic_cuts = array<i64: 33>} : (tensor<2x64xf16>, tensor<64x8xf16>) -> tensor<2x8xf16>
  func.return
}

// -----

func.func @cuts_f32(%x: tensor<2x64xf32>, %w: tensor<64x8xf32>) {
  // expected-error @+1 {{ic_cuts need f16 or bf16}}
  %0 = tpu.MatMul %x, %w {ic_cuts = array<i64: 32>} : (tensor<2x64xf32>, tensor<64x8xf32>) -> tensor<2x8xf32>
  func.return
}

// -----

func.func @reduce(%x: tensor<2x10x3xf32>) {
  // expected-error @+1 {{output must have shape [2, 3, 3]}}
  %0 = tpu.Reduce %x {chunk = 4 : i64, kind = 1 : i32} : (tensor<2x10x3xf32>) -> tensor<2x2x3xf32>
  func.return
}

// -----

func.func @divide(%x: tensor<4xf16>) {
  // expected-error @+1 {{div needs f32 operands}}
  %0 = tpu.Binary %x, %x {kind = 5 : i32} : (tensor<4xf16>, tensor<4xf16>) -> tensor<4xf16>
  func.return
}

// -----

func.func @exp(%x: tensor<4xf16>) {
  // expected-error @+1 {{needs an f32 operand; cast first}}
  %0 = tpu.Exp %x : (tensor<4xf16>) -> tensor<4xf16>
  func.return
}

// -----

func.func @broadcast(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) {
  // expected-error @+1 {{operands do not broadcast}}
  %0 = tpu.Binary %x, %y {kind = 0 : i32} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @inserts(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x2x2xf32>) {
  // expected-error @+1 {{output must have shape [1, 4, 16, 15], found 'tensor<1x4x16x16xf32>'}}
  %0 = tpu.Conv2D %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 0>, dilations = array<i64: 1, 1>, inserts = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x2x2xf32>) -> tensor<1x4x16x16xf32>
  func.return
}

// -----

func.func @concat(%x: tensor<2x3xf16>, %y: tensor<2x3xf32>) {
  // expected-error @+1 {{input and output must have one element type}}
  %0 = tpu.Concat %x, %y {axis = 0 : i64} : (tensor<2x3xf16>, tensor<2x3xf32>) -> tensor<4x3xf32>
  func.return
}

// -----

func.func @select(%x: tensor<1x1x2x3xf16>) {
  // expected-error @+1 {{columns must lie in [0, 3), found 3}}
  %0 = tpu.IndexSelect %x {rows = array<i64: 0, 1>, columns = array<i64: 2, 3>} : (tensor<1x1x2x3xf16>) -> tensor<1x1x2x2xf16>
  func.return
}

// -----

func.func @permute(%x: tensor<2x3xf16>) {
  // expected-error @+1 {{order must name each of the 2 dimensions once, found 5, 0}}
  %0 = tpu.Permute %x {order = array<i64: 5, 0>} : (tensor<2x3xf16>) -> tensor<3x2xf16>
  func.return
}

// -----

func.func @slice(%x: tensor<4xf16>) {
  // expected-error @+1 {{takes 3 of the 4 elements along dimension 0, from 1 on in steps of -1}}
  %0 = tpu.Slice %x {starts = array<i64: 1>, steps = array<i64: -1>} : (tensor<4xf16>) -> tensor<3xf16>
  func.return
}

// -----

func.func @batches(%x: tensor<2x4x8xf16>, %w: tensor<3x8x5xf16>) {
  // expected-error @+1 {{input has 2 matrices, right has 3}}
  %0 = tpu.MatMul %x, %w {form = 2 : i32} : (tensor<2x4x8xf16>, tensor<3x8x5xf16>) -> tensor<3x4x5xf16>
  func.return
}

// -----

func.func @product_form(%x: tensor<2x4x8xf32>, %w: tensor<2x8x5xf32>) {
  // expected-error @+1 {{form left_conv is for f32 and form mm2 for f16 and bf16, found 'tensor<2x4x8xf32>'}}
  %0 = tpu.MatMul %x, %w {form = 2 : i32} : (tensor<2x4x8xf32>, tensor<2x8x5xf32>) -> tensor<2x4x5xf32>
  func.return
}
