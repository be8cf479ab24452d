// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/scale.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace tpuc::quantization {
namespace {

int32_t Clamp(double value, int32_t least, int32_t most) {
  return static_cast<int32_t>(
      std::clamp(value, static_cast<double>(least), static_cast<double>(most)));
}

// Largest |bias| in units of the accumulator; leaves room for the sum.
constexpr double kMostBias = 1 << 30;

// Of the widest channel's range.
constexpr double kLeastPart = 1.0 / 256;
// How much further other samples may reach.
constexpr double kMargin = 1.3;

// With 0 in each, and none much narrower than the widest.
ChannelRanges Widened(ChannelRanges ranges) {
  double widest = 0;
  for (size_t c = 0; c < ranges.min.size(); ++c) {
    ranges.min[c] = std::min(ranges.min[c], 0.0);
    ranges.max[c] = std::max(ranges.max[c], 0.0);
    widest = std::max(widest, ranges.max[c] - ranges.min[c]);
  }
  if (widest == 0) widest = 1;
  for (size_t c = 0; c < ranges.min.size(); ++c) {
    const double width = ranges.max[c] - ranges.min[c];
    const double least = widest * kLeastPart;
    if (width == 0) {
      ranges.max[c] = least;
    } else if (width < least) {
      ranges.min[c] *= least / width;
      ranges.max[c] *= least / width;
    }
  }
  return ranges;
}

}  // namespace

Storage StorageOf(const TensorRange& range, bool asymmetric) {
  Storage storage;
  if (range.min >= 0) {
    storage.is_signed = false;
    storage.scale =
        (asymmetric && range.max > 0 ? range.max : range.threshold) / 255;
  } else if (!asymmetric) {
    storage.scale = range.threshold / 127;
  } else {
    const double max = std::max(range.max, 0.0);
    storage.scale = (max - range.min) / 255;
    storage.zero_point =
        Clamp(std::round(-range.min / storage.scale - 128), -128, 127);
  }
  return storage;
}

ChannelRanges ExpectedRanges(const ChannelRanges& ranges,
                             const TensorRange& whole) {
  ChannelRanges wide = ranges;
  for (size_t c = 0; c < wide.min.size(); ++c) {
    wide.min[c] =
        std::min(wide.min[c], std::max(wide.min[c] * kMargin, whole.min));
    wide.max[c] =
        std::max(wide.max[c], std::min(wide.max[c] * kMargin, whole.max));
  }
  return wide;
}

std::vector<Storage> ChannelStorages(const ChannelRanges& ranges) {
  const ChannelRanges wide = Widened(ranges);
  std::vector<Storage> storages;
  for (size_t c = 0; c < wide.min.size(); ++c)
    storages.push_back(StorageOf({0, wide.min[c], wide.max[c]}, true));
  for (Storage& storage : storages) {
    if (storage.is_signed) continue;
    storage.is_signed = true;
    storage.zero_point = -128;
  }
  return storages;
}

// The zero point with the least sum of squares of the scales, each in units of
// what it would be with the zero point that is best for its channel.
std::vector<Storage> ChannelStoragesWithOneZero(const ChannelRanges& ranges) {
  const ChannelRanges wide = Widened(ranges);
  const size_t channels = wide.min.size();
  const auto scale = [&](size_t c, int32_t zero) {
    return std::max(wide.max[c] == 0 ? 0 : wide.max[c] / (127 - zero),
                    wide.min[c] == 0 ? 0 : -wide.min[c] / (zero + 128));
  };
  double least = std::numeric_limits<double>::infinity();
  int32_t best = 0;
  for (int32_t zero = -128; zero <= 127; ++zero) {
    double sum = 0;
    for (size_t c = 0; c < channels; ++c) {
      const double part = scale(c, zero) / (wide.max[c] - wide.min[c]);
      sum += part * part;
    }
    if (sum >= least) continue;
    least = sum;
    best = zero;
  }
  std::vector<Storage> storages;
  for (size_t c = 0; c < channels; ++c)
    storages.push_back({scale(c, best), best, true});
  return storages;
}

Tensor Dequantized(const Tensor& integers, double scale, int32_t zero_point) {
  Tensor numbers(DType::kF32, integers.shape());
  const auto factor = static_cast<float>(scale);
  float* to = numbers.data<float>();
  const auto convert = [&](const auto* from) {
    for (int64_t i = 0; i < integers.NumElements(); ++i)
      to[i] = static_cast<float>(from[i] - zero_point) * factor;
  };
  if (integers.dtype() == DType::kU8)
    convert(integers.data<uint8_t>());
  else
    convert(integers.data<int8_t>());
  return numbers;
}

