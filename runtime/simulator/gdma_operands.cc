// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/gdma_operands.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "runtime/simulator/status_macros.h"

namespace tpuc::sim {

using numerics::MutablePlanes;
using numerics::Shape4;

namespace {

template <typename T>
void CopyElements(const void* from, int64_t from_stride, void* to,
                  int64_t to_stride, int64_t count) {
  const T* a = static_cast<const T*>(from);
  T* b = static_cast<T*>(to);
  for (int64_t i = 0; i < count; ++i) b[i * to_stride] = a[i * from_stride];
}

}  // namespace

absl::StatusOr<MutablePlanes> Side(const Context& context, Use use,
                                   uint64_t address, DType type,
                                   const Shape4& shape, const LocalStrides& s) {
  if (IsLocal(address)) {
    return LocalTensor(context, use, address - isa::kLocalBase, type, shape, s);
  }
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  // 16-bit extents and 32-bit strides: no overflow.
  const int64_t last = (shape.n - 1) * s.n + (shape.c - 1) * s.c +
                       (shape.h - 1) * s.h + (shape.w - 1) * s.w;
  TPUC_ASSIGN_OR_RETURN(
      uint8_t* base,
      context.memory.Range(address, static_cast<uint64_t>((last + 1) * size)));
  MutablePlanes planes;
  planes.n_stride = s.n;
  planes.h_stride = s.h;
  planes.w_stride = s.w;
  planes.channel.reserve(static_cast<size_t>(shape.c));
  for (int64_t c = 0; c < shape.c; ++c) {
    planes.channel.push_back(base + c * s.c * size);
  }
  Record(context, use, planes, shape, size);
  return planes;
}

LocalStrides Continuous(uint64_t address, const Shape4& shape, DType type) {
  if (IsLocal(address)) {
    return AlignedStrides(shape, SizeOf(type),
                          Int((address - isa::kLocalBase) / isa::kLaneBytes));
  }
  return {shape.c * shape.h * shape.w, shape.h * shape.w, shape.w, 1};
}

void CopyRow(const uint8_t* from, int64_t from_stride, uint8_t* to,
             int64_t to_stride, int64_t count, int64_t size) {
  if (from_stride == 1 && to_stride == 1) {
    std::memmove(to, from, static_cast<size_t>(count * size));
  } else if (size == 1) {
    CopyElements<uint8_t>(from, from_stride, to, to_stride, count);
  } else if (size == 2) {
    CopyElements<uint16_t>(from, from_stride, to, to_stride, count);
  } else {
    CopyElements<uint32_t>(from, from_stride, to, to_stride, count);
  }
}

absl::Status UnknownFunction(const char* name, uint64_t function) {
  return absl::UnimplementedError(
      absl::StrCat(name, " with special function ", function));
}

}  // namespace tpuc::sim
