// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/group.h"

#include <algorithm>

#include "compiler/target/bm1684x/group_timeline.h"

namespace tpuc::bm1684x {
namespace {

bool IsLocal(const OperandSpec& spec) { return spec.place == Place::kLocal; }

bool CanBeStage(const Kernel* kernel) {
  return kernel != nullptr && kernel->parts().size() == 1 &&
         kernel->num_cuts() == 1 && IsLocal(kernel->result()) &&
         std::all_of(kernel->operands().begin(), kernel->operands().end(),
                     IsLocal);
}

bool SameView(const DdrView& a, const DdrView& b) {
  for (int d = 0; d < 4; ++d)
    if (a.shape[d] > 1 && a.strides[d] != b.strides[d]) return false;
  return a.offset == b.offset && a.shape == b.shape;
}

bool SameSpec(const OperandSpec& a, const OperandSpec& b) {
  return a.dtype == b.dtype && a.layout == b.layout;
}

// Whether a kernel can read the local tensor that another one leaves.
bool CanTake(const Kernel& reader, int operand, const Kernel& producer) {
  return SameSpec(reader.operands()[operand], producer.result()) &&
         reader.parts()[0].operands[operand].shape ==
             producer.parts()[0].result.shape;
}

// The same under another shape: channels keep their lanes, planes their bytes.
bool CanTakeReshaped(const Kernel& reader, int operand,
                     const Kernel& producer) {
  const Dims& to = reader.parts()[0].operands[operand].shape;
  const Dims& from = producer.parts()[0].result.shape;
  return SameSpec(reader.operands()[operand], producer.result()) &&
         to[kN] == from[kN] && to[kC] == from[kC] &&
         to[kH] * to[kW] == from[kH] * from[kW];
}

Slice Hull(const Slice& a, const Slice& b) {
  Slice hull;
  for (int d = 0; d < 4; ++d) {
    hull.start[d] = std::min(a.start[d], b.start[d]);
    hull.size[d] = std::max(a.start[d] + a.size[d], b.start[d] + b.size[d]) -
                   hull.start[d];
  }
  return hull;
}

void Add(std::optional<Slice>& hull, const Slice& box) {
  hull = hull ? Hull(*hull, box) : box;
}

// Piece `index` of `pieces` along a dimension of a box; false when there are
// fewer.
bool Cut(Slice& box, int dimension, int64_t pieces, int64_t index) {
  const int64_t extent = box.size[dimension];
  const int64_t size = CeilDiv(extent, pieces);
  if (CeilDiv(extent, size) != pieces) return false;
  box.start[dimension] = index * size;
  box.size[dimension] = std::min(size, extent - index * size);
  return true;
}

bool IsSplittable(const Kernel& kernel, const Slice& box) {
  const Part& part = kernel.parts()[0];
  const Dims granularity = kernel.Granularity(part);
  for (int d = 0; d < 4; ++d) {
    if (box.size[d] == part.result.shape[d]) continue;
    if (granularity[d] == 0 || box.start[d] % granularity[d] != 0) return false;
  }
  return kernel.IsLegal(part, box);
}

std::optional<SliceBoxes> BoxesOfSlice(const GroupGraph& graph,
                                       const GroupTiling& tiling,
                                       int64_t index) {
  const size_t count = graph.stages.size();
  SliceBoxes boxes;
  boxes.results.resize(count);
  boxes.operands.resize(count);
  std::vector<std::optional<Slice>> needs(count), loads(graph.loads.size());
  for (size_t s = count; s-- > 0;) {
    const GroupStage& stage = graph.stages[s];
    const Part& part = stage.kernel->parts()[0];
    if (stage.is_stored) {
      Slice piece = Whole(part.result.shape);
      if (!Cut(piece, kN, tiling.n, index / tiling.h) ||
          !Cut(piece, kH, tiling.h, index % tiling.h))
        return std::nullopt;
      Add(needs[s], piece);
    }
    boxes.results[s] = *needs[s];
    if (!IsSplittable(*stage.kernel, *needs[s])) return std::nullopt;
    for (size_t k = 0; k < stage.operands.size(); ++k) {
      const Slice box =
          stage.kernel->OperandSlice(part, static_cast<int>(k), *needs[s], 0);
      boxes.operands[s].push_back(box);
      const StageOperand& from = stage.operands[k];
      if (!from.is_reshaped) {
        Add(from.stage >= 0 ? needs[from.stage] : loads[from.load], box);
        continue;
      }
      if (box != Whole(part.operands[k].shape)) return std::nullopt;
      const Kernel& source = *graph.stages[from.stage].kernel;
      Add(needs[from.stage], Whole(source.parts()[0].result.shape));
    }
  }
  for (const auto& load : loads) boxes.loads.push_back(*load);
  return boxes;
}

int64_t Bytes(DType dtype, Layout layout, const Slice& box) {
  return RoundUp(LocalTensor{0, dtype, box.size, layout}.BytesPerLane(),
                 isa::kEuBytes);
}

// Whether rows of `whole` can be copied out as `box`: channels stay in their
// lanes, strides fit their fields.
bool CanCrop(const OperandSpec& spec, const Slice& whole, const Slice& box) {
  if (spec.layout != Layout::kAligned) return false;
  if (box.start[kC] != whole.start[kC]) return false;
  for (const Slice& side : {whole, box}) {
    const Dims strides = LocalTensor{0, spec.dtype, side.size}.Strides();
    if (box.size[kN] > 1 && strides[kN] > isa::kMaxSize) return false;
    if (box.size[kC] > isa::kLanes && strides[kC] > isa::kMaxSize) return false;
  }
  return true;
}

class Planner {
 public:
  Planner(const GroupGraph& graph, const GroupTiling& tiling,
          const std::vector<SliceBoxes>& boxes)
      : graph_(graph), tiling_(tiling), boxes_(boxes) {}

