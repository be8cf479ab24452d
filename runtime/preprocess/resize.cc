// SPDX-License-Identifier: Apache-2.0
// The arithmetic of OpenCV's resize for bytes (modules/imgproc/src/resize.cpp:
// HResizeLinear, VResizeLinear, ResizeAreaFastVec), integer but for the
// positions. Done here because that gives the same bytes on every processor
// and needs none of OpenCV.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "runtime/preprocess/decode.h"

namespace tpuc {
namespace {

constexpr int kOne = 1 << 11;  // weights have 11 bits of fraction

// An output position is a mean of the inputs `first` and `second`.
struct Tap {
  int64_t first, second;
  int weight[2];
};

int Weight(float fraction) {
  return static_cast<int>(std::nearbyint(fraction * kOne));
}

double ScaleOf(int64_t from, int64_t to) {
  return 1. / (static_cast<double>(to) / static_cast<double>(from));
}

// Positions along an axis. OpenCV clips the position along x, with the weight;
// along y only the rows that are read, so that rounding differs there.
std::vector<Tap> Taps(int64_t from, int64_t to, bool clips_weight) {
  const double scale = ScaleOf(from, to);
  std::vector<Tap> taps(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    float fraction =
        static_cast<float>((static_cast<double>(i) + 0.5) * scale - 0.5);
    int64_t first = static_cast<int64_t>(std::floor(fraction));
    fraction -= static_cast<float>(first);
    if (clips_weight && (first < 0 || first >= from - 1)) fraction = 0;
    Tap& tap = taps[static_cast<size_t>(i)];
    tap.first = std::clamp<int64_t>(first, 0, from - 1);
    tap.second = std::clamp<int64_t>(first + 1, 0, from - 1);
    tap.weight[0] = Weight(1.f - fraction);
    tap.weight[1] = Weight(fraction);
  }
  return taps;
}

// One row at the output's width, with 11 bits of fraction.
void ResizeRow(const uint8_t* from, const std::vector<Tap>& taps,
               int64_t channels, int* to) {
  for (const Tap& tap : taps) {
    const uint8_t* first = from + tap.first * channels;
    const uint8_t* second = from + tap.second * channels;
    for (int64_t c = 0; c < channels; ++c)
      *to++ = first[c] * tap.weight[0] + second[c] * tap.weight[1];
  }
}

Image Linear(const Image& image, int64_t height, int64_t width) {
  const std::vector<Tap> columns = Taps(image.width, width, true);
  const std::vector<Tap> rows = Taps(image.height, height, false);
  const int64_t count = width * image.channels;
  Image result(height, width, image.channels);
  // The two rows last read, by their number.
  std::vector<int> buffers[2] = {std::vector<int>(static_cast<size_t>(count)),
                                 std::vector<int>(static_cast<size_t>(count))};
  int64_t held[2] = {-1, -1};
  for (int64_t y = 0; y < height; ++y) {
    const Tap& tap = rows[static_cast<size_t>(y)];
    if (held[1] == tap.first) {
      std::swap(buffers[0], buffers[1]);
      std::swap(held[0], held[1]);
    }
    const int64_t wanted[2] = {tap.first, tap.second};
    for (int i = 0; i < 2; ++i) {
      if (held[i] == wanted[i]) continue;
      ResizeRow(image.at(wanted[i], 0), columns, image.channels,
                buffers[i].data());
      held[i] = wanted[i];
    }
    uint8_t* to = result.at(y, 0);
    const int* a = buffers[0].data();
    const int* b = buffers[1].data();
    for (int64_t x = 0; x < count; ++x) {
      const int sum = ((tap.weight[0] * (a[x] >> 4)) >> 16) +
                      ((tap.weight[1] * (b[x] >> 4)) >> 16);
      to[x] = static_cast<uint8_t>((sum + 2) >> 2);
    }
  }
  return result;
}

// OpenCV's linear interpolation to exactly a half: the mean of four pixels.
Image Halve(const Image& image) {
  Image result(image.height / 2, image.width / 2, image.channels);
  for (int64_t y = 0; y < result.height; ++y) {
    for (int64_t x = 0; x < result.width; ++x) {
      const uint8_t* top = image.at(2 * y, 2 * x);
      const uint8_t* bottom = image.at(2 * y + 1, 2 * x);
      const int64_t next = image.channels;
      for (int64_t c = 0; c < image.channels; ++c)
        result.at(y, x)[c] = static_cast<uint8_t>(
            (top[c] + top[c + next] + bottom[c] + bottom[c + next] + 2) >> 2);
    }
  }
  return result;
}

}  // namespace

absl::StatusOr<Image> ResizeImage(const Image& image, int64_t height,
                                  int64_t width) {
  for (const auto& [h, w] :
       {std::pair(image.height, image.width), std::pair(height, width)})
    if (absl::Status status = CheckImageSize(h, w); !status.ok()) return status;
  if (height == image.height && width == image.width) return image;
  if (2 * height == image.height && 2 * width == image.width)
    return Halve(image);
  return Linear(image, height, width);
}

}  // namespace tpuc
