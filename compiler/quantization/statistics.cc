// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "compiler/support/printable.h"

namespace tpuc::quantization {
namespace {

// Floats in the order of their values, -0 below 0, as integers: reductions
// over those become vector instructions.
int32_t ToOrdered(float value) {
  int32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

float FromOrdered(int32_t ordered) {
  const int32_t bits = ordered ^ ((ordered >> 31) & 0x7fffffff);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// The least exponent with magnitude < 2^exponent.
int ExponentOf(float magnitude) {
  if (magnitude == 0) return TensorStatistics::kMinExponent;
  int exponent;
  std::frexp(magnitude, &exponent);
  return std::max(exponent, TensorStatistics::kMinExponent);
}

// The extremes of finite values, -0 taken for 0; false where there are others.
bool ExtremesOf(const float* values, int64_t count, float* min, float* max) {
  int32_t least = std::numeric_limits<int32_t>::max();
  int32_t most = std::numeric_limits<int32_t>::min();
  for (int64_t i = 0; i < count; ++i) {
    const int32_t value = ToOrdered(values[i]);
    least = std::min(least, value);
    most = std::max(most, value);
  }
  // Infinities and what is not a number lie beyond all others.
  const float infinity = std::numeric_limits<float>::infinity();
  *min = FromOrdered(least) + 0.0f;
  *max = FromOrdered(most) + 0.0f;
  return least > ToOrdered(-infinity) && most < ToOrdered(infinity);
}

}  // namespace

float TensorStatistics::AbsMax() const {
  return std::max(std::fabs(min()), std::fabs(max()));
}

bool TensorStatistics::IsZero() const {
  return AbsMax() < std::ldexp(1.0f, kMinExponent);
}

void TensorStatistics::GrowTo(int exponent) {
  if (exponent <= exponent_) return;
  const int shift = exponent - exponent_;
  exponent_ = exponent;
  if (bins_.empty()) return;
  for (int64_t i = 1; i < kBins; ++i) {
    const int64_t to = shift < 63 ? i >> shift : 0;
    if (to == i) continue;
    bins_[to] += bins_[i];
    bins_[i] = 0;
  }
}

void TensorStatistics::CountBins(const float* values, int64_t count) {
  // Two sets of bins: after a ReLU neighbours are often in one bin.
  static thread_local std::vector<uint32_t> scratch;
  scratch.assign(2 * kBins, 0);
  uint32_t* even = scratch.data();
  uint32_t* odd = even + kBins;
  const float scale = std::ldexp(static_cast<float>(kBins), -exponent_);
  int64_t i = 0;
  for (; i + 1 < count; i += 2) {
    ++even[static_cast<int32_t>(std::fabs(values[i]) * scale)];
    ++odd[static_cast<int32_t>(std::fabs(values[i + 1]) * scale)];
  }
  if (i < count) ++even[static_cast<int32_t>(std::fabs(values[i]) * scale)];
  for (int64_t bin = 0; bin < kBins; ++bin)
    bins_[bin] += uint64_t{even[bin]} + odd[bin];
}

bool TensorStatistics::Add(const float* values, int64_t count) {
  if (count == 0) return true;
  TensorStatistics extremes;
  if (!ExtremesOf(values, count, &extremes.min_, &extremes.max_)) return false;
  extremes.count_ = static_cast<uint64_t>(count);
  extremes.exponent_ = ExponentOf(extremes.AbsMax());
  if (!Merge(extremes)) return false;
  if (bins_.empty()) bins_.resize(kBins);
  // Counters of 32 bits.
  constexpr int64_t kMost = int64_t{1} << 31;
  for (int64_t begin = 0; begin < count; begin += kMost)
    CountBins(values + begin, std::min(kMost, count - begin));
  return true;
}

void TensorStatistics::AddChannels(const float* values, int64_t outer,
                                   int64_t channels, int64_t inner) {
  if (outer * inner == 0) return;
  std::vector<float> min(channels), max(channels);
  for (int64_t i = 0; i < outer * channels; ++i) {
    const int64_t c = i % channels;
    float low = 0, high = 0;
    ExtremesOf(values + i * inner, inner, &low, &high);
    min[c] = i < channels ? low : std::min(min[c], low);
    max[c] = i < channels ? high : std::max(max[c], high);
  }
  WidenChannels(min, max);
}

void TensorStatistics::WidenChannels(const std::vector<float>& min,
                                     const std::vector<float>& max) {
  if (channel_min_.empty()) {
    channel_min_ = min;
    channel_max_ = max;
    return;
  }
  for (size_t c = 0; c < min.size(); ++c) {
    channel_min_[c] = std::min(channel_min_[c], min[c]);
    channel_max_[c] = std::max(channel_max_[c], max[c]);
  }
}

bool TensorStatistics::Merge(const TensorStatistics& other) {
  if (other.count_ == 0) return true;
  if (count_ > std::numeric_limits<uint64_t>::max() - other.count_)
    return false;
  if (!channel_min_.empty() && !other.channel_min_.empty() &&
      channel_min_.size() != other.channel_min_.size())
    return false;
  WidenChannels(other.channel_min_, other.channel_max_);
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = count_ == 0 ? other.max_ : std::max(max_, other.max_);
  count_ += other.count_;
  GrowTo(other.exponent_);
  if (other.bins_.empty()) return true;
  if (bins_.empty()) bins_.resize(kBins);
  const int shift = exponent_ - other.exponent_;
  for (int64_t i = 0; i < kBins; ++i)
    bins_[shift < 63 ? i >> shift : 0] += other.bins_[i];
  return true;
}

std::vector<double> TensorStatistics::AbsHistogram(int64_t bins) const {
  std::vector<double> result(bins);
  if (count_ == 0) return result;
  if (IsZero()) {
    result[0] = static_cast<double>(count_);
    return result;
  }
  // Bins of the result in one of ours: at most 1, as bins <= kBins / 2 and
  // AbsMax() >= 2^(exponent - 1).
  const double width =
      std::ldexp(1.0, exponent_) / kBins / AbsMax() * static_cast<double>(bins);
  for (int64_t i = 0; i < kBins; ++i) {
    if (bins_[i] == 0) continue;
    const double count = static_cast<double>(bins_[i]);
    const double begin = static_cast<double>(i) * width;
    const double end = static_cast<double>(i + 1) * width;
    const int64_t first = std::min(bins - 1, static_cast<int64_t>(begin));
    const int64_t last = std::min(bins - 1, static_cast<int64_t>(end));
    if (first == last) {
      result[first] += count;
      continue;
    }
    const double part = (static_cast<double>(last) - begin) / width * count;
    result[first] += part;
    result[last] += count - part;
  }
  return result;
}

absl::Status Statistics::Merge(const Statistics& other) {
  if (names_ != other.names_) {
    size_t i = 0;
    while (i < names_.size() && i < other.names_.size() &&
           names_[i] == other.names_[i])
      ++i;
    const auto name = [&](const std::vector<std::string>& names) {
      return i < names.size() ? absl::StrCat("'", Printable(names[i]), "'")
                              : std::string("none");
    };
    return absl::InvalidArgumentError(
        absl::StrCat("statistics of another network: tensor ", i + 1, " is ",
                     name(other.names_), ", not ", name(names_)));
  }
  for (size_t i = 0; i < tensors_.size(); ++i)
    if (!tensors_[i].Merge(other.tensors_[i]))
      return absl::OutOfRangeError(absl::StrCat(
          "tensor '", Printable(names_[i]), "' has too many values"));
  images_ += other.images_;
  return absl::OkStatus();
}

}  // namespace tpuc::quantization
