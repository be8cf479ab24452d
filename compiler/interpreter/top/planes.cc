// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/top/planes.h"

#include <algorithm>
#include <cstring>

namespace tpuc::interpreter {
namespace {

// ceil(a / b), b > 0
int64_t CeilDiv(int64_t a, int64_t b) {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

struct Range {
  int64_t begin, end;
};

// The i with 0 <= i * stride + shift < extent, within [0, count).
Range Inside(int64_t shift, int64_t stride, int64_t extent, int64_t count) {
  const int64_t begin = std::clamp<int64_t>(CeilDiv(-shift, stride), 0, count);
  const int64_t end =
      std::clamp<int64_t>(CeilDiv(extent - shift, stride), begin, count);
  return {begin, end};
}

template <int64_t kStride>
void CopyEvery(const float* from, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i * kStride];
}

}  // namespace

void CopyStrided(const float* from, int64_t stride, int64_t count, float* to) {
  if (count <= 0) return;
  if (stride == 1) {
    std::memcpy(to, from, count * sizeof(float));
  } else if (stride == 2) {
    CopyEvery<2>(from, count, to);
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] = from[i * stride];
  }
}

void GatherTap(const PlaneWindow& w, const float* plane, int64_t ky, int64_t kx,
               int64_t begin, int64_t end, float* to) {
  const int64_t shift = kx * w.dilation_w - w.left;
  const Range inside = Inside(shift, w.stride_w, w.iw, w.ow);
  int64_t y = begin / w.ow, x = begin % w.ow;
  for (int64_t count = end - begin; count > 0; ++y, x = 0) {
    const int64_t n = std::min(w.ow - x, count);
    const int64_t row = w.Row(y, ky);
    const bool outside = row < 0 || row >= w.ih;
    const int64_t first = outside ? x + n : std::clamp(inside.begin, x, x + n);
    const int64_t last = outside ? x + n : std::clamp(inside.end, first, x + n);
    std::fill(to, to + (first - x), 0.0f);
    if (last > first) {
      CopyStrided(plane + row * w.iw + first * w.stride_w + shift, w.stride_w,
                  last - first, to + (first - x));
    }
    std::fill(to + (last - x), to + n, 0.0f);
    to += n;
    count -= n;
  }
}

SplitPlane::SplitPlane(const PlaneWindow& w, float pad)
    : w_(w),
      part_((w.ow + kVectorColumns - 1) / kVectorColumns * kVectorColumns +
            (w.kw - 1) * w.dilation_w / w.stride_w + 1),
      row_(part_ * w.stride_w),
      rows_((w.ih + 1) * row_) {
  std::fill(rows_.data(), rows_.data() + (w.ih + 1) * row_, pad);
  for (int64_t kx = 0; kx < w.kw; ++kx) {
    const int64_t at = kx * w.dilation_w;
    offsets_.push_back(at % w.stride_w * part_ + at / w.stride_w);
  }
}

void SplitPlane::Fill(const float* plane) {
  for (int64_t part = 0; part < w_.stride_w; ++part) {
    const int64_t shift = part - w_.left;
    const Range inside = Inside(shift, w_.stride_w, w_.iw, part_);
    for (int64_t y = 0; y < w_.ih; ++y) {
      CopyStrided(plane + y * w_.iw + inside.begin * w_.stride_w + shift,
                  w_.stride_w, inside.end - inside.begin,
                  rows_.data() + y * row_ + part * part_ + inside.begin);
    }
  }
}

}  // namespace tpuc::interpreter
