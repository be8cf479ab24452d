// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/window.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tpuc::numerics {
namespace {

int64_t Spread(int64_t in, int64_t insert) {
  return (in - 1) * (insert + 1) + 1;
}

int32_t Tap(int64_t position, int64_t in, int64_t insert, PadMode mode) {
  const int64_t size = Spread(in, insert);
  int64_t p = position;
  if (p < 0 || p >= size) {
    switch (mode) {
      case PadMode::kConstant:
        return kTapPad;
      case PadMode::kReflect:
        p = p < 0 ? -p : 2 * (size - 1) - p;
        break;
      case PadMode::kEdge:
        p = p < 0 ? 0 : size - 1;
        break;
      case PadMode::kCircular:
        p = p < 0 ? p + size : p - size;
        break;
    }
    if (p < 0 || p >= size) return kTapPad;
  }
  if (p % (insert + 1) != 0) return kTapZero;
  return static_cast<int32_t>(p / (insert + 1));
}

std::vector<int32_t> Taps(int64_t out, int64_t kernel, int64_t stride,
                          int64_t dilation, int64_t pad, int64_t in,
                          int64_t insert, PadMode mode) {
  std::vector<int32_t> taps;
  taps.reserve(static_cast<size_t>(out * kernel));
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t k = 0; k < kernel; ++k) {
      taps.push_back(Tap(o * stride + k * dilation - pad, in, insert, mode));
    }
  }
  return taps;
}

std::vector<int32_t> Padded(int64_t out, int64_t kernel, int64_t stride,
                            int64_t dilation, int64_t pad, int64_t in,
                            int64_t insert, PadMode mode) {
  const int64_t size = (out - 1) * stride + (kernel - 1) * dilation + 1;
  std::vector<int32_t> sources;
  sources.reserve(static_cast<size_t>(size));
  for (int64_t p = 0; p < size; ++p) {
    sources.push_back(Tap(p - pad, in, insert, mode));
  }
  return sources;
}

}  // namespace

int64_t WindowOutput(int64_t in, int64_t insert, int64_t pad_before,
                     int64_t pad_after, int64_t kernel, int64_t dilation,
                     int64_t stride) {
  const int64_t padded = Spread(in, insert) + pad_before + pad_after;
  return (padded - ((kernel - 1) * dilation + 1)) / stride + 1;
}

absl::Status Validate(const Window& w) {
  for (int64_t extent :
       {w.in_h, w.in_w, w.out_h, w.out_w, w.kernel_h, w.kernel_w, w.stride_h,
        w.stride_w, w.dilation_h, w.dilation_w}) {
    if (extent < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("window: extents, strides and dilations must be "
                       "positive, found ",
                       extent));
    }
  }
  for (int64_t count : {w.insert_h, w.insert_w, w.pad_top, w.pad_bottom,
                        w.pad_left, w.pad_right}) {
    if (count < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("window: negative padding or insertion ", count));
    }
  }
  const int64_t h = WindowOutput(w.in_h, w.insert_h, w.pad_top, w.pad_bottom,
                                 w.kernel_h, w.dilation_h, w.stride_h);
  const int64_t v = WindowOutput(w.in_w, w.insert_w, w.pad_left, w.pad_right,
                                 w.kernel_w, w.dilation_w, w.stride_w);
  if (w.out_h > h || w.out_w > v) {
    return absl::InvalidArgumentError(absl::StrCat(
        "window: a result of ", w.out_h, "x", w.out_w,
        " reads outside the padded input, which gives ", h, "x", v));
  }
  return absl::OkStatus();
}

std::vector<int32_t> RowTaps(const Window& w) {
  return Taps(w.out_h, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.in_h,
              w.insert_h, w.pad_mode);
}

std::vector<int32_t> ColumnTaps(const Window& w) {
  return Taps(w.out_w, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.in_w,
              w.insert_w, w.pad_mode);
}

std::vector<int32_t> PaddedRows(const Window& w) {
  return Padded(w.out_h, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top,
                w.in_h, w.insert_h, w.pad_mode);
}

std::vector<int32_t> PaddedColumns(const Window& w) {
  return Padded(w.out_w, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left,
                w.in_w, w.insert_w, w.pad_mode);
}

}  // namespace tpuc::numerics
