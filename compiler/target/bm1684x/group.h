// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/target/bm1684x/kernel.h"
#include "compiler/target/bm1684x/local_memory.h"

// Several kernels that run one behind the other on slices in local memory, so
// that what passes between them never goes to DDR.
//
// Every stored result is cut into equal pieces along n and h. A slice computes
// one piece of each; what the stages before have to make for it follows
// backwards from there, halos of windows included, so that neighbouring slices
// may compute some rows twice. The bits don't depend on the slices.
namespace tpuc::bm1684x {

// Where a stage takes an operand from: a stage before it, or else a load.
struct StageOperand {
  int stage = -1;
  int load = -1;
  // The stage's result under another shape, of the same bytes in every lane.
  bool is_reshaped = false;
};

struct GroupStage {
  const Kernel* kernel = nullptr;
  std::vector<StageOperand> operands;
  bool is_stored = false;
};

// A tensor in DDR as the kernels that read it see it.
struct GroupLoad {
  DdrView view;
  OperandSpec spec;
};

struct GroupGraph {
  std::vector<GroupStage> stages;
  std::vector<GroupLoad> loads;
};

// What one operation of a sequence reads, and who reads its result.
struct GroupCandidate {
  const Kernel* kernel = nullptr;  // with natural views; null: runs alone
  // For each operand the operation of the sequence that makes it, or -1, and a
  // number that is the same for equal tensors.
  std::vector<int> producers;
  std::vector<bool> is_reshaped;  // whether a reshape stands between
  std::vector<int> tensors;
  // The last operation whose result it reads through another one that is not of
  // the sequence, so that it must be in DDR by then.
  int barrier = -1;
  int last_reader = -1;    // in the sequence
  bool is_needed = false;  // outside of it
};

// The graph of operations [first, last] of a sequence. `tensors` receives the
// number of the tensor of each load. Fails when they can't run as one group:
// a kernel works on DDR, in several parts or cuts, or can't take what a stage
// leaves.
std::optional<GroupGraph> MakeGraph(const std::vector<GroupCandidate>& sequence,
                                    int first, int last,
                                    std::vector<int>* tensors);

struct GroupTiling {
  int64_t n = 1, h = 1;  // pieces
  // Whether what is the same for all slices (constants) stays in local memory;
  // else it is loaded for each.
  bool keeps = true;

  int64_t NumSlices() const { return n * h; }
};

// Boxes of one slice.
struct SliceBoxes {
  std::vector<Slice> results;                // of each stage
  std::vector<std::vector<Slice>> operands;  // of each stage
  std::vector<Slice> loads;
};

// Whether an operand of a stage is a part of what was loaded or computed.
inline bool IsCropped(const StageOperand& from, const SliceBoxes& slice,
                      size_t stage, size_t operand) {
  if (from.is_reshaped) return false;
  return slice.operands[stage][operand] !=
         (from.stage >= 0 ? slice.results[from.stage] : slice.loads[from.load]);
}

enum class BufferRole : uint8_t { kLoad, kValue, kCrop, kScratch, kTable };

// A buffer of a group. `index`: of the load or the stage; for a crop, the part
// of an operand that a stage reads where others read more, the number of the
// operand among all stages' operands.
struct GroupBuffer {
  BufferRole role = BufferRole::kValue;
  int index = 0;
  Layout layout = Layout::kAligned;
  LocalBuffer local;
};

struct GroupPlan {
  GroupTiling tiling;
  std::vector<GroupBuffer> buffers;
};

// Boxes of all slices; fails when a result has fewer rows than pieces, an
// instruction can't take a box, or a kernel can't split what the tiling does.
std::optional<std::vector<SliceBoxes>> BoxesOf(const GroupGraph& graph,
                                               const GroupTiling& tiling);

// The buffers, with addresses; fails when they need more than `capacity` bytes
// of a lane.
std::optional<GroupPlan> PlanGroup(const GroupGraph& graph,
                                   const GroupTiling& tiling,
                                   const std::vector<SliceBoxes>& boxes,
                                   int64_t capacity);

// Cycles of kernels on slices, each looked up once.
class StageCosts {
 public:
  // Of the TIU's instructions.
  int64_t Compute(const Kernel& kernel, const Slice& result,
                  const std::vector<Slice>& operands);

 private:
  using Key = std::pair<const Kernel*, std::array<Dims, 2>>;
  std::map<Key, int64_t> compute_;
};

// What a group takes by the cycle model, both engines together.
int64_t EstimateCycles(const GroupGraph& graph, const GroupPlan& plan,
                       const std::vector<SliceBoxes>& boxes, StageCosts& costs);

// DDR addresses of the first element of each tensor.
struct GroupAddresses {
  std::vector<uint64_t> loads;
  std::vector<uint64_t> results;  // of each stage; of stored ones only
};

// Instructions in program order. `after` is called with the stage that the
// instructions since the last call belong to.
void EmitGroup(const GroupGraph& graph, const GroupPlan& plan,
               const GroupAddresses& addresses, Emitter& emitter,
               const std::function<void(int stage)>& after);

}  // namespace tpuc::bm1684x
