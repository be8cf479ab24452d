// SPDX-License-Identifier: Apache-2.0
// What convolutions and matrix products of floats and of 8 bits share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/numerics/conv.h"
#include "compiler/numerics/view.h"
#include "compiler/numerics/window.h"
#include "compiler/support/tensor.h"

namespace tpuc::interpreter {

// Of a convolution.
template <typename Op>
numerics::Window WindowOf(Op op) {
  const auto in = tpu::ShapeOf(op.getInput());
  const auto filter = tpu::ShapeOf(op.getFilter());
  const auto out = tpu::ShapeOf(op.getOutput());
  numerics::Window window;
  window.in_h = in[2];
  window.in_w = in[3];
  window.out_h = out[2];
  window.out_w = out[3];
  window.kernel_h = filter[2];
  window.kernel_w = filter[3];
  window.stride_h = op.getStrides()[0];
  window.stride_w = op.getStrides()[1];
  window.dilation_h = op.getDilations()[0];
  window.dilation_w = op.getDilations()[1];
  window.insert_h = op.getInserts()[0];
  window.insert_w = op.getInserts()[1];
  window.pad_top = op.getPads()[0];
  window.pad_left = op.getPads()[1];
  window.pad_bottom = op.getPads()[2];
  window.pad_right = op.getPads()[3];
  return window;
}

// Of a pooling.
template <typename Op>
numerics::Window PoolWindow(Op op) {
  const auto in = tpu::ShapeOf(op.getInput());
  const auto out = tpu::ShapeOf(op.getOutput());
  numerics::Window window;
  window.in_h = in[2];
  window.in_w = in[3];
  window.out_h = out[2];
  window.out_w = out[3];
  window.kernel_h = op.getKernelShape()[0];
  window.kernel_w = op.getKernelShape()[1];
  window.stride_h = op.getStrides()[0];
  window.stride_w = op.getStrides()[1];
  window.pad_top = op.getPads()[0];
  window.pad_left = op.getPads()[1];
  window.pad_bottom = op.getPads()[2];
  window.pad_right = op.getPads()[3];
  return window;
}

inline numerics::Shape4 Shape4Of(const Tensor& tensor) {
  const std::vector<int64_t>& s = tensor.shape();
  return {s[0], s[1], s[2], s[3]};
}

inline const char* Bytes(const Tensor& tensor) {
  return static_cast<const char*>(tensor.raw());
}

// Pointers to `count` pieces of `elements` elements each.
inline std::vector<const void*> Pieces(const Tensor& tensor, int64_t count,
                                       int64_t elements) {
  const int64_t step = elements * static_cast<int64_t>(SizeOf(tensor.dtype()));
  std::vector<const void*> pieces;
  pieces.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    pieces.push_back(Bytes(tensor) + i * step);
  return pieces;
}

// `count` from `first` on, `step` apart.
template <typename T>
std::vector<T> Part(const std::vector<T>& all, int64_t first, int64_t count,
                    int64_t step = 1) {
  std::vector<T> part;
  if (all.empty()) return part;
  for (int64_t i = 0; i < count; ++i) part.push_back(all[first + i * step]);
  return part;
}

// [rows, cols] -> [cols, rows]
template <typename T>
Tensor Transpose(const Tensor& matrix) {
  const int64_t rows = matrix.shape()[0], cols = matrix.shape()[1];
  Tensor result(matrix.dtype(), {cols, rows});
  const T* from = matrix.data<T>();
  T* to = result.data<T>();
  constexpr int64_t kBlock = 64;
  for (int64_t r = 0; r < rows; r += kBlock) {
    for (int64_t c = 0; c < cols; ++c) {
      for (int64_t i = r; i < std::min(r + kBlock, rows); ++i) {
        to[c * rows + i] = from[i * cols + c];
      }
    }
  }
  return result;
}

absl::Status RunTiles(const numerics::ConvSpec& spec,
                      const numerics::ConvOperands& operands, int threads);

}  // namespace tpuc::interpreter
