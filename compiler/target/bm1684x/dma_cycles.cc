// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/dma_cycles.h"

#include <algorithm>

#include "compiler/isa/codes.h"

namespace tpuc::bm1684x {
namespace {

using Dims = std::array<int64_t, 4>;
enum { kN, kC, kH, kW };

constexpr int64_t kLeastBytes = 256;  // of a segment
constexpr int64_t kPageBytes = 4096;
constexpr int64_t kMaxPages = 4;  // channels of DDR, page by page
constexpr int64_t kWindowBytes = kMaxPages * kPageBytes;

// GB/s at 1 GHz.
constexpr float kLoadRate = 58, kStoreRate = 44, kCopyRate = 28;
// Flat and indexed moves.
constexpr float kMoveRate = 64, kLocalMoveRate = 32;

// Sizes of up to 16 bits each may multiply to more than any counter holds.
constexpr int64_t kMost = int64_t{1} << 40;

int64_t Product(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return kMost;
  return std::min(product, kMost);
}
int64_t Product(const Dims& size) {
  return Product(Product(Product(size[kN], size[kC]), size[kH]), size[kW]);
}

// The runs that are contiguous on both sides.
struct Segments {
  int64_t count;
  int64_t bytes;  // of each

  // What the transfer counts as.
  int64_t ChargedBytes() const {
    return Product(count, std::max(kLeastBytes, bytes));
  }
};

Segments SegmentsOf(const Dims& size, const Dims& src, const Dims& dst,
                    int64_t element_bytes) {
  if (size[kW] > 1 && (src[kW] != 1 || dst[kW] != 1))
    return {Product(size), element_bytes};
  const int64_t planes = Product(size[kN], size[kC]);
  const int64_t row = size[kW] * element_bytes;
  if (size[kH] == 1 || (src[kH] == size[kW] && dst[kH] == size[kW]))
    return {planes, size[kH] * row};
  return {Product(planes, size[kH]), row};
}

// Adds to `pages` those of the first four 4-KiB pages, counted from the start
// of the tensor, in which a plane of `size` or a further 4096 bytes of it
// begins. A plane is as long as its rows are apart, by 32-bit arithmetic.
void AddPages(const Dims& size, const Dims& strides, int64_t element_bytes,
              unsigned* pages) {
  const auto plane = static_cast<int32_t>(
      static_cast<uint32_t>(size[kH] * strides[kH] * element_bytes) +
      static_cast<uint32_t>(kPageBytes - 1));
  const int64_t pieces = plane / kPageBytes;
  if (pieces <= 0) return;
  const auto add = [&](int64_t first, int64_t last) {
    last = std::min(last + pieces - 1, kMaxPages - 1);
    for (int64_t page = first; page <= last; ++page) *pages |= 1u << page;
  };
  const int64_t n_step = strides[kN] * element_bytes;
  const int64_t c_step = strides[kC] * element_bytes;
  constexpr unsigned kAll = (1u << kMaxPages) - 1;
  for (int64_t n = 0; n < size[kN] && *pages != kAll; ++n) {
    const int64_t start = n * n_step;
    if (start >= kWindowBytes) break;
    if (c_step <= kPageBytes) {  // leaves out no page
      const int64_t end = start + (size[kC] - 1) * c_step;
      add(start / kPageBytes, std::min(end, kWindowBytes - 1) / kPageBytes);
    } else {
      for (int64_t c = 0; c < size[kC]; ++c) {
        const int64_t at = start + c * c_step;
        if (at >= kWindowBytes) break;
        add(at / kPageBytes, at / kPageBytes);
      }
    }
    if (n_step == 0) break;
  }
}

int64_t RoundDown(float cycles) {
  return static_cast<int64_t>(std::min(cycles, static_cast<float>(kMost)));
}

// The vendor's functions compute in single precision.
int64_t CyclesAt(float rate, int64_t bytes) {
  return RoundDown(static_cast<float>(bytes) / rate);
}

// As above, with a rate in GiB/s.
int64_t CyclesAtBinary(float rate, int64_t bytes) {
  return RoundDown(static_cast<float>(bytes) / rate * 0x1p30f / 1e9f);
}

}  // namespace

const char* Name(Direction direction) {
  switch (direction) {
    case Direction::kLoad:
      return "S2L";
    case Direction::kStore:
      return "L2S";
    case Direction::kSystem:
      return "S2S";
    case Direction::kLocal:
      return "L2L";
  }
  return "";
}

Direction DirectionOf(uint64_t src_address, uint64_t dst_address) {
  const auto is_local = [](uint64_t address) {
    return address >= isa::kLocalBase &&
           address < isa::kLocalBase + isa::kLocalBytes;
  };
  if (is_local(src_address))
    return is_local(dst_address) ? Direction::kLocal : Direction::kStore;
  return is_local(dst_address) ? Direction::kLoad : Direction::kSystem;
}

int64_t CopyCycles(const TensorCopy& copy) {
  const int64_t bytes = SegmentsOf(copy.size, copy.src_strides,
                                   copy.dst_strides, copy.element_bytes)
                            .ChargedBytes();
  if (copy.direction == Direction::kLocal)
    return CyclesAtBinary(kCopyRate, bytes);
  unsigned pages = 0;
  int src_pages = 1;
  if (copy.direction != Direction::kStore) {
    AddPages(copy.size, copy.src_strides, copy.element_bytes, &pages);
    src_pages = __builtin_popcount(pages);
  }
  if (copy.direction != Direction::kLoad) {
    Dims size = copy.size;
    if (copy.swaps_nc) std::swap(size[kN], size[kC]);
    AddPages(size, copy.dst_strides, copy.element_bytes, &pages);
  }
  const int all_pages = __builtin_popcount(pages);
  if (all_pages == 0 || src_pages == 0) return 0;
  const float share = static_cast<float>(all_pages) / kMaxPages;
  switch (copy.direction) {
    case Direction::kLoad:
      return CyclesAtBinary(kLoadRate * share, bytes);
    case Direction::kStore:
      return CyclesAtBinary(kStoreRate * share, bytes);
    default:
      // The pages of the source count for the destination, too.
      return CyclesAtBinary(
          kCopyRate * share * static_cast<float>(src_pages) / kMaxPages, bytes);
  }
}

int64_t BroadcastCycles(const TensorCopy& copy) {
  Dims size = copy.size, src = copy.src_strides, dst = copy.dst_strides;
  size[kC] = 1;
  src[kW] = dst[kW] = 1;  // not used
  return CyclesAt(
      kLoadRate, SegmentsOf(size, src, dst, copy.element_bytes).ChargedBytes());
}

int64_t FillCycles(const Dims& size, const Dims& strides,
                   int64_t element_bytes) {
  return CyclesAt(
      kLoadRate,
      SegmentsOf(size, strides, strides, element_bytes).ChargedBytes());
}

int64_t MatrixCopyCycles(Direction direction, int64_t rows, int64_t columns,
                         int64_t width, int64_t element_bytes,
                         bool transposed) {
  float rate = direction == Direction::kStore ? kStoreRate : kLoadRate;
  if (transposed) rate *= 0.75f;
  const int64_t piece = std::min(width * element_bytes, kLeastBytes);
  rate *= static_cast<float>(piece) / static_cast<float>(kLeastBytes);
  if (piece == 0) return 0;
  return CyclesAt(rate, Product(Product(rows, columns), element_bytes));
}

int64_t PlainMoveCycles(int64_t bytes) { return CyclesAt(kMoveRate, bytes); }

int64_t IndexedMoveCycles(Direction direction, int64_t bytes) {
  return CyclesAt(direction == Direction::kLocal ? kLocalMoveRate : kMoveRate,
                  bytes);
}

}  // namespace tpuc::bm1684x
