// SPDX-License-Identifier: Apache-2.0
// PorD: depthwise convolution and pooling (docs/isa/bm1684x.md, c.3).
//
// f32 depthwise: terms [bias], then f32 products in the order kh, kw, two
// alternating accumulators. f16/bf16: the same with every product, every
// addition and the final sum rounded to 16 bits. Average: each element is
// multiplied by `scale` first, no bias, accumulators start at -0. 8 bit
// average: sum of x * multiplier, then a right shift that rounds half up,
// saturated. Max: "a > b ? a : b" in window order, from the lowest finite value
// on.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "compiler/numerics/float_format.h"
#include "compiler/numerics/view.h"
#include "compiler/numerics/window.h"
#include "compiler/support/dtype.h"

namespace tpuc::numerics {

enum class PoolOp : uint8_t {
  kDepthwise = 0,
  kAverage = 1,
  kDepthwiseRelu = 2,  // relu for integer results only, as on the chip
  kMax = 4,
};

struct PoolSpec {
  PoolOp op = PoolOp::kMax;
  DType input = DType::kF32;
  DType filter = DType::kF32;  // depthwise; 8-bit types mix
  DType result = DType::kF32;  // floats: as input. 8-bit depthwise: i32/narrow
  int64_t n = 1, c = 1;
  Window window;
  uint32_t scale_bits = 0;  // kAverage: in the input's type; integer multiplier
  int shift = 0;            // kAverage of integers: right shift
};

struct PoolOperands {
  Planes input;
  // kDepthwise: per channel [kh][kw]; all may point to one value when
  // filter_is_splat.
  std::vector<const void*> filter;
  bool filter_is_splat = false;
  // Depthwise: one pointer a channel to a value of the data's type (i32 for
  // 8 bit), or empty.
  std::vector<const void*> bias;
  std::vector<uint32_t> pad_bits;  // raw value in `input` type: 1, c or none
  MutablePlanes result;
};

// Channels [c_begin, c_end). Different channels may run on several threads.
// The result must not overlap the input.
absl::Status Pool(const PoolSpec& spec, const PoolOperands& operands,
                  int64_t c_begin, int64_t c_end);

}  // namespace tpuc::numerics
