// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/view.h"

#include <utility>

namespace tpuc::numerics {
namespace {

template <typename Pointer, typename Byte>
BasicPlanes<Pointer> Dense(Byte* data, DType type, const Shape4& shape) {
  BasicPlanes<Pointer> planes;
  planes.n_stride = shape.c * shape.h * shape.w;
  planes.h_stride = shape.w;
  planes.w_stride = 1;
  const int64_t step = shape.h * shape.w * static_cast<int64_t>(SizeOf(type));
  for (int64_t c = 0; c < shape.c; ++c)
    planes.channel.push_back(data + c * step);
  return planes;
}

std::vector<int64_t> Steps(int64_t count, int64_t step) {
  std::vector<int64_t> steps;
  steps.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) steps.push_back(i * step);
  return steps;
}

}  // namespace

MutablePlanes DensePlanes(void* data, DType type, const Shape4& shape) {
  return Dense<void*>(static_cast<char*>(data), type, shape);
}

Planes DensePlanes(const void* data, DType type, const Shape4& shape) {
  return Dense<const void*>(static_cast<const char*>(data), type, shape);
}

Planes BroadcastPlanes(const void* data, DType type, const Shape4& own,
                       const Shape4& shape) {
  Planes planes = DensePlanes(data, type, own);
  if (own.c == 1 && shape.c != 1) {
    planes.channel.resize(static_cast<size_t>(shape.c), planes.channel[0]);
  }
  if (own.n == 1) planes.n_stride = 0;
  if (own.h == 1) planes.h_stride = 0;
  if (own.w == 1) planes.w_stride = 0;
  return planes;
}

Planes SplatPlanes(const void* value, int64_t channels) {
  Planes planes;
  planes.channel.assign(static_cast<size_t>(channels), value);
  return planes;
}

MatrixView DenseMatrix(const void* data, DType type, int64_t rows,
                       int64_t cols) {
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  return {data, Steps(rows, cols * size), Steps(cols, size)};
}

MutableMatrixView DenseMatrix(void* data, DType type, int64_t rows,
                              int64_t cols) {
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  return {data, Steps(rows, cols * size), Steps(cols, size)};
}

MatrixView Transposed(MatrixView m) {
  std::swap(m.row, m.col);
  return m;
}

}  // namespace tpuc::numerics
