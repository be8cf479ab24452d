// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "compiler/dialect/tpu/TpuGroupOps.h"
#include "compiler/isa/codes.h"
#include "compiler/target/bm1684x/local_memory.h"
#include "compiler/transforms/tpu/Passes.h"

namespace tpuc::tpu {

#define GEN_PASS_DEF_ASSIGNLOCALMEMORY
#include "compiler/transforms/tpu/Passes.h.inc"

namespace {

class AssignLocalMemoryPass
    : public impl::AssignLocalMemoryBase<AssignLocalMemoryPass> {
  void runOnOperation() override {
    getOperation().walk([&](GroupOp group) {
      std::vector<GroupBuffer> buffers = BuffersOf(group);
      std::vector<bm1684x::LocalBuffer> locals;
      for (const GroupBuffer& buffer : buffers)
        locals.push_back(
            {buffer.bytes, buffer.count, buffer.first, buffer.last, {}});
      if (!bm1684x::PlaceLocally(locals, isa::kLaneBytes, isa::kBankBytes) &&
          !bm1684x::PlaceLocally(locals, isa::kLaneBytes, isa::kEuBytes)) {
        group.emitError("buffers don't fit into local memory");
        return signalPassFailure();
      }
      for (size_t b = 0; b < buffers.size(); ++b)
        buffers[b].addresses = locals[b].addresses;
      group.setBuffersAttr(BuffersAttr(&getContext(), buffers));
    });
  }
};

}  // namespace
}  // namespace tpuc::tpu
