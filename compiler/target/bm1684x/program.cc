// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/program.h"

#include <algorithm>

#include "compiler/target/bm1684x/cost.h"
#include "compiler/target/bm1684x/cycles.h"

namespace tpuc::bm1684x {
namespace {

// What a step needs of an operand and where it lies.
struct OperandUse {
  LocalTensor tensor;
  bool is_load = false;  // a tensor in DDR is never loaded
  uint64_t address = 0;  // of the box in DDR
  Dims strides;
};

struct StepPlan {
  std::vector<OperandUse> operands;
  LocalTensor result;
  bool is_last_cut = false;
  uint64_t address = 0;
  Dims strides;
};

class Sequence {
 public:
  Sequence(const Kernel& kernel, const SlicePlan& plan,
           const LocalPlacement& local, const GlobalPlacement& global,
           Emitter& emitter)
      : kernel_(kernel),
        local_(local),
        global_(global),
        emitter_(emitter),
        steps_(Steps(kernel, plan)) {
    held_.resize(kernel.operands().size());
    loads_.assign(kernel.operands().size(), 0);
    for (const Step& step : steps_) plans_.push_back(PlanStep(step));
  }

  void Run() {
    if (kernel_.TableBytes() > 0) kernel_.EmitTables(emitter_, local_.table);
    Load(0, /*early=*/true);
    Load(0, /*early=*/false);
    const bool late_store = local_.result.size() > 1;
    for (size_t t = 0; t < steps_.size(); ++t) {
      if (t + 1 < steps_.size()) Load(t + 1, /*early=*/true);
      Compute(t);
      if (late_store && t > 0) Store(t - 1);
      if (!late_store) Store(t);
      if (t + 1 < steps_.size()) Load(t + 1, /*early=*/false);
    }
    if (late_store) Store(steps_.size() - 1);
  }

 private:
  // An operand whose box didn't change stays where it is.
  struct Held {
    bool valid = false;
    int part = 0;
    Slice box;
    LocalTensor tensor;
  };

  StepPlan PlanStep(const Step& step) {
    const Part& part = kernel_.parts()[step.part];
    StepPlan plan;
    for (size_t k = 0; k < kernel_.operands().size(); ++k) {
      const OperandSpec& spec = kernel_.operands()[k];
      const Slice box = kernel_.OperandSlice(part, k, step.slice, step.cut);
      Held& held = held_[k];
      OperandUse use;
      use.address =
          BoxAddress(global_.operands[k], part.operands[k], box, spec.dtype);
      use.strides = part.operands[k].strides;
      if (spec.place == Place::kDdr) {
        plan.operands.push_back(use);
        continue;
      }
      if (!held.valid || held.part != step.part || held.box != box) {
        const auto& copies = local_.operands[k];
        held.tensor = {copies[loads_[k]++ % copies.size()], spec.dtype,
                       box.size, spec.layout};
        held.valid = true;
        held.part = step.part;
        held.box = box;
        use.is_load = true;
      }
      use.tensor = held.tensor;
      plan.operands.push_back(use);
    }
    if (step.cut == 0) ++results_;
    const OperandSpec& spec = kernel_.result();
    if (spec.place == Place::kLocal)
      plan.result = {local_.result[(results_ - 1) % local_.result.size()],
                     spec.dtype, step.slice.size, spec.layout};
    plan.is_last_cut = step.cut + 1 == kernel_.num_cuts();
    plan.address =
        BoxAddress(global_.result, part.result, step.slice, spec.dtype);
    plan.strides = part.result.strides;
    return plan;
  }

  // Early: into the copy that the present step doesn't use.
  void Load(size_t t, bool early) {
    for (size_t k = 0; k < plans_[t].operands.size(); ++k) {
      const OperandUse& use = plans_[t].operands[k];
      if (!use.is_load || (local_.operands[k].size() > 1) != early) continue;
      emitter_.Load(use.tensor, use.address, use.strides);
    }
  }

  void Compute(size_t t) {
    Kernel::Buffers buffers;
    for (const OperandUse& use : plans_[t].operands) {
      buffers.operands.push_back(use.tensor);
      buffers.ddr_operands.push_back({use.address, use.strides});
    }
    buffers.result = plans_[t].result;
    buffers.ddr_result = {plans_[t].address, plans_[t].strides};
    buffers.scratch = local_.scratch;
    buffers.table = local_.table;
    kernel_.Emit(emitter_, kernel_.parts()[steps_[t].part], steps_[t].slice,
                 steps_[t].cut, buffers);
  }

  void Store(size_t t) {
    const StepPlan& plan = plans_[t];
    if (plan.is_last_cut && kernel_.result().place == Place::kLocal)
      emitter_.Store(plan.address, plan.strides, plan.result);
  }

  const Kernel& kernel_;
  const LocalPlacement& local_;
  const GlobalPlacement& global_;
  Emitter& emitter_;
  std::vector<Step> steps_;
  std::vector<StepPlan> plans_;
  std::vector<Held> held_;
  std::vector<int64_t> loads_;
  int64_t results_ = 0;
};

}  // namespace

void EmitSliced(const Kernel& kernel, const SlicePlan& plan,
                const LocalPlacement& local, const GlobalPlacement& global,
                Emitter& emitter) {
  Sequence(kernel, plan, local, global, emitter).Run();
}

int64_t EstimateCycles(const Kernel& kernel, const SlicePlan& plan) {
  LocalPlacement local;
  for (const BufferNeed& need : plan.operands)
    local.operands.emplace_back(need.count, 0);
  local.result.assign(plan.result.count, 0);
  GlobalPlacement global;
  global.operands.assign(kernel.operands().size(), isa::kDdrBase);
  global.result = isa::kDdrBase;
  Emitter emitter;
  EmitSliced(kernel, plan, local, global, emitter);
  int64_t tiu = 0, gdma = 0;
  for (const isa::Instruction& instruction : emitter.instructions()) {
    const bool is_tiu = instruction.engine() == isa::Engine::kTiu;
    const auto cost = CostOf(instruction);
    (is_tiu ? tiu : gdma) +=
        kInstructionCycles + (cost.ok() ? cost->cycles : 0);
  }
  // The first loads and the last store overlap with nothing.
  const int64_t steps =
      std::max<int64_t>(1, static_cast<int64_t>(Steps(kernel, plan).size()));
  return std::max(tiu, gdma) + std::min(tiu, gdma) / steps;
}

}  // namespace tpuc::bm1684x
