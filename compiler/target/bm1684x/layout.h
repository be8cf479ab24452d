// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "compiler/isa/codes.h"
#include "compiler/support/dtype.h"

// Tensors in the 64 lanes of local memory and in DDR (docs/isa/bm1684x.md, b).
namespace tpuc::bm1684x {

// n, c, h, w: sizes, starts or strides.
using Dims = std::array<int64_t, 4>;
inline constexpr int kN = 0, kC = 1, kH = 2, kW = 3;

constexpr int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t RoundUp(int64_t a, int64_t b) { return CeilDiv(a, b) * b; }
constexpr int64_t Elements(const Dims& dims) {
  return dims[0] * dims[1] * dims[2] * dims[3];
}

// How the elements of a channel and the channel groups of a lane follow each
// other.
enum class Layout : uint8_t {
  kAligned,  // each channel starts at a multiple of 64 bytes
  kCompact,  // no gaps; weights, per-channel values
};

const char* Name(Layout layout);  // "aligned", "compact"

// A tensor in local memory that starts in lane 0: channel c lies in lane c %
// 64, group c / 64. `address` in bytes inside the lane.
struct LocalTensor {
  int64_t address = 0;
  DType dtype = DType::kF32;
  Dims shape = {1, 1, 1, 1};
  Layout layout = Layout::kAligned;

  // Strides in elements of n, channel group, h, w.
  Dims Strides() const {
    const int64_t plane = shape[kH] * shape[kW];
    const int64_t eu = isa::kEuBytes / static_cast<int64_t>(SizeOf(dtype));
    const int64_t c = layout == Layout::kAligned ? RoundUp(plane, eu) : plane;
    return {CeilDiv(shape[kC], isa::kLanes) * c, c, shape[kW], 1};
  }
  // What the tensor takes in the fullest lane.
  int64_t BytesPerLane() const {
    return shape[kN] * Strides()[kN] * static_cast<int64_t>(SizeOf(dtype));
  }
  LocalTensor At(int64_t new_address) const {
    LocalTensor moved = *this;
    moved.address = new_address;
    return moved;
  }
  LocalTensor As(DType type) const {
    LocalTensor other = *this;
    other.dtype = type;
    return other;
  }
};

// A 4-D box of elements of a tensor in DDR: element (n, c, h, w) lies `offset +
// sum(index * stride)` elements behind the tensor's first. Stride 0 repeats.
struct DdrView {
  int64_t offset = 0;
  Dims shape = {1, 1, 1, 1};
  Dims strides = {0, 0, 0, 0};
};

// Row-major view of `shape`.
inline DdrView DenseView(const Dims& shape) {
  return {0,
          shape,
          {shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1}};
}

// Elements in DDR: `address` of the first in bytes, strides in elements.
struct DdrBox {
  uint64_t address = 0;
  Dims strides = {0, 0, 0, 0};
};

// A box of a view.
struct Slice {
  Dims start = {0, 0, 0, 0};
  Dims size = {1, 1, 1, 1};

  bool operator==(const Slice& other) const {
    return start == other.start && size == other.size;
  }
  bool operator!=(const Slice& other) const { return !(*this == other); }
};

// Address of a box's first element, of a tensor whose first is at `base`.
inline uint64_t BoxAddress(uint64_t base, const DdrView& view, const Slice& box,
                           DType dtype) {
  int64_t element = view.offset;
  for (int d = 0; d < 4; ++d) element += box.start[d] * view.strides[d];
  return base + element * SizeOf(dtype);
}

inline Slice Whole(const Dims& shape) { return {{0, 0, 0, 0}, shape}; }

}  // namespace tpuc::bm1684x
