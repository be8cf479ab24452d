// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/fold.h"
#include "compiler/support/element_view.h"

namespace tpuc::onnx_import {

absl::StatusOr<int64_t> NormalAxis(int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  return absl::InvalidArgumentError(absl::StrCat(
      "axis ", axis, " is out of range for a tensor of rank ", rank));
}

absl::StatusOr<std::vector<int64_t>> ReshapeShape(
    const std::vector<int64_t>& from, const std::vector<int64_t>& to,
    bool allow_zero) {
  int64_t total = 1, known = 1;
  for (int64_t d : from) total *= d;
  std::vector<int64_t> shape = to;
  int open = -1;
  const auto fail = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot reshape (", absl::StrJoin(from, ", "), ") to (",
                     absl::StrJoin(to, ", "), ")"));
  };
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      if (i >= from.size()) return fail();
      shape[i] = from[i];
    }
    if (shape[i] == -1) {
      if (open >= 0) return fail();
      open = static_cast<int>(i);
    } else if (shape[i] < 0 || (shape[i] > 0 && known > total / shape[i])) {
      if (total != 0 || shape[i] < 0) return fail();
    } else {
      known *= shape[i];
    }
  }
  if (open >= 0) {
    if (known == 0 || total % known != 0) return fail();
    shape[open] = total / known;
    known = total;
  }
  if (known != total) return fail();
  return shape;
}

absl::StatusOr<std::vector<int64_t>> SqueezeShape(
    const std::vector<int64_t>& from, const std::vector<int64_t>& axes) {
  const int64_t rank = static_cast<int64_t>(from.size());
  std::vector<bool> drop(rank, false);
  for (int64_t i = 0; axes.empty() && i < rank; ++i) drop[i] = from[i] == 1;
  for (int64_t axis : axes) {
    absl::StatusOr<int64_t> a = NormalAxis(axis, rank);
    if (!a.ok()) return a.status();
    if (from[*a] != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot squeeze dimension ", *a, " of (",
                       absl::StrJoin(from, ", "), "): it is not 1"));
    }
    drop[*a] = true;
  }
  std::vector<int64_t> shape;
  for (int64_t i = 0; i < rank; ++i) {
    if (!drop[i]) shape.push_back(from[i]);
  }
  return shape;
}

absl::StatusOr<std::vector<int64_t>> UnsqueezeShape(
    const std::vector<int64_t>& from, const std::vector<int64_t>& axes) {
  const int64_t rank = static_cast<int64_t>(from.size() + axes.size());
  std::vector<bool> added(rank, false);
  for (int64_t axis : axes) {
    absl::StatusOr<int64_t> a = NormalAxis(axis, rank);
    if (!a.ok()) return a.status();
    if (added[*a]) {
      return absl::InvalidArgumentError(
          absl::StrCat("axis ", axis, " is named twice"));
    }
    added[*a] = true;
  }
  std::vector<int64_t> shape;
  size_t next = 0;
  for (int64_t i = 0; i < rank; ++i) {
    shape.push_back(added[i] ? 1 : from[next++]);
  }
  return shape;
}

absl::StatusOr<std::vector<int64_t>> TransposeOrder(const Node& node,
                                                    int64_t rank) {
  std::vector<int64_t> order;
  for (int64_t i = rank; i-- > 0;) order.push_back(i);
  order = node.Ints("perm", order);
  if (IsPermutation(order, static_cast<size_t>(rank))) return order;
  return absl::InvalidArgumentError(
      absl::StrCat("perm (", absl::StrJoin(order, ", "),
                   ") is not an order of ", rank, " dimensions"));
}

namespace {

SliceRange ClampRange(int64_t start, int64_t end, int64_t step, int64_t dim) {
  const auto wrap = [dim](int64_t v) { return v < 0 ? v + dim : v; };
  SliceRange range;
  range.step = step;
  if (step > 0) {
    range.start = std::clamp<int64_t>(wrap(start), 0, dim);
    const int64_t stop = std::clamp<int64_t>(wrap(end), 0, dim);
    range.count = std::max<int64_t>(0, (stop - range.start + step - 1) / step);
  } else {
    range.start = std::clamp<int64_t>(wrap(start), -1, dim - 1);
    const int64_t stop = std::clamp<int64_t>(wrap(end), -1, dim - 1);
    range.count = std::max<int64_t>(0, (range.start - stop - step - 1) / -step);
  }
  return range;
}

}  // namespace

absl::StatusOr<std::vector<SliceRange>> SliceRanges(
    const std::vector<int64_t>& shape, const std::vector<int64_t>& starts,
    const std::vector<int64_t>& ends, std::vector<int64_t> axes,
    std::vector<int64_t> steps) {
  const size_t n = starts.size();
  if (axes.empty()) {
    for (size_t i = 0; i < n; ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (steps.empty()) steps.assign(n, 1);
  if (ends.size() != n || axes.size() != n || steps.size() != n) {
    return absl::InvalidArgumentError(
        "starts, ends, axes and steps differ in length");
  }
  std::vector<SliceRange> ranges;
  for (int64_t extent : shape) ranges.push_back({0, 1, extent});
  for (size_t i = 0; i < n; ++i) {
    absl::StatusOr<int64_t> axis =
        NormalAxis(axes[i], static_cast<int64_t>(shape.size()));
    if (!axis.ok()) return axis.status();
    const int64_t step = steps[i];
    if (step == 0 || step > (int64_t{1} << 32) || step < -(int64_t{1} << 32)) {
      return absl::InvalidArgumentError(absl::StrCat("bad step ", step));
    }
    ranges[*axis] = ClampRange(starts[i], ends[i], step, shape[*axis]);
  }
  return ranges;
}

}  // namespace tpuc::onnx_import
