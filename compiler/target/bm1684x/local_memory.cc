// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/local_memory.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "compiler/isa/codes.h"

namespace tpuc::bm1684x {
namespace {

struct Placed {
  int64_t begin, end, first, last;
};

// The lowest address that is a multiple of `alignment` and free during the
// buffer's life. `placed` ascends.
int64_t LowestFree(const std::vector<Placed>& placed, const LocalBuffer& buffer,
                   int64_t alignment) {
  int64_t address = 0;
  for (const Placed& other : placed) {
    if (other.first > buffer.last || buffer.first > other.last) continue;
    if (address + buffer.bytes <= other.begin) break;
    address =
        std::max(address, (other.end + alignment - 1) / alignment * alignment);
  }
  return address;
}

}  // namespace

bool PlaceLocally(std::vector<LocalBuffer>& buffers, int64_t capacity,
                  int64_t alignment) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::make_pair(-buffers[a].bytes, a) <
           std::make_pair(-buffers[b].bytes, b);
  });
  std::vector<Placed> placed;
  for (size_t i : order) {
    LocalBuffer& buffer = buffers[i];
    buffer.addresses.clear();
    for (int64_t copy = 0; copy < buffer.count; ++copy) {
      const int64_t address = LowestFree(placed, buffer, alignment);
      if (address + buffer.bytes > capacity) return false;
      buffer.addresses.push_back(address);
      const Placed here = {address, address + buffer.bytes, buffer.first,
                           buffer.last};
      placed.insert(std::upper_bound(placed.begin(), placed.end(), here,
                                     [](const Placed& a, const Placed& b) {
                                       return a.begin < b.begin;
                                     }),
                    here);
    }
  }
  return true;
}

}  // namespace tpuc::bm1684x