  std::optional<GroupPlan> Run(int64_t capacity) {
    plan_.tiling = tiling_;
    const std::vector<LoadUse> uses = UsesOf(graph_, tiling_, boxes_);
    for (size_t l = 0; l < uses.size(); ++l) AddLoad(l, uses[l]);
    const std::vector<int> last = LastReaders();
    int operand = 0;
    for (size_t s = 0; s < graph_.stages.size(); ++s) {
      AddValue(s, last[s]);
      for (size_t k = 0; k < graph_.stages[s].operands.size(); ++k)
        if (!AddCrop(s, k, operand++)) return std::nullopt;
      AddScratch(s);
    }
    std::vector<LocalBuffer> locals;
    for (const GroupBuffer& buffer : plan_.buffers)
      locals.push_back(buffer.local);
    if (!Fits(locals, capacity) ||
        !PlaceLocally(locals, capacity, isa::kEuBytes))
      return std::nullopt;
    for (size_t b = 0; b < locals.size(); ++b)
      plan_.buffers[b].local = locals[b];
    return std::move(plan_);
  }

 private:
  // A quick look before placing: the most that lives at a time.
  bool Fits(const std::vector<LocalBuffer>& locals, int64_t capacity) const {
    std::vector<int64_t> used(graph_.stages.size(), 0);
    for (const LocalBuffer& buffer : locals)
      for (int64_t s = buffer.first; s <= buffer.last; ++s)
        used[s] += buffer.bytes * buffer.count;
    return std::all_of(used.begin(), used.end(),
                       [&](int64_t bytes) { return bytes <= capacity; });
  }

  // The last stage that reads each one's result, or itself.
  std::vector<int> LastReaders() const {
    std::vector<int> last(graph_.stages.size());
    for (size_t s = 0; s < last.size(); ++s) {
      last[s] = static_cast<int>(s);
      for (const StageOperand& operand : graph_.stages[s].operands)
        if (operand.stage >= 0) last[operand.stage] = static_cast<int>(s);
    }
    return last;
  }

  int Last() const { return static_cast<int>(graph_.stages.size()) - 1; }
  bool IsOne() const { return boxes_.size() == 1; }

  void Add(BufferRole role, int index, Layout layout, int64_t bytes,
           int64_t count, int64_t first, int64_t last) {
    if (bytes > 0)
      plan_.buffers.push_back(
          {role, index, layout, {bytes, count, first, last, {}}});
  }

  void AddLoad(size_t l, const LoadUse& use) {
    const OperandSpec& spec = graph_.loads[l].spec;
    int64_t bytes = 0;
    for (const SliceBoxes& slice : boxes_)
      bytes = std::max(bytes, Bytes(spec.dtype, spec.layout, slice.loads[l]));
    const bool always = use.is_kept || use.is_double;
    Add(BufferRole::kLoad, static_cast<int>(l), spec.layout, bytes,
        use.is_double ? 2 : 1, always ? 0 : std::max(use.first - 1, 0),
        always ? Last() : use.last);
  }

  void AddValue(size_t s, int last) {
    const OperandSpec& spec = graph_.stages[s].kernel->result();
    int64_t bytes = 0;
    for (const SliceBoxes& slice : boxes_)
      bytes = std::max(bytes, Bytes(spec.dtype, spec.layout, slice.results[s]));
    const int stage = static_cast<int>(s);
    const bool stored = graph_.stages[s].is_stored;
    // Stored while the next operation runs.
    if (stored) last = std::min(std::max(last, stage + 1), Last());
    const bool is_double = stored && stage == Last() && !IsOne();
    Add(BufferRole::kValue, stage, spec.layout, bytes, is_double ? 2 : 1,
        is_double ? 0 : stage, last);
  }

