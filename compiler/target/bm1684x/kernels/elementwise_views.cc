// SPDX-License-Identifier: Apache-2.0
#include <cassert>

#include "compiler/target/bm1684x/kernels/elementwise_kernels.h"

namespace tpuc::bm1684x {
namespace {

// Elements of a channel in flat views: 4 KiB, so that channels of a piece are
// dense in DDR (docs/isa/bm1684x.md, g).
constexpr int64_t kFlatRowBytes = 4096;
// A channel count from which lanes count as filled.
constexpr int64_t kEnoughChannels = 32;

// A merged dimension: result stride and operand strides (0: broadcast).
struct Loop {
  int64_t size = 1;
  int64_t result = 0;
  std::vector<int64_t> operands;
};

// Strides of an operand, aligned to the right of the result's dimensions.
std::vector<int64_t> BroadcastStrides(const std::vector<int64_t>& operand,
                                      const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 0);
  int64_t stride = 1;
  for (size_t i = 0; i < operand.size(); ++i) {
    const size_t from = operand.size() - 1 - i, to = shape.size() - 1 - i;
    if (operand[from] != 1) strides[to] = stride;
    stride *= operand[from];
  }
  return strides;
}

// Outermost first; never empty.
std::vector<Loop> MergedLoops(
    const std::vector<int64_t>& shape,
    const std::vector<std::vector<int64_t>>& operand_shapes) {
  std::vector<std::vector<int64_t>> strides;
  for (const auto& operand : operand_shapes)
    strides.push_back(BroadcastStrides(operand, shape));
  std::vector<Loop> loops;  // innermost first
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    Loop loop;
    loop.size = shape[i];
    loop.result = stride;
    for (const auto& s : strides) loop.operands.push_back(s[i]);
    stride *= shape[i];
    if (loop.size == 1) continue;
    if (!loops.empty()) {
      Loop& inner = loops.back();
      bool mergeable = true;
      for (size_t k = 0; k < strides.size(); ++k)
        mergeable &= loop.operands[k] == inner.operands[k] * inner.size;
      if (mergeable) {
        inner.size *= loop.size;
        continue;
      }
    }
    loops.push_back(loop);
  }
  if (loops.empty()) {
    Loop one;
    one.result = 1;
    one.operands.assign(operand_shapes.size(), 1);
    loops.push_back(one);
  }
  return {loops.rbegin(), loops.rend()};
}

// Adds the part whose n, c, h, w are the given loops (null: size 1), behind
// `base`.
struct Base {
  int64_t result = 0;
  std::vector<int64_t> operands;
};
Part MakePart(const std::array<const Loop*, 4>& loops, const Base& base) {
  Part part;
  const size_t count = base.operands.size();
  part.operands.resize(count);
  part.result.offset = base.result;
  for (size_t k = 0; k < count; ++k) part.operands[k].offset = base.operands[k];
  for (int d = 0; d < 4; ++d) {
    if (loops[d] == nullptr) continue;
    part.result.shape[d] = loops[d]->size;
    part.result.strides[d] = loops[d]->result;
    for (size_t k = 0; k < count; ++k) {
      // Channels don't cross lanes: repeat them when loading.
      const bool repeats = loops[d]->operands[k] == 0 && d != kC;
      part.operands[k].shape[d] = repeats ? 1 : loops[d]->size;
      part.operands[k].strides[d] = loops[d]->operands[k];
    }
  }
  return part;
}

Base Advance(Base base, const Loop& loop, int64_t steps) {
  base.result += loop.result * steps;
  for (size_t k = 0; k < base.operands.size(); ++k)
    base.operands[k] += loop.operands[k] * steps;
  return base;
}

Loop Sub(const Loop& loop, int64_t size, int64_t step) {
  Loop sub = loop;
  sub.size = size;
  sub.result *= step;
  for (int64_t& s : sub.operands) s *= step;
  return sub;
}

