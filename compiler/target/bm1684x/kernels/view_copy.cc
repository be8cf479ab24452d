// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/target/bm1684x/kernels/movement_kernels.h"

namespace tpuc::bm1684x {
namespace {

// Copies that may stand for one operator.
constexpr int64_t kMostCopies = 1 << 14;

// One dimension of the copy; strides in elements.
struct Axis {
  int64_t extent, source, result;
};

std::vector<Axis> AxesOf(const ElementView& view) {
  std::vector<Axis> axes(view.shape.size());
  int64_t inner = 1;
  for (size_t i = axes.size(); i-- > 0; inner *= view.shape[i])
    axes[i] = {view.shape[i], view.strides[i], inner};
  return axes;
}

// How the axes are dealt to n, c, h and w of one copy; what is left is copied
// index by index.
struct Copy {
  bool transposes = false;  // c is dense in the source, w in the result
  std::array<Axis, 4> axes;
  std::vector<Axis> repeated;
};

Axis TakeOut(std::vector<Axis>& axes, std::vector<Axis>::iterator at) {
  const Axis axis = *at;
  axes.erase(at);
  return axis;
}

Copy CopyOf(std::vector<Axis> axes) {
  Copy copy;
  copy.axes.fill({1, 1, 1});
  std::vector<int> free = {kN, kC, kH};
  const auto dense =
      std::find_if(axes.begin(), axes.end(),
                   [](const Axis& axis) { return axis.source == 1; });
  if (dense != axes.end() && dense + 1 == axes.end()) {
    copy.axes[kW] = TakeOut(axes, dense);
  } else if (dense != axes.end() && axes.back().source > 0) {
    copy.transposes = true;
    copy.axes[kC] = TakeOut(axes, dense);
    copy.axes[kW] = TakeOut(axes, axes.end() - 1);
    free = {kN, kH};
  }
  // Else w has one element: steps along it are limited to 128 bytes.
  // The longest of the others are worth a dimension; none reads backwards.
  std::sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) {
    return std::make_tuple(a.source < 0, -a.extent, -a.result) <
           std::make_tuple(b.source < 0, -b.extent, -b.result);
  });
  std::vector<Axis> taken;
  for (const Axis& axis : axes) {
    const bool fits = axis.source >= 0 && taken.size() < free.size();
    (fits ? taken : copy.repeated).push_back(axis);
  }
  // Rows innermost. What repeats goes outermost, since the cycle model gives
  // repeated rows away.
  std::sort(taken.begin(), taken.end(), [](const Axis& a, const Axis& b) {
    return std::make_tuple(a.source != 0, -a.result) <
           std::make_tuple(b.source != 0, -b.result);
  });
  for (size_t i = 0; i < taken.size(); ++i)
    copy.axes[free[free.size() - taken.size() + i]] = taken[i];
  return copy;
}

class ViewCopyKernel : public Kernel {
 public:
  ViewCopyKernel(const Copy& copy, int64_t offset, DType dtype) : copy_(copy) {
    operands_ = {{dtype, Layout::kCompact, Place::kDdr}};
    result_ = operands_[0];
    Part part;
    part.operands.resize(1);
    part.operands[0].offset = offset;
    for (int d = 0; d < 4; ++d) {
      part.result.shape[d] = part.operands[0].shape[d] = copy.axes[d].extent;
      part.operands[0].strides[d] = copy.axes[d].source;
      part.result.strides[d] = copy.axes[d].result;
    }
    parts_ = {part};
  }

  // One copy, but for what its fields can't hold: no sizes to search.
  Dims Granularity(const Part& part) const override {
    Dims granularity;
    for (int d = 0; d < 4; ++d)
      granularity[d] = part.result.shape[d] > isa::kMaxSize ? 1 : 0;
    return granularity;
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    return out;
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    EmitFrom(0, emitter, slice, buffers.ddr_result, buffers.ddr_operands[0]);
  }

 private:
  // One copy for each index of the repeated axes from `axis` on.
  void EmitFrom(size_t axis, Emitter& emitter, const Slice& slice,
                const DdrBox& result, const DdrBox& source) const {
    if (axis == copy_.repeated.size()) {
      if (copy_.transposes)
        emitter.MoveTransposed(result_.dtype, slice.size, result, source);
      else
        emitter.Move(result_.dtype, slice.size, result, source);
      return;
    }
    const Axis& along = copy_.repeated[axis];
    const auto bytes = static_cast<int64_t>(SizeOf(result_.dtype));
    for (int64_t i = 0; i < along.extent; ++i)
      EmitFrom(axis + 1, emitter, slice,
               {result.address + i * along.result * bytes, result.strides},
               {source.address + i * along.source * bytes, source.strides});
  }

  Copy copy_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kernel>> MakeViewCopyKernel(
    const ViewCopySpec& spec) {
  const ElementView view = Simplified(spec.view);
  const Copy copy = CopyOf(AxesOf(view));
  int64_t copies = 1;
  for (const Axis& axis : copy.repeated) {
    if (copies <= kMostCopies) copies *= axis.extent;
  }
  if (copies > kMostCopies)
    return absl::ResourceExhaustedError(absl::StrCat(
        "moving the elements takes more than ", kMostCopies,
        " copies, since one has four dimensions and reads forwards"));
  return std::make_unique<ViewCopyKernel>(copy, view.offset, spec.dtype);
}

}  // namespace tpuc::bm1684x
