// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/element_view.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tpuc {
namespace {

std::vector<int64_t> DenseStrides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// `count` elements of `size` bytes that lie `step` bytes apart.
void CopyRow(const char* from, int64_t step, int64_t count, size_t size,
             char* to) {
  if (step == static_cast<int64_t>(size)) {
    std::memcpy(to, from, count * size);
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * size, from + i * step, size);
}

}  // namespace

int64_t ElementView::NumElements() const {
  int64_t count = 1;
  for (int64_t d : shape) count *= d;
  return count;
}

bool ElementView::IsContiguous() const {
  const ElementView simple = Simplified(*this);
  return simple.shape.empty() ||
         (simple.shape.size() == 1 && simple.strides[0] == 1);
}

bool IsPermutation(const std::vector<int64_t>& order, size_t rank) {
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<int64_t>(i)) return false;
  return sorted.size() == rank;
}

ElementView PermutedView(const std::vector<int64_t>& shape,
                         const std::vector<int64_t>& order) {
  const std::vector<int64_t> strides = DenseStrides(shape);
  ElementView view;
  for (int64_t d : order) {
    view.shape.push_back(shape[d]);
    view.strides.push_back(strides[d]);
  }
  return view;
}

ElementView SlicedView(const std::vector<int64_t>& shape,
                       const std::vector<int64_t>& starts,
                       const std::vector<int64_t>& steps,
                       const std::vector<int64_t>& result) {
  ElementView view;
  view.shape = result;
  view.strides = DenseStrides(shape);
  for (size_t i = 0; i < shape.size(); ++i) {
    view.offset += starts[i] * view.strides[i];
    view.strides[i] *= steps[i];
  }
  return view;
}

int BadSliceDimension(const std::vector<int64_t>& shape,
                      const std::vector<int64_t>& starts,
                      const std::vector<int64_t>& steps,
                      const std::vector<int64_t>& result) {
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t last;
    if (result[i] < 1 || starts[i] < 0 || starts[i] >= shape[i] ||
        __builtin_mul_overflow(result[i] - 1, steps[i], &last) ||
        __builtin_add_overflow(last, starts[i], &last) || last < 0 ||
        last >= shape[i])
      return static_cast<int>(i);
  }
  return -1;
}

ElementView Simplified(const ElementView& view) {
  ElementView simple;
  simple.offset = view.offset;
  for (size_t i = 0; i < view.shape.size(); ++i) {
    const int64_t extent = view.shape[i], stride = view.strides[i];
    if (extent == 1) continue;
    if (!simple.shape.empty() && simple.strides.back() == extent * stride) {
      simple.shape.back() *= extent;
      simple.strides.back() = stride;
    } else {
      simple.shape.push_back(extent);
      simple.strides.push_back(stride);
    }
  }
  return simple;
}

Tensor ReadView(const Tensor& input, const ElementView& view,
                std::vector<int64_t> shape) {
  Tensor result(input.dtype(), std::move(shape));
  if (view.NumElements() == 0) return result;
  const auto size = static_cast<int64_t>(SizeOf(input.dtype()));
  ElementView rows = Simplified(view);
  int64_t count = 1, step = 1;
  if (!rows.shape.empty()) {
    count = rows.shape.back();
    step = rows.strides.back();
    rows.shape.pop_back();
    rows.strides.pop_back();
  }
  const char* from = static_cast<const char*>(input.raw()) + rows.offset * size;
  char* to = static_cast<char*>(result.raw());
  std::vector<int64_t> index(rows.shape.size(), 0);
  for (;;) {
    CopyRow(from, step * size, count, size, to);
    to += count * size;
    size_t d = index.size();
    while (d > 0 && ++index[d - 1] == rows.shape[d - 1]) {
      --d;
      from -= (rows.shape[d] - 1) * rows.strides[d] * size;
      index[d] = 0;
    }
    if (d == 0) return result;
    from += rows.strides[d - 1] * size;
  }
}

}  // namespace tpuc
