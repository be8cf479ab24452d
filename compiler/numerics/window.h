// SPDX-License-Identifier: Apache-2.0
// The sliding window of CONV and PorD (docs/isa/bm1684x.md, c.2 "Geometry").
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"

namespace tpuc::numerics {

enum class PadMode : uint8_t {
  kConstant = 0,
  kReflect = 1,
  kEdge = 2,
  kCircular = 3,
};

// The input is spread by inserting zeros between neighbours, padded, then
// correlated. Extents and offsets in elements.
struct Window {
  int64_t in_h = 1, in_w = 1;
  int64_t out_h = 1, out_w = 1;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;  // distance of taps, >= 1
  int64_t insert_h = 0, insert_w = 0;      // zeros between neighbours
  int64_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  PadMode pad_mode = PadMode::kConstant;
  bool rotate_kernel = false;  // turn the kernel by 180 degrees
};

// The output size that input, pads and strides give.
int64_t WindowOutput(int64_t in, int64_t insert, int64_t pad_before,
                     int64_t pad_after, int64_t kernel, int64_t dilation,
                     int64_t stride);

// Extents positive and reads inside the padded input.
absl::Status Validate(const Window& window);

// Where tap k of output o reads along one axis.
constexpr int32_t kTapPad = -1;   // the padding value
constexpr int32_t kTapZero = -2;  // an inserted zero
// [out][kernel]: index into the input, kTapPad or kTapZero. Kernel rotation is
// not in the table.
std::vector<int32_t> RowTaps(const Window& window);
std::vector<int32_t> ColumnTaps(const Window& window);
// The same for every row or column of the padded input that windows reach:
// tap k of output o reads number o * stride + k * dilation.
std::vector<int32_t> PaddedRows(const Window& window);
std::vector<int32_t> PaddedColumns(const Window& window);

}  // namespace tpuc::numerics
