// SPDX-License-Identifier: Apache-2.0
// Which bytes an instruction reads and writes.
#pragma once

#include <cstdint>

#include "compiler/numerics/view.h"
#include "compiler/support/dtype.h"

namespace tpuc::sim {

enum class Use : uint8_t {
  kRead,
  kWrite,
  kUpdate,  // reads and writes, as accumulations do
};

// One operand of an instruction: the elements of a view in the simulator's
// memories. Gathers and scatters, whose addresses are data, report their whole
// operands.
struct Access {
  Use use;
  numerics::MutablePlanes planes;  // pointers into sim::Memory
  numerics::Shape4 shape;
  int64_t element_bytes;
};

// Calls visit(first byte, bytes) for the runs of adjacent bytes of an operand;
// elements that lie upon each other may be visited more than once.
// Memory::AddressOf() turns pointers into addresses.
template <typename Visit>
void ForEachRange(const Access& access, const Visit& visit) {
  const numerics::MutablePlanes& p = access.planes;
  const numerics::Shape4& s = access.shape;
  const int64_t size = access.element_bytes;
  const bool dense = p.w_stride == 1 || s.w == 1;
  const bool joined = dense && (p.h_stride == s.w || s.h == 1);
  const int64_t rows = joined ? 1 : s.h;
  const int64_t bytes = (joined ? s.h * s.w : s.w) * size;
  for (void* channel : p.channel) {
    for (int64_t n = 0; n < s.n; ++n) {
      for (int64_t h = 0; h < rows; ++h) {
        uint8_t* row = static_cast<uint8_t*>(channel) +
                       (n * p.n_stride + h * p.h_stride) * size;
        if (dense) {
          visit(row, bytes);
          continue;
        }
        for (int64_t w = 0; w < s.w; ++w) {
          visit(row + w * p.w_stride * size, size);
        }
      }
    }
  }
}

}  // namespace tpuc::sim
