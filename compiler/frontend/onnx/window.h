// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/frontend/onnx/converter.h"

namespace tpuc::onnx_import {

// The window of a 2-D convolution or pool over [N, C, H, W].
struct Window {
  std::vector<int64_t> kernel;     // rows, columns
  std::vector<int64_t> strides;    // rows, columns
  std::vector<int64_t> dilations;  // rows, columns
  std::vector<int64_t> pads;       // top, left, bottom, right
  std::vector<int64_t> output;     // rows, columns
};

// Reads strides, dilations, pads, auto_pad and ceil_mode. `kernel` is what the
// filter says for a convolution, or empty to read kernel_shape. With ceil_mode
// the last pads grow until the last window fits.
absl::StatusOr<Window> ReadWindow(const NodeContext& context,
                                  std::vector<int64_t> kernel);

// The window of a transposed convolution; pads are cut off its result.
struct TransposedWindow : Window {
  std::vector<int64_t> output_padding;  // rows, columns
};

// Reads what ReadWindow does, output_padding and output_shape. The latter and
// SAME pads decide the pads; where they ask for more than there is, the
// result's end is padded.
absl::StatusOr<TransposedWindow> ReadTransposedWindow(
    const NodeContext& context, std::vector<int64_t> kernel);

}  // namespace tpuc::onnx_import