Tensor Quantized(const Tensor& numbers, float factor, int32_t zero_point,
                 DType type) {
  Tensor integers(type, numbers.shape());
  const int32_t least = type == DType::kU8 ? 0 : -128;
  const float* from = numbers.data<float>();
  for (int64_t i = 0; i < numbers.NumElements(); ++i) {
    const double q = std::round(from[i] * factor) + zero_point;
    const int32_t value = std::isnan(q) ? 0 : Clamp(q, least, least + 255);
    static_cast<uint8_t*>(integers.raw())[i] = static_cast<uint8_t>(value);
  }
  return integers;
}

Rescale RescaleOf(double factor) {
  if (factor == 0) return {};
  int exponent = 0;
  const double fraction = std::frexp(factor, &exponent);
  auto multiplier =
      static_cast<int64_t>(std::llround(std::ldexp(fraction, 31)));
  if (multiplier == int64_t{1} << 31 || multiplier == -(int64_t{1} << 31)) {
    multiplier /= 2;
    ++exponent;
  }
  // Below 2^-32 every product of 32 bits rounds to 0.
  if (exponent < -32) return {};
  return {static_cast<int32_t>(multiplier), std::min(exponent - 31, 31)};
}

CommonRescale CommonRescaleOf(const std::vector<double>& factors) {
  double most = 0;
  for (double factor : factors) most = std::max(most, std::abs(factor));
  if (most >= 1 << 15) return {};
  int exponent = 0;
  if (most > 0) std::frexp(most, &exponent);
  CommonRescale result;
  // Below 2^exponent, so below 2^15 when multiplied by 2^(15 - exponent).
  result.shift = std::max(exponent - 15, -48);
  const auto multiply = [&] {
    result.multipliers.clear();
    int64_t largest = 0;
    for (double factor : factors) {
      result.multipliers.push_back(
          std::llround(std::ldexp(factor, -static_cast<int>(result.shift))));
      largest = std::max(largest, std::abs(result.multipliers.back()));
    }
    return largest;
  };
  if (multiply() >= 1 << 15) {
    ++result.shift;
    multiply();
  }
  return result;
}

absl::StatusOr<QuantizedWeights> QuantizeWeights(
    const Tensor& weights, const Tensor* bias,
    const std::vector<double>& scales, absl::Span<const Storage> inputs,
    absl::Span<const Storage> outputs) {
  const int64_t channels = weights.shape()[0];
  const int64_t size = channels == 0 ? 0 : weights.NumElements() / channels;
  if (!scales.empty() && scales.size() != 1 &&
      static_cast<int64_t>(scales.size()) != channels) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", scales.size(),
                     " scales in the calibration table; accepted are 1 and ",
                     channels, ", the number of output channels"));
  }
  QuantizedWeights result{Tensor(DType::kI8, weights.shape()),
                          Tensor(DType::kI32, {channels}),
                          Tensor(DType::kI32, {channels, 3})};
  for (int64_t c = 0; c < channels; ++c) {
    const Storage& input = inputs[inputs.size() == 1 ? 0 : c];
    const Storage& output = outputs[outputs.size() == 1 ? 0 : c];
    const float* from = weights.data<float>() + c * size;
    const double b = bias == nullptr ? 0 : bias->data<float>()[c];
    double largest = 0;
    for (int64_t i = 0; i < size; ++i) {
      if (!std::isfinite(from[i])) {
        return absl::InvalidArgumentError(
            absl::StrCat("holds ", from[i], ", which 8 bits can't hold"));
      }
      largest = std::max(largest, std::abs(static_cast<double>(from[i])));
    }
    if (!std::isfinite(b)) {
      return absl::InvalidArgumentError(absl::StrCat("has a bias of ", b));
    }
    double scale = largest / 127;
    if (!scales.empty()) scale = scales[scales.size() == 1 ? 0 : c];
    scale = std::max(scale, std::abs(b) / (input.scale * kMostBias));
    if (scale == 0) scale = 1;  // no weight and no bias
    int8_t* to = result.filter.data<int8_t>() + c * size;
    int64_t sum = 0;
    for (int64_t i = 0; i < size; ++i) {
      to[i] =
          static_cast<int8_t>(Clamp(std::round(from[i] / scale), -127, 127));
      sum += to[i];
    }
    result.bias.data<int32_t>()[c] =
        Clamp(std::round(b / (input.scale * scale)) -
                  static_cast<double>(input.zero_point * sum),
              INT32_MIN, INT32_MAX);
    const Rescale rescale = RescaleOf(input.scale * scale / output.scale);
    int32_t* row = result.requant.data<int32_t>() + c * 3;
    row[0] = rescale.multiplier;
    row[1] = rescale.shift;
    row[2] = output.zero_point;
  }
  return result;
}

}  // namespace tpuc::quantization
