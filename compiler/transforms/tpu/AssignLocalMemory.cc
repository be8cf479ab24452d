// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "compiler/dialect/tpu/TpuGroupOps.h"
#include "compiler/isa/codes.h"
#include "compiler/transforms/tpu/Passes.h"

namespace tpuc::tpu {

#define GEN_PASS_DEF_ASSIGNLOCALMEMORY
#include "compiler/transforms/tpu/Passes.h.inc"

namespace {

struct Placed {
  int64_t begin, end, first, last;
};

// The lowest address that is a multiple of `alignment` and free during the
// buffer's life.
int64_t LowestFree(const std::vector<Placed>& placed, const GroupBuffer& buffer,
                   int64_t alignment) {
  std::vector<Placed> alive;
  for (const Placed& other : placed)
    if (other.first <= buffer.last && buffer.first <= other.last)
      alive.push_back(other);
  std::sort(alive.begin(), alive.end(),
            [](const Placed& a, const Placed& b) { return a.begin < b.begin; });
  int64_t address = 0;
  for (const Placed& other : alive) {
    if (address + buffer.bytes <= other.begin) break;
    address =
        std::max(address, (other.end + alignment - 1) / alignment * alignment);
  }
  return address;
}

bool Place(std::vector<GroupBuffer>& buffers, int64_t alignment) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::make_pair(-buffers[a].bytes, a) <
           std::make_pair(-buffers[b].bytes, b);
  });
  std::vector<Placed> placed;
  for (size_t i : order) {
    GroupBuffer& buffer = buffers[i];
    buffer.addresses.clear();
    for (int64_t copy = 0; copy < buffer.count; ++copy) {
      const int64_t address = LowestFree(placed, buffer, alignment);
      if (address + buffer.bytes > isa::kLaneBytes) return false;
      buffer.addresses.push_back(address);
      placed.push_back(
          {address, address + buffer.bytes, buffer.first, buffer.last});
    }
  }
  return true;
}

class AssignLocalMemoryPass
    : public impl::AssignLocalMemoryBase<AssignLocalMemoryPass> {
  void runOnOperation() override {
    getOperation().walk([&](GroupOp group) {
      std::vector<GroupBuffer> buffers = BuffersOf(group);
      if (!Place(buffers, isa::kBankBytes) && !Place(buffers, isa::kEuBytes)) {
        group.emitError("buffers don't fit into local memory");
        return signalPassFailure();
      }
      group.setBuffersAttr(BuffersAttr(&getContext(), buffers));
    });
  }
};

}  // namespace
}  // namespace tpuc::tpu
