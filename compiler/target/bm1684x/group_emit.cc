// SPDX-License-Identifier: Apache-2.0
#include <cassert>
#include <map>
#include <utility>

#include "compiler/target/bm1684x/group.h"
#include "compiler/target/bm1684x/group_timeline.h"

namespace tpuc::bm1684x {
namespace {

class Emission {
 public:
  Emission(const GroupGraph& graph, const GroupPlan& plan,
           std::vector<SliceBoxes> boxes, const GroupAddresses& addresses,
           Emitter& emitter, const std::function<void(int)>& after)
      : graph_(graph),
        boxes_(std::move(boxes)),
        addresses_(addresses),
        emitter_(emitter),
        after_(after),
        uses_(UsesOf(graph, plan.tiling, boxes_)) {
    for (const GroupBuffer& buffer : plan.buffers)
      buffers_[{buffer.role, buffer.index}] = buffer.local.addresses;
    int number = 0;
    for (const GroupStage& stage : graph.stages) {
      first_operand_.push_back(number);
      number += static_cast<int>(stage.operands.size());
    }
  }

  void Run() {
    for (size_t s = 0; s < graph_.stages.size(); ++s) {
      const Kernel& kernel = *graph_.stages[s].kernel;
      if (kernel.TableBytes() == 0) continue;
      kernel.EmitTables(emitter_,
                        Address(BufferRole::kTable, static_cast<int>(s), 0));
      after_(static_cast<int>(s));
    }
    for (const GroupEvent& event :
         Timeline(graph_, uses_, static_cast<int64_t>(boxes_.size())))
      Run(event);
  }

 private:
  void Run(const GroupEvent& event) {
    switch (event.kind) {
      case GroupEvent::Kind::kLoad:
        EmitLoad(event.slice, event.index);
        return after_(uses_[event.index].first);
      case GroupEvent::Kind::kCompute:
        EmitStage(event.slice, event.index);
        return after_(event.index);
      case GroupEvent::Kind::kStore:
        EmitStore(event.slice, event.index);
        return after_(event.index);
    }
  }

  // Of the copy that a slice uses; 0 where there is no buffer.
  int64_t Address(BufferRole role, int index, int64_t slice) const {
    const auto it = buffers_.find({role, index});
    if (it == buffers_.end()) return 0;
    return it->second[slice % it->second.size()];
  }

  LocalTensor LoadTensor(int64_t slice, int load) const {
    const OperandSpec& spec = graph_.loads[load].spec;
    return {Address(BufferRole::kLoad, load, slice), spec.dtype,
            boxes_[slice].loads[load].size, spec.layout};
  }

  LocalTensor ValueTensor(int64_t slice, int stage) const {
    const OperandSpec& spec = graph_.stages[stage].kernel->result();
    return {Address(BufferRole::kValue, stage, slice), spec.dtype,
            boxes_[slice].results[stage].size, spec.layout};
  }

  void EmitLoad(int64_t slice, int load) {
    const auto& [view, spec] = graph_.loads[load];
    emitter_.Load(LoadTensor(slice, load),
                  BoxAddress(addresses_.loads[load], view,
                             boxes_[slice].loads[load], spec.dtype),
                  view.strides);
  }

  void EmitStore(int64_t slice, int stage) {
    const Kernel& kernel = *graph_.stages[stage].kernel;
    const DdrView& view = kernel.parts()[0].result;
    emitter_.Store(
        BoxAddress(addresses_.results[stage], view,
                   boxes_[slice].results[stage], kernel.result().dtype),
        view.strides, ValueTensor(slice, stage));
  }

  void EmitStage(int64_t slice, int s) {
    const GroupStage& stage = graph_.stages[s];
    Kernel::Buffers buffers;
    for (size_t k = 0; k < stage.operands.size(); ++k)
      buffers.operands.push_back(Operand(slice, s, static_cast<int>(k)));
    buffers.ddr_operands.resize(stage.operands.size());
    buffers.result = ValueTensor(slice, s);
    buffers.scratch = Address(BufferRole::kScratch, s, slice);
    buffers.table = Address(BufferRole::kTable, s, slice);
    stage.kernel->Emit(emitter_, stage.kernel->parts()[0],
                       boxes_[slice].results[s], 0, buffers);
  }

  // What was loaded or computed, or the part of it that the stage reads.
  LocalTensor Operand(int64_t slice, int s, int k) {
    const StageOperand& from = graph_.stages[s].operands[k];
    const SliceBoxes& boxes = boxes_[slice];
    const Slice& box = boxes.operands[s][k];
    const int64_t held = from.load >= 0 && uses_[from.load].is_kept ? 0 : slice;
    const LocalTensor source = from.stage >= 0 ? ValueTensor(slice, from.stage)
                                               : LoadTensor(held, from.load);
    LocalTensor operand = source;
    operand.shape = box.size;
    if (!IsCropped(from, boxes, s, k)) return operand;
    operand.address = Address(BufferRole::kCrop, first_operand_[s] + k, slice);
    Crop(operand, source,
         from.stage >= 0 ? boxes.results[from.stage] : boxes.loads[from.load],
         box);
    return operand;
  }

  void Crop(const LocalTensor& result, const LocalTensor& source,
            const Slice& whole, const Slice& box) {
    Emitter::Strided to = {result.address, result.Strides()};
    Emitter::Strided from = {source.address, source.Strides()};
    for (int d : {kN, kH, kW})
      from.address += (box.start[d] - whole.start[d]) * from.strides[d] *
                      static_cast<int64_t>(SizeOf(source.dtype));
    // Strides of a single image or group of channels may exceed their fields.
    for (Dims* strides : {&to.strides, &from.strides}) {
      if (box.size[kN] == 1) (*strides)[kN] = 1;
      if (box.size[kC] <= isa::kLanes) (*strides)[kC] = 1;
    }
    emitter_.StridedCopy(source.dtype, box.size, to, from);
  }

  const GroupGraph& graph_;
  const std::vector<SliceBoxes> boxes_;
  const GroupAddresses& addresses_;
  Emitter& emitter_;
  const std::function<void(int)>& after_;
  const std::vector<LoadUse> uses_;
  std::map<std::pair<BufferRole, int>, std::vector<int64_t>> buffers_;
  std::vector<int> first_operand_;
};

}  // namespace

void EmitGroup(const GroupGraph& graph, const GroupPlan& plan,
               const GroupAddresses& addresses, Emitter& emitter,
               const std::function<void(int stage)>& after) {
  auto boxes = BoxesOf(graph, plan.tiling);
  assert(boxes.has_value());
  Emission(graph, plan, *std::move(boxes), addresses, emitter, after).Run();
}

}  // namespace tpuc::bm1684x