  bool AddCrop(size_t s, size_t k, int number) {
    const StageOperand& from = graph_.stages[s].operands[k];
    const OperandSpec& spec = graph_.stages[s].kernel->operands()[k];
    int64_t bytes = 0;
    for (const SliceBoxes& slice : boxes_) {
      if (!IsCropped(from, slice, s, k)) continue;
      const Slice& whole =
          from.stage >= 0 ? slice.results[from.stage] : slice.loads[from.load];
      const Slice& box = slice.operands[s][k];
      if (!CanCrop(spec, whole, box)) return false;
      bytes = std::max(bytes, Bytes(spec.dtype, spec.layout, box));
    }
    Add(BufferRole::kCrop, number, spec.layout, bytes, 1,
        static_cast<int64_t>(s), static_cast<int64_t>(s));
    return true;
  }

  void AddScratch(size_t s) {
    const Kernel& kernel = *graph_.stages[s].kernel;
    int64_t bytes = 0;
    for (const SliceBoxes& slice : boxes_)
      bytes = std::max(
          bytes, kernel.ScratchBytes(kernel.parts()[0], slice.results[s]));
    const int stage = static_cast<int>(s);
    Add(BufferRole::kScratch, stage, Layout::kAligned,
        RoundUp(bytes, isa::kEuBytes), 1, stage, stage);
    Add(BufferRole::kTable, stage, Layout::kAligned,
        RoundUp(kernel.TableBytes(), isa::kEuBytes), 1, 0, Last());
  }

  const GroupGraph& graph_;
  const GroupTiling& tiling_;
  const std::vector<SliceBoxes>& boxes_;
  GroupPlan plan_;
};

}  // namespace

std::optional<GroupGraph> MakeGraph(const std::vector<GroupCandidate>& sequence,
                                    int first, int last,
                                    std::vector<int>* tensors) {
  GroupGraph graph;
  tensors->clear();
  for (int i = first; i <= last; ++i) {
    const GroupCandidate& op = sequence[i];
    if (!CanBeStage(op.kernel) || op.barrier >= first) return std::nullopt;
    GroupStage stage;
    stage.kernel = op.kernel;
    stage.is_stored =
        op.is_needed || op.last_reader > last || op.last_reader < 0;
    for (size_t k = 0; k < op.producers.size(); ++k) {
      StageOperand operand;
      if (op.producers[k] >= first) {
        operand.stage = op.producers[k] - first;
        operand.is_reshaped = op.is_reshaped[k];
        const Kernel& producer = *graph.stages[operand.stage].kernel;
        const int number = static_cast<int>(k);
        if (!(operand.is_reshaped
                  ? CanTakeReshaped(*op.kernel, number, producer)
                  : CanTake(*op.kernel, number, producer)))
          return std::nullopt;
      } else {
        const GroupLoad load = {op.kernel->parts()[0].operands[k],
                                op.kernel->operands()[k]};
        for (size_t l = 0; l < graph.loads.size() && operand.load < 0; ++l)
          if ((*tensors)[l] == op.tensors[k] &&
              SameView(graph.loads[l].view, load.view) &&
              SameSpec(graph.loads[l].spec, load.spec))
            operand.load = static_cast<int>(l);
        if (operand.load < 0) {
          operand.load = static_cast<int>(graph.loads.size());
          graph.loads.push_back(load);
          tensors->push_back(op.tensors[k]);
        }
      }
      stage.operands.push_back(operand);
    }
    graph.stages.push_back(std::move(stage));
  }
  return graph;
}

std::optional<std::vector<SliceBoxes>> BoxesOf(const GroupGraph& graph,
                                               const GroupTiling& tiling) {
  std::vector<SliceBoxes> boxes;
  for (int64_t i = 0; i < tiling.NumSlices(); ++i) {
    auto slice = BoxesOfSlice(graph, tiling, i);
    if (!slice) return std::nullopt;
    boxes.push_back(*std::move(slice));
  }
  return boxes;
}

std::optional<GroupPlan> PlanGroup(const GroupGraph& graph,
                                   const GroupTiling& tiling,
                                   const std::vector<SliceBoxes>& boxes,
                                   int64_t capacity) {
  return Planner(graph, tiling, boxes).Run(capacity);
}

}  // namespace tpuc::bm1684x
