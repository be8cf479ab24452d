// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

// Cycles of GDMA copies by the vendor's cost functions, which know bandwidths,
// a least segment of 256 bytes and four interleaved DDR pages, but no start-up
// time. Rules and constants: docs/isa/bm1684x.md, chapter g; equality with the
// vendor's functions: //tests/vendor:cycles_sampling.
namespace tpuc::bm1684x {

// By the two addresses. L2 and static memory count as system memory.
enum class Direction : uint8_t { kLoad, kStore, kSystem, kLocal };

const char* Name(Direction direction);  // "S2L", "L2S", "S2S", "L2L"

Direction DirectionOf(uint64_t src_address, uint64_t dst_address);

// A 4-D copy. Sizes are those of the source, n, c, h, w; strides in elements.
struct TensorCopy {
  Direction direction = Direction::kLoad;
  std::array<int64_t, 4> size = {1, 1, 1, 1};
  std::array<int64_t, 4> src_strides = {0, 0, 0, 1};
  std::array<int64_t, 4> dst_strides = {0, 0, 0, 1};
  int64_t element_bytes = 1;
  bool swaps_nc = false;  // destination [c, n, h, w], dst_strides likewise
};

// A row stride of 0 on a system side gives 0 cycles, as the vendor's function
// does.
int64_t CopyCycles(const TensorCopy& copy);

// Copy of one channel to many lanes; only loads and copies between lanes.
// The number of lanes is free.
int64_t BroadcastCycles(const TensorCopy& copy);

// Constant in the destination.
int64_t FillCycles(const std::array<int64_t, 4>& size,
                   const std::array<int64_t, 4>& strides,
                   int64_t element_bytes);

// rows x columns, `width` columns to a lane. `transposed`: special function 1.
int64_t MatrixCopyCycles(Direction direction, int64_t rows, int64_t columns,
                         int64_t width, int64_t element_bytes, bool transposed);

// Flat copies, gathers, scatters, c/w transposes, compactions.
int64_t PlainMoveCycles(int64_t bytes);
int64_t IndexedMoveCycles(Direction direction, int64_t bytes);

}  // namespace tpuc::bm1684x
