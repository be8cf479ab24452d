// SPDX-License-Identifier: Apache-2.0
// CONV (docs/isa/bm1684x.md, c.2): exact accumulation orders.
//
// f32: terms [bias][old result], then products in the order ic, kh, kw
// including those of padding; term t goes to accumulator t mod 2; the result
// is their sum. f16/bf16: f32 accumulator starting at bias (+ old result);
// groups of 32 input channels outermost, then kh, kw; a group's 32 products go
// through the truncating aligned adder. int8: sum of (w - zero point) * x,
// modulo 2^32.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/numerics/parallel_for.h"
#include "compiler/numerics/view.h"
#include "compiler/numerics/window.h"
#include "compiler/support/dtype.h"

namespace tpuc::numerics {

enum class FilterOrder : uint8_t {
  kOihw,   // filter[oc] -> [ic][kh][kw]
  kNic,    // filter[oc] -> [ic/K][kh][kw][K], the chip's layout, K = 64/32/1
  kSplat,  // filter[oc] -> one value for all taps
};

struct ConvSpec {
  DType input = DType::kF32;   // f32, f16, bf16, i8, u8
  DType filter = DType::kF32;  // as input; i8 and u8 mix
  // f32 -> f32; f16, bf16 -> the same or f32; 8 bit -> i32 or u32.
  DType result = DType::kF32;
  int64_t n = 1, ic = 1, oc = 1;
  Window window;
  FilterOrder filter_order = FilterOrder::kOihw;
  bool accumulate = false;  // res_add: start from the old f32 or int32 result
};

// Fails for windows, types and extents that the chip lacks.
absl::Status Validate(const ConvSpec& spec);

struct ConvOperands {
  Planes input;                     // ic channels
  std::vector<const void*> filter;  // one pointer an output channel
  std::vector<float> bias;          // oc values, or empty
  std::vector<int32_t> zero_point;  // of the filter: oc values, or empty
  std::vector<uint32_t> pad_bits;   // raw value in `input` type: 1, ic or none
  MutablePlanes result;             // oc channels
};

// A convolution with operands read and widened once. Tiles may run in any
// order and on several threads; each writes results of its own.
class Convolution {
 public:
  // Copies the input and the filter; both may be overwritten afterwards, and
  // the result may overlap the input.
  static absl::StatusOr<std::unique_ptr<Convolution>> Prepare(
      const ConvSpec& spec, const ConvOperands& operands,
      const ParallelFor& parallel = Serially);
  virtual ~Convolution() = default;

  virtual int64_t NumTiles() const = 0;
  virtual void Run(int64_t tile_begin, int64_t tile_end) const = 0;
};

// Prepare and run everything on the calling thread.
absl::Status Convolve(const ConvSpec& spec, const ConvOperands& operands);

}  // namespace tpuc::numerics
