// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

// Addresses in local memory for buffers with life times.
namespace tpuc::bm1684x {

// `count` copies of `bytes` in each lane, from the first to the last operation
// of a slice that it lives through.
struct LocalBuffer {
  int64_t bytes = 0;
  int64_t count = 1;
  int64_t first = 0, last = 0;
  std::vector<int64_t> addresses;  // one a copy
};

// Largest first, at the lowest free multiple of `alignment`. False when they
// need more than `capacity` bytes of a lane.
bool PlaceLocally(std::vector<LocalBuffer>& buffers, int64_t capacity,
                  int64_t alignment);

}  // namespace tpuc::bm1684x
