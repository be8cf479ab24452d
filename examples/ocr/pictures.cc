// SPDX-License-Identifier: Apache-2.0
#include "pictures.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ocr {
namespace {

using tpuc::ocr::Distance;
using tpuc::ocr::Point;
using tpuc::ocr::Quad;

// Writes the image's value at `p`, between pixels the linear mean of four.
void Sample(const tpuc::Image& image, Point p, uint8_t* to) {
  const double x = std::clamp(p.x, 0.0, double(image.width - 1));
  const double y = std::clamp(p.y, 0.0, double(image.height - 1));
  const int64_t x0 = int64_t(x), y0 = int64_t(y);
  const int64_t x1 = std::min(x0 + 1, image.width - 1);
  const int64_t y1 = std::min(y0 + 1, image.height - 1);
  const double fx = x - x0, fy = y - y0;
  for (int64_t c = 0; c < image.channels; ++c) {
    const double top =
        image.at(y0, x0)[c] * (1 - fx) + image.at(y0, x1)[c] * fx;
    const double bottom =
        image.at(y1, x0)[c] * (1 - fx) + image.at(y1, x1)[c] * fx;
    to[c] = uint8_t(std::lround(top * (1 - fy) + bottom * fy));
  }
}

// The point at (u, v), both 0 to 1, of the quad.
Point Within(const Quad& q, double u, double v) {
  const auto mix = [&](double a, double b, double c, double d) {
    return (a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v;
  };
  return {mix(q[0].x, q[1].x, q[2].x, q[3].x),
          mix(q[0].y, q[1].y, q[2].y, q[3].y)};
}

}  // namespace

tpuc::Image Crop(const tpuc::Image& image, const Quad& quad) {
  Quad q = quad;
  double width = std::max(Distance(q[0], q[1]), Distance(q[3], q[2]));
  double height = std::max(Distance(q[0], q[3]), Distance(q[1], q[2]));
  if (height >= 1.5 * width) {  // counterclockwise
    q = {q[1], q[2], q[3], q[0]};
    std::swap(width, height);
  }
  tpuc::Image crop(std::max<int64_t>(1, std::lround(height)),
                   std::max<int64_t>(1, std::lround(width)), image.channels);
  for (int64_t y = 0; y < crop.height; ++y)
    for (int64_t x = 0; x < crop.width; ++x)
      Sample(image, Within(q, double(x) / crop.width, double(y) / crop.height),
             crop.at(y, x));
  return crop;
}

void TurnAround(tpuc::Image& image) {
  const int64_t pixels = image.height * image.width;
  for (int64_t i = 0; i < pixels / 2; ++i)
    std::swap_ranges(image.at(0, i), image.at(0, i) + image.channels,
                     image.at(0, pixels - 1 - i));
}

void DrawQuad(tpuc::Image& image, const Quad& quad) {
  for (int i = 0; i < 4; ++i) {
    const Point a = quad[i], b = quad[(i + 1) % 4];
    const int steps = 1 + int(2 * Distance(a, b));
    for (int s = 0; s <= steps; ++s) {
      const double t = double(s) / steps;
      const int64_t x = std::lround(a.x * (1 - t) + b.x * t);
      const int64_t y = std::lround(a.y * (1 - t) + b.y * t);
      if (x < 0 || y < 0 || x >= image.width || y >= image.height) continue;
      const uint8_t red[] = {0, 0, 255};
      std::memcpy(image.at(y, x), red, 3);
    }
  }
}

}  // namespace ocr
