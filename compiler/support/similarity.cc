// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/similarity.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tpuc {
namespace {

double HalfToDouble(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f;
  const int fraction = bits & 0x3ff;
  double value;
  if (exponent == 0x1f) {
    value = fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                          : std::numeric_limits<double>::infinity();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction | 0x400, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

double BFloatToDouble(uint16_t bits) {
  const uint32_t word = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &word, sizeof(value));
  return value;
}

// Calls f(i, value) for each element.
template <typename F>
void ForEach(const Tensor& tensor, F f) {
  const int64_t n = tensor.NumElements();
  const auto all = [&](const auto* p) {
    for (int64_t i = 0; i < n; ++i) f(i, static_cast<double>(p[i]));
  };
  switch (tensor.dtype()) {
    case DType::kF32:
      return all(tensor.data<float>());
    case DType::kF64:
      return all(tensor.data<double>());
    case DType::kF16:
      for (int64_t i = 0; i < n; ++i) {
        f(i, HalfToDouble(tensor.data<uint16_t>()[i]));
      }
      return;
    case DType::kBF16:
      for (int64_t i = 0; i < n; ++i) {
        f(i, BFloatToDouble(tensor.data<uint16_t>()[i]));
      }
      return;
    case DType::kI8:
      return all(tensor.data<int8_t>());
    case DType::kU8:
    case DType::kBool:
      return all(tensor.data<uint8_t>());
    case DType::kI16:
      return all(tensor.data<int16_t>());
    case DType::kU16:
      return all(tensor.data<uint16_t>());
    case DType::kI32:
      return all(tensor.data<int32_t>());
    case DType::kU32:
      return all(tensor.data<uint32_t>());
    case DType::kI64:
      return all(tensor.data<int64_t>());
  }
}

}  // namespace

std::vector<double> ToDouble(const Tensor& tensor) {
  std::vector<double> values(tensor.NumElements());
  ForEach(tensor, [&](int64_t i, double v) { values[i] = v; });
  return values;
}

Tensor ToFloat(const Tensor& tensor) {
  if (tensor.dtype() == DType::kF32) return tensor;
  Tensor result(DType::kF32, tensor.shape());
  float* out = result.data<float>();
  ForEach(tensor, [&](int64_t i, double v) { out[i] = static_cast<float>(v); });
  return result;
}

absl::StatusOr<Similarity> Compare(const Tensor& a, const Tensor& b) {
  if (a.NumElements() != b.NumElements()) {
    return absl::InvalidArgumentError(
        absl::StrCat("element counts differ: (", absl::StrJoin(a.shape(), ", "),
                     ") and (", absl::StrJoin(b.shape(), ", "), ")"));
  }
  const std::vector<double> x = ToDouble(a), y = ToDouble(b);
  Similarity result;
  result.count = a.NumElements();
  result.equal = true;
  double xy = 0, xx = 0, yy = 0, difference = 0, mean = 0;
  for (int64_t i = 0; i < result.count; ++i) {
    if (std::memcmp(&x[i], &y[i], sizeof(double)) != 0) result.equal = false;
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) {
      ++result.non_finite;
      continue;
    }
    xy += x[i] * y[i];
    xx += x[i] * x[i];
    yy += y[i] * y[i];
    const double d = x[i] - y[i], m = (x[i] + y[i]) / 2;
    difference += d * d;
    mean += m * m;
    if (std::fabs(d) > result.max_abs_difference) {
      result.max_abs_difference = std::fabs(d);
      result.max_abs_difference_index = i;
    }
  }
  if (difference == 0) {
    result.cosine = result.euclidean = 1;
    return result;
  }
  result.cosine = xx == 0 || yy == 0 ? 0 : xy / std::sqrt(xx) / std::sqrt(yy);
  result.euclidean = mean == 0 ? -std::numeric_limits<double>::infinity()
                               : 1 - std::sqrt(difference / mean);
  return result;
}

}  // namespace tpuc