// Spreads the innermost loop over n x 64 lanes x w, `outer` (may be null) being
// h; a rest that doesn't fill the lanes follows.
void AddFlatParts(const Loop& flat, const Loop* outer, DType dtype,
                  const Base& base, std::vector<Part>& parts) {
  const auto esize = static_cast<int64_t>(SizeOf(dtype));
  const int64_t eu = isa::kEuBytes / esize;
  int64_t row = std::min(kFlatRowBytes / esize, flat.size / isa::kLanes);
  if (row > eu) row = row / eu * eu;
  int64_t done = 0;
  if (row > 0) {
    const int64_t piece = row * isa::kLanes;
    const Loop n = Sub(flat, flat.size / piece, piece);
    const Loop c = Sub(flat, isa::kLanes, row), w = Sub(flat, row, 1);
    parts.push_back(MakePart({&n, &c, outer, &w}, base));
    done = n.size * piece;
  }
  if (done == flat.size) return;
  const Loop rest = Sub(flat, flat.size - done, 1);
  const Base behind = Advance(base, flat, done);
  if (rest.size >= isa::kLanes) {
    AddFlatParts(rest, outer, dtype, behind, parts);
  } else {
    parts.push_back(MakePart({nullptr, nullptr, outer, &rest}, behind));
  }
}

void AddParts(const std::vector<Loop>& loops, size_t first, DType dtype,
              const Base& base, std::vector<Part>& parts) {
  const size_t count = loops.size() - first;
  const Loop* l = &loops[first];
  if (count == 1) return AddFlatParts(l[0], nullptr, dtype, base, parts);
  if (count == 2 && l[0].size < kEnoughChannels && l[1].size > l[0].size)
    return AddFlatParts(l[1], &l[0], dtype, base, parts);
  if (count == 2)
    return parts.push_back(MakePart({nullptr, &l[0], nullptr, &l[1]}, base));
  if (count == 3) {
    // The larger of the outer two goes over the lanes.
    const bool swap = l[0].size > l[1].size;
    return parts.push_back(MakePart(
        {swap ? &l[1] : &l[0], swap ? &l[0] : &l[1], nullptr, &l[2]}, base));
  }
  if (count == 4) {
    const bool swap = l[0].size > l[1].size;
    return parts.push_back(MakePart(
        {swap ? &l[1] : &l[0], swap ? &l[0] : &l[1], &l[2], &l[3]}, base));
  }
  for (int64_t i = 0; i < l[0].size; ++i)
    AddParts(loops, first + 1, dtype, Advance(base, l[0], i), parts);
}

std::vector<Part> NaturalParts(
    const std::vector<int64_t>& shape,
    const std::vector<std::vector<int64_t>>& operand_shapes, const Base& base) {
  if (shape.size() < 3 || shape.size() > 4) return {};
  std::vector<int64_t> dims = shape;
  dims.insert(dims.begin(), 4 - shape.size(), 1);
  std::array<Loop, 4> loops;
  int64_t stride = 1;
  for (int d = 3; d >= 0; --d) {
    loops[d] = {dims[d], stride, {}};
    stride *= dims[d];
  }
  for (const auto& operand : operand_shapes) {
    const std::vector<int64_t> strides = BroadcastStrides(operand, dims);
    for (int d = 0; d < 4; ++d) loops[d].operands.push_back(strides[d]);
  }
  return {MakePart({&loops[0], &loops[1], &loops[2], &loops[3]}, base)};
}

}  // namespace

std::vector<Part> ElementwiseParts(
    const std::vector<int64_t>& shape,
    const std::vector<std::vector<int64_t>>& operand_shapes, DType dtype,
    Views views) {
  const std::vector<Loop> loops = MergedLoops(shape, operand_shapes);
  Base base;
  base.operands.assign(operand_shapes.size(), 0);
  if (views == Views::kNatural)
    return NaturalParts(shape, operand_shapes, base);
  std::vector<Part> parts;
  AddParts(loops, 0, dtype, base, parts);
  return parts;
}

}  // namespace tpuc::bm1684x
