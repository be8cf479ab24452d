// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has overlapping buffers at 64..192 and 0..128}}
  %0 = tpu.Group attributes {tiles = [array<i64: 1, 1, 1, 4>], orders = ["nchw"], buffers = [
      {kind = "operand", index = 0 : i64, layout = "aligned", bytes = 128 : i64, count = 1 : i64, life = array<i64: 0, 0>, addresses = array<i64: 0>},
      {kind = "result", index = 0 : i64, layout = "aligned", bytes = 128 : i64, count = 1 : i64, life = array<i64: 0, 0>, addresses = array<i64: 64>}]} {
    %1 = tpu.Load %x : tensor<4xf32> -> tensor<4xf32>
    %2 = tpu.Exp %1 : (tensor<4xf32>) -> tensor<4xf32>
    tpu.Store %2 : tensor<4xf32>
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Buffers whose lives don't meet may share memory.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tpu.Group attributes {tiles = [array<i64: 1, 1, 1, 4>], orders = ["nchw"], buffers = [
      {kind = "operand", index = 0 : i64, layout = "aligned", bytes = 128 : i64, count = 1 : i64, life = array<i64: 0, 1>, addresses = array<i64: 0>},
      {kind = "result", index = 0 : i64, layout = "aligned", bytes = 128 : i64, count = 1 : i64, life = array<i64: 2, 2>, addresses = array<i64: 64>}]} {
    %1 = tpu.Load %x : tensor<4xf32> -> tensor<4xf32>
    %2 = tpu.Exp %1 : (tensor<4xf32>) -> tensor<4xf32>
    tpu.Store %2 : tensor<4xf32>
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{places a buffer at 262080, which isn't a multiple of 64 or ends behind the lane's 262144 bytes}}
  %0 = tpu.Group attributes {tiles = [array<i64: 1, 1, 1, 4>], orders = ["nchw"], buffers = [
      {kind = "operand", index = 0 : i64, layout = "aligned", bytes = 128 : i64, count = 1 : i64, life = array<i64: 0, 0>, addresses = array<i64: 262080>}]} {
    %1 = tpu.Load %x : tensor<4xf32> -> tensor<4xf32>
    tpu.Store %1 : tensor<4xf32>
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has a tile that isn't four positive sizes with an order of n, c, h, w}}
  %0 = tpu.Group attributes {tiles = [array<i64: 1, 1, 1, 4>], orders = ["nchc"], buffers = []} {
    %1 = tpu.Load %x : tensor<4xf32> -> tensor<4xf32>
    tpu.Store %1 : tensor<4xf32>
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has a malformed buffer}}
  %0 = tpu.Group attributes {tiles = [], orders = [], buffers = [{kind = "operand"}]} {
    %1 = tpu.Load %x : tensor<4xf32> -> tensor<4xf32>
    tpu.Store %1 : tensor<4xf32>
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}
