// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/isa/instruction.h"

// The memory that an instruction touches, read off its fields. Hazards, and so
// the waits between the engines, follow from it (docs/design.md, rule 5).
namespace tpuc::bm1684x {

enum class Memory : uint8_t {
  kLocal,   // bytes are offsets inside a lane
  kStatic,  // bytes are offsets from 0x0900_0000
  kSystem,  // L2 and DDR: bytes are GDMA addresses
};

// Bytes [begin, end) of a memory; of every lane in `lanes` when local.
struct Region {
  Memory memory = Memory::kLocal;
  uint64_t lanes = ~uint64_t{0};
  int64_t begin = 0;
  int64_t end = 0;
};

// Whether two regions have a byte in common.
bool Overlap(const Region& a, const Region& b);

struct Footprint {
  std::vector<Region> reads;
  std::vector<Region> writes;
};

// What `instruction` may read and write. Never too little; a tensor with gaps
// counts as the interval from its first byte to its last, and a form whose
// extent isn't known (scatter, most gathers, ROI pooling, long forms) as all of
// local and static memory. Address ranges are not checked: a region may lie
// beyond the end of its memory.
Footprint FootprintOf(const isa::Instruction& instruction);

}  // namespace tpuc::bm1684x
