// SPDX-License-Identifier: Apache-2.0
// From ranges of tensors to the integers that the chip computes with (manual,
// chapter 6): number = scale * (integer - zero point).
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "compiler/quantization/calibration_table.h"
#include "compiler/support/tensor.h"

namespace tpuc::quantization {

// How the numbers of a tensor are stored in 8 bits.
struct Storage {
  double scale = 1;
  int32_t zero_point = 0;
  bool is_signed = true;
};

// A tensor without negative numbers is unsigned with zero point 0 and scale
// threshold / 255 (symmetric) or max / 255. Others are signed: symmetric with
// scale threshold / 127, asymmetric with scale (max - min) / 255 and the
// lowest number at -128. The range is stretched to hold 0.
Storage StorageOf(const TensorRange& range, bool asymmetric);

// The ranges of channels that are to be expected of other samples: 1.3 times as
// wide, but within that of the whole tensor, of which more numbers are known.
ChannelRanges ExpectedRanges(const ChannelRanges& ranges,
                             const TensorRange& whole);

// A storage for each channel, signed. In the first form with a zero point each,
// in the second with one for all, as padding needs it. No channel's range is
// taken for less than 1/256 of the widest.
std::vector<Storage> ChannelStorages(const ChannelRanges& ranges);
std::vector<Storage> ChannelStoragesWithOneZero(const ChannelRanges& ranges);

// The numbers that the integers of an 8-bit tensor stand for: f32(integer -
// zero point) * f32(scale), as the chip converts them.
Tensor Dequantized(const Tensor& integers, double scale, int32_t zero_point);

// The other way: saturate(round(number * factor) + zero point) with `factor` =
// f32(1 / scale), halves away from zero; `type` is i8 or u8.
Tensor Quantized(const Tensor& numbers, float factor, int32_t zero_point,
                 DType type);

// multiplier * 2^shift, with 30 or 31 significant bits in the multiplier;
// right shifts are negative, at least -63. {0, 0} for what is as good as 0.
struct Rescale {
  int32_t multiplier = 0;
  int32_t shift = 0;
};
Rescale RescaleOf(double factor);

// Factors as integers below 2^15 with one shift: factor[i] is near
// multiplier[i] * 2^shift, shift <= 0. Empty when a factor is 2^15 or more.
struct CommonRescale {
  std::vector<int64_t> multipliers;
  int64_t shift = 0;
};
CommonRescale CommonRescaleOf(const std::vector<double>& factors);

// Weights [OC, ...] and bias of a convolution or product whose input has
// `input` and whose result has `output`, one storage or one for each of the
// output channels, which for the input is right in depthwise convolutions:
// symmetric, a scale for each output channel, the largest weight / 127.
struct QuantizedWeights {
  Tensor filter;   // i8, as the weights
  Tensor bias;     // i32 [OC], less the input's zero point * sum of the filter
  Tensor requant;  // i32 [OC, 3]: multiplier, shift, the output's zero point
};
// `bias` null: none. `scales`: of training, one or OC, instead of those of the
// data; empty: none. An error says which value isn't finite or what count of
// scales is wrong.
absl::StatusOr<QuantizedWeights> QuantizeWeights(
    const Tensor& weights, const Tensor* bias,
    const std::vector<double>& scales, absl::Span<const Storage> input,
    absl::Span<const Storage> output);

}  // namespace tpuc::quantization
