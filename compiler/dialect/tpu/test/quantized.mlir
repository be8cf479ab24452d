// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

!u = !quant.uniform<u8:f32, 0.05>
!s = !quant.uniform<i8:f32, 0.1:3>

func.func @accepted(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %r: tensor<4x3xi32>, %t: tensor<256xi8>) -> tensor<1x4x4x4xf16> {
  %0 = tpu.Quantize %x : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8x!s>
  %1 = tpu.QuantizedConv2D %0, %w, %b, %r {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8x!s>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4x3xi32>) -> tensor<1x4x8x8x!u>
  %2 = tpu.Lut %1, %t : (tensor<1x4x8x8x!u>, tensor<256xi8>) -> tensor<1x4x8x8x!s>
  %3 = tpu.QuantizedBinary %1, %2 {kind = 0 : i32, multipliers = array<i64: 20000, -300>, shift = -12 : i64} : (tensor<1x4x8x8x!u>, tensor<1x4x8x8x!s>) -> tensor<1x4x8x8x!s>
  %4 = tpu.QuantizedAvgPool2D %3 {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, multiplier = 1073741824 : i64, shift = -32 : i64} : (tensor<1x4x8x8x!s>) -> tensor<1x4x4x4x!s>
  %5 = tpu.Requant %4 {multiplier = 5 : i64, shift = -2 : i64} : (tensor<1x4x4x4x!s>) -> tensor<1x4x4x4x!u>
  %6 = tpu.Dequantize %5 : (tensor<1x4x4x4x!u>) -> tensor<1x4x4x4xf16>
  return %6 : tensor<1x4x4x4xf16>
}

// -----

func.func @unsigned_zero_point(%x: tensor<4xf32>) {
  // expected-error @+1 {{output is unsigned and must have zero point 0}}
  %0 = tpu.Quantize %x : (tensor<4xf32>) -> tensor<4x!quant.uniform<u8:f32, 0.1:3>>
  func.return
}

// -----

func.func @wide_storage(%x: tensor<4xf32>) {
  // expected-error @+1 {{output must be 8 bits of f32}}
  %0 = tpu.Quantize %x : (tensor<4xf32>) -> tensor<4x!quant.uniform<i16:f32, 0.1>>
  func.return
}

// -----

!s = !quant.uniform<i8:f32, 0.1:3>
func.func @inserts(%x: tensor<1x3x8x8x!s>, %w: tensor<4x3x2x2xi8>, %b: tensor<4xi32>, %r: tensor<4x3xi32>) {
  // expected-error @+1 {{inserts zeros, which needs an input with zero point 0}}
  %1 = tpu.QuantizedConv2D %x, %w, %b, %r {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, inserts = array<i64: 1, 1>} : (tensor<1x3x8x8x!s>, tensor<4x3x2x2xi8>, tensor<4xi32>, tensor<4x3xi32>) -> tensor<1x4x16x16x!s>
  func.return
}

// -----

!s = !quant.uniform<i8:f32, 0.1>
func.func @requant_table(%x: tensor<2x3x!s>, %w: tensor<3x4xi8>, %b: tensor<4xi32>, %r: tensor<4x2xi32>) {
  // expected-error @+1 {{requant must be i32 [4, 3], found 'tensor<4x2xi32>'}}
  %1 = tpu.QuantizedMatMul %x, %w, %b, %r : (tensor<2x3x!s>, tensor<3x4xi8>, tensor<4xi32>, tensor<4x2xi32>) -> tensor<2x4x!s>
  func.return
}

// -----

!s = !quant.uniform<i8:f32, 0.1>
func.func @add_multipliers(%x: tensor<4x!s>) {
  // expected-error @+1 {{multipliers must lie in [-32768, 32767], found 40000}}
  %0 = tpu.QuantizedBinary %x, %x {kind = 0 : i32, multipliers = array<i64: 40000, 1>, shift = -12 : i64} : (tensor<4x!s>, tensor<4x!s>) -> tensor<4x!s>
  func.return
}

// -----

!s = !quant.uniform<i8:f32, 0.1>
func.func @average_in_float_only(%x: tensor<1x1x2x2x!s>) {
  // expected-error @+1 {{input must be f32, f16 or bf16}}
  %0 = tpu.Pool2D %x {kind = 1 : i32, kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x1x2x2x!s>) -> tensor<1x1x1x1x!s>
  func.return
}
