// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/resize.h"

#include <algorithm>
#include <cmath>

namespace tpuc::top {
namespace {

struct Axis {
  float scale;
  int64_t in, out;
};

// Where output element `o` lies, in input elements.
float Coordinate(llvm::StringRef mode, const Axis& axis, int64_t o) {
  const auto x = static_cast<float>(o);
  const float half_pixel = (x + 0.5f) / axis.scale - 0.5f;
  if (mode == "asymmetric") return x / axis.scale;
  if (mode == "tf_half_pixel_for_nn") return (x + 0.5f) / axis.scale;
  if (mode == "pytorch_half_pixel") return axis.out > 1 ? half_pixel : 0.0f;
  if (mode == "align_corners") {
    // By the extent of the result, as ONNX Runtime; ONNX's reference
    // implementation takes in * scale, which is not always a whole number.
    if (axis.out == 1) return 0.0f;
    return x * static_cast<float>(axis.in - 1) /
           static_cast<float>(axis.out - 1);
  }
  if (mode == "half_pixel_symmetric") {
    // The middle of the input falls on the middle of the output, although
    // in * scale was rounded to `out`.
    const float adjustment = static_cast<float>(axis.out) /
                             (axis.scale * static_cast<float>(axis.in));
    const float center = static_cast<float>(axis.in) / 2;
    return center * (1 - adjustment) + half_pixel;
  }
  return half_pixel;
}

int64_t Nearest(llvm::StringRef mode, float x) {
  if (mode == "floor") return static_cast<int64_t>(std::floor(x));
  if (mode == "ceil") return static_cast<int64_t>(std::ceil(x));
  const float below = std::floor(x);
  const bool up =
      mode == "round_prefer_ceil" ? x - below >= 0.5f : x - below > 0.5f;
  return static_cast<int64_t>(below) + (up ? 1 : 0);
}

// The cubic convolution kernel at distance `d` (Keys, 1981).
double Cubic(double d, double a) {
  d = std::fabs(d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

}  // namespace

bool Interpolation::IsIdentity(int64_t extent) const {
  if (static_cast<int64_t>(indices[0].size()) != extent) return false;
  for (size_t t = 0; t < indices.size(); ++t) {
    for (int64_t o = 0; o < extent; ++o) {
      const bool counts = IsNearest() || weights[t][o] != 0;
      if (counts && indices[t][o] != o) return false;
    }
  }
  return true;
}

Interpolation InterpolationAlong(ResizeOp op, int axis) {
  const Axis a = {static_cast<float>(op.getScales()[axis]),
                  ShapeOf(op.getInput())[2 + axis],
                  ShapeOf(op.getOutput())[2 + axis]};
  const auto clamp = [&a](int64_t i) {
    return std::clamp<int64_t>(i, 0, a.in - 1);
  };
  const llvm::StringRef mode = op.getMode();
  const int64_t taps = mode == "nearest" ? 1 : mode == "linear" ? 2 : 4;
  const double coefficient = op.getCubicCoeffA().convertToDouble();
  Interpolation result;
  result.indices.assign(taps, std::vector<int64_t>(a.out));
  if (taps > 1) result.weights.assign(taps, std::vector<float>(a.out));
  for (int64_t o = 0; o < a.out; ++o) {
    const float x = Coordinate(op.getCoordinateMode(), a, o);
    if (taps == 1) {
      result.indices[0][o] = clamp(Nearest(op.getNearestMode(), x));
      continue;
    }
    const auto first = static_cast<int64_t>(std::floor(x)) - (taps / 2 - 1);
    double total = 0;
    std::vector<double> weights(taps);
    for (int64_t t = 0; t < taps; ++t) {
      const int64_t i = first + t;
      const double distance = static_cast<double>(x) - static_cast<double>(i);
      if (!op.getExcludeOutside() || i == clamp(i)) {
        weights[t] =
            taps == 2 ? 1 - std::fabs(distance) : Cubic(distance, coefficient);
      }
      total += weights[t];
      result.indices[t][o] = clamp(i);
    }
    for (int64_t t = 0; t < taps; ++t) {
      result.weights[t][o] = static_cast<float>(
          op.getExcludeOutside() ? weights[t] / total : weights[t]);
    }
  }
  return result;
}

}  // namespace tpuc::top
