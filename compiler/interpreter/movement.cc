// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/movement.h"

#include <cstring>

namespace tpuc::interpreter {

Tensor Concatenate(const std::vector<const Tensor*>& tensors, int64_t axis) {
  std::vector<int64_t> shape = tensors[0]->shape();
  shape[axis] = 0;
  for (const Tensor* tensor : tensors) shape[axis] += tensor->shape()[axis];
  int64_t outer = 1;
  for (int64_t i = 0; i < axis; ++i) outer *= shape[i];
  Tensor result(tensors[0]->dtype(), shape);
  char* to = static_cast<char*>(result.raw());
  for (int64_t o = 0; o < outer; ++o) {
    for (const Tensor* tensor : tensors) {
      const size_t bytes = tensor->SizeInBytes() / outer;
      std::memcpy(to, static_cast<const char*>(tensor->raw()) + o * bytes,
                  bytes);
      to += bytes;
    }
  }
  return result;
}

Tensor SelectRowsAndColumns(const Tensor& input,
                            const std::vector<int64_t>& rows,
                            const std::vector<int64_t>& columns) {
  const std::vector<int64_t>& in = input.shape();
  const size_t size = SizeOf(input.dtype());
  Tensor result(input.dtype(), {in[0], in[1], static_cast<int64_t>(rows.size()),
                                static_cast<int64_t>(columns.size())});
  const char* from = static_cast<const char*>(input.raw());
  char* to = static_cast<char*>(result.raw());
  for (int64_t plane = 0; plane < in[0] * in[1]; ++plane) {
    for (int64_t row : rows) {
      const char* line = from + (plane * in[2] + row) * in[3] * size;
      for (int64_t column : columns) {
        std::memcpy(to, line + column * size, size);
        to += size;
      }
    }
  }
  return result;
}

}  // namespace tpuc::interpreter
