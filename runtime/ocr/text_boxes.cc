// SPDX-License-Identifier: Apache-2.0
#include "runtime/ocr/text_boxes.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace tpuc::ocr {
namespace {

// Pixels of text, each grown by one to the right and below, which joins
// strokes.
std::vector<bool> Mask(const float* probabilities, int height, int width,
                       float threshold) {
  std::vector<bool> mask(static_cast<size_t>(height) * width);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int dy = 0; dy <= std::min(y, 1); ++dy)
        for (int dx = 0; dx <= std::min(x, 1); ++dx)
          if (probabilities[(y - dy) * width + x - dx] > threshold)
            mask[y * width + x] = true;
  return mask;
}

// Takes the pixels that hang together with `start` out of the mask.
std::vector<Point> TakeRegion(std::vector<bool>& mask, int height, int width,
                              int start) {
  std::vector<Point> region;
  std::vector<int> open = {start};
  mask[start] = false;
  while (!open.empty()) {
    const int y = open.back() / width, x = open.back() % width;
    open.pop_back();
    region.push_back({double(x), double(y)});
    for (int v = std::max(y - 1, 0); v <= std::min(y + 1, height - 1); ++v) {
      for (int u = std::max(x - 1, 0); u <= std::min(x + 1, width - 1); ++u) {
        if (!mask[v * width + u]) continue;
        mask[v * width + u] = false;
        open.push_back(v * width + u);
      }
    }
  }
  return region;
}

// Mean probability of the pixels within the quad.
double Score(const float* probabilities, int height, int width,
             const Quad& quad) {
  double left = width, right = 0, top = height, bottom = 0;
  for (Point p : quad) {
    left = std::min(left, p.x);
    right = std::max(right, p.x);
    top = std::min(top, p.y);
    bottom = std::max(bottom, p.y);
  }
  double sum = 0;
  int count = 0;
  const int x0 = std::max(0, int(left)), x1 = std::min(width - 1, int(right));
  const int y0 = std::max(0, int(top)), y1 = std::min(height - 1, int(bottom));
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      if (!Contains(quad, {double(x), double(y)})) continue;
      sum += probabilities[y * width + x];
      ++count;
    }
  }
  return count == 0 ? 0 : sum / count;
}

// Lines from top to bottom, words of a line from left to right.
void SortForReading(std::vector<Quad>& boxes) {
  std::sort(boxes.begin(), boxes.end(), [](const Quad& a, const Quad& b) {
    return a[0].y != b[0].y ? a[0].y < b[0].y : a[0].x < b[0].x;
  });
  for (size_t i = 1; i < boxes.size(); ++i) {
    for (size_t j = i; j > 0; --j) {
      const double line = Distance(boxes[j][0], boxes[j][3]) / 2;
      if (std::abs(boxes[j][0].y - boxes[j - 1][0].y) >= line ||
          boxes[j][0].x >= boxes[j - 1][0].x)
        break;
      std::swap(boxes[j], boxes[j - 1]);
    }
  }
}

}  // namespace

std::vector<Quad> TextBoxes(const float* probabilities, int height, int width,
                            const TextBoxOptions& options) {
  std::vector<bool> mask =
      Mask(probabilities, height, width, options.threshold);
  std::vector<Quad> boxes;
  for (int i = 0; i < height * width; ++i) {
    if (!mask[i]) continue;
    const Rectangle shrunken =
        MinAreaRectangle(TakeRegion(mask, height, width, i));
    if (std::min(shrunken.width(), shrunken.height()) < options.min_side)
      continue;
    if (Score(probabilities, height, width, Ordered(shrunken)) <
        options.box_threshold)
      continue;
    const double area = shrunken.width() * shrunken.height();
    const double perimeter = 2 * (shrunken.width() + shrunken.height());
    const Rectangle box =
        Expanded(shrunken, area * options.unclip_ratio / perimeter);
    if (std::min(box.width(), box.height()) < options.min_side + 2) continue;
    boxes.push_back(Ordered(box));
  }
  SortForReading(boxes);
  return boxes;
}

}  // namespace tpuc::ocr
