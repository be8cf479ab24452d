// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/target/bm1684x/kernel.h"

// Kernels that slide a window: convolutions, matrix products as convolutions,
// pooling, reductions.
namespace tpuc::bm1684x {

struct WindowSpec {
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t insert_h = 0, insert_w = 0;  // zeros between neighbours of the input
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  uint32_t pad_bits = 0;  // what pads hold, in the input's type
};

struct ConvSpec {
  Dims input, output;  // NCHW
  DType dtype = DType::kF32;
  bool has_bias = false;
  WindowSpec window;
  int64_t group = 1;             // of CONV
  bool interleave = false;       // the groups' output channels take turns
  std::vector<int64_t> ic_cuts;  // ascending, multiples of 32, 64 for 8 bits
  Relu relu;
  // For an 8-bit input: the filter is i8, the bias, which must be there, i32;
  // a further operand, i32 [OC, 3], tells how the sum of a channel becomes one
  // of this type: multiplier, shift, zero point (c.6, rq1).
  std::optional<DType> requant;
};

// input [N, IC, IH, IW], filter [OC, IC/group, KH, KW], bias f32 [OC] (c.2).
// Each group is a part of its own.
absl::StatusOr<std::unique_ptr<Kernel>> MakeConvKernel(const ConvSpec& spec);

// The same with one filter per channel, bias of the data's type (c.3).
absl::StatusOr<std::unique_ptr<Kernel>> MakeDepthwiseKernel(
    const ConvSpec& spec);

struct MatMulSpec {
  int64_t m = 1, k = 1, n = 1;
  DType dtype = DType::kF32;
  bool has_bias = false;
  std::vector<int64_t> ic_cuts;
  Relu relu;
  std::optional<DType> requant;  // as ConvSpec's
};

// input [M, K], right [K, N], bias f32 [N], as a 1x1 convolution of M pixels.
absl::StatusOr<std::unique_ptr<Kernel>> MakeMatMulKernel(
    const MatMulSpec& spec);

struct PoolSpec {
  Dims input, output;
  DType dtype = DType::kF32;
  bool is_max = false;
  double scale = 1.0;  // of the average
  WindowSpec window;
};
absl::StatusOr<std::unique_ptr<Kernel>> MakePoolKernel(const PoolSpec& spec);

struct QuantizedAveragePoolSpec {
  Dims input, output;
  DType dtype = DType::kI8, result = DType::kI8;
  int32_t zero_point = 0;  // of the input, in the pads too
  WindowSpec window;
  int32_t multiplier = 1, shift = 0, result_zero_point = 0;
};
// The sum of what exceeds the zero point in a window, requantised.
absl::StatusOr<std::unique_ptr<Kernel>> MakeQuantizedAveragePoolKernel(
    const QuantizedAveragePoolSpec& spec);

struct ReduceSpec {
  int64_t outer = 1, length = 1, inner = 1, chunk = 1;
  DType dtype = DType::kF32;
  bool is_max = false;
  double scale = 1.0;
};
// [outer, length, inner] -> [outer, ceil(length / chunk), inner].
absl::StatusOr<std::unique_ptr<Kernel>> MakeReduceKernel(
    const ReduceSpec& spec);

}  // namespace tpuc::bm1684x
