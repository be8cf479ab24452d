// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/target/bm1684x/kernels/elementwise_kernels.h"

// Elementwise kernels with operands or results of 8 bits.
namespace tpuc::bm1684x {

struct QuantizeSpec {
  UnarySpec unary;
  float scale = 1.0f;  // that the value is multiplied with
  int32_t zero_point = 0;
};
// saturate(round(x * scale) + zero point), half away from zero.
std::unique_ptr<Kernel> MakeQuantizeKernel(const QuantizeSpec& spec);
// (q - zero point) * scale
std::unique_ptr<Kernel> MakeDequantizeKernel(const QuantizeSpec& spec);

// rq1: saturate((x * multiplier shifted by shift) + zero point).
struct Scaling {
  int32_t multiplier = 1;
  int32_t shift = 0;  // negative: right
  int32_t zero_point = 0;
};

struct RequantSpec {
  UnarySpec unary;
  int32_t input_zero_point = 0;
  Scaling scaling;
};
std::unique_ptr<Kernel> MakeRequantKernel(const RequantSpec& spec);

// The second operand is a table of 256 bytes; `per_channel`: of each channel,
// which takes natural views.
std::unique_ptr<Kernel> MakeLutKernel(const UnarySpec& spec, bool per_channel);

// (a - za) * ma + (b - zb) * mb, or the product of the two, scaled.
struct QuantizedBinarySpec {
  struct Operand {
    std::vector<int64_t> shape;
    DType dtype = DType::kI8;
    int32_t zero_point = 0;
    int32_t multiplier = 1;
  };
  std::vector<int64_t> shape;
  DType output = DType::kI8;
  bool adds = true;
  std::array<Operand, 2> operands;
  Scaling scaling;
  Views views = Views::kFlat;
};
std::unique_ptr<Kernel> MakeQuantizedBinaryKernel(
    const QuantizedBinarySpec& spec);

}  // namespace tpuc::bm1684x
