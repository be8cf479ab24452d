// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/support/tensor.h"

// Operators that move elements, as one: a dense result of some shape whose
// element [i, j, ..] is element `offset + i * strides[0] + j * strides[1] + ..`
// of a dense input. The interpreters and the code generator both take the
// meaning of such operators from here.
namespace tpuc {

struct ElementView {
  int64_t offset = 0;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in elements; 0 repeats, negative reverses

  int64_t NumElements() const;
  // Whether the result is one run of the input's elements, in order.
  bool IsContiguous() const;
};

// Whether `order` names each of `rank` dimensions once.
bool IsPermutation(const std::vector<int64_t>& order, size_t rank);

// result[i0, i1, ..] = input[j0, j1, ..] with j[order[k]] = i[k].
ElementView PermutedView(const std::vector<int64_t>& shape,
                         const std::vector<int64_t>& order);

// result[i0, i1, ..] = input[starts[0] + i0 * steps[0], ..], of shape `result`.
ElementView SlicedView(const std::vector<int64_t>& shape,
                       const std::vector<int64_t>& starts,
                       const std::vector<int64_t>& steps,
                       const std::vector<int64_t>& result);

// The first dimension along which such a slice has no elements or leaves the
// input; -1 when there is none. All four lists are of one length.
int BadSliceDimension(const std::vector<int64_t>& shape,
                      const std::vector<int64_t>& starts,
                      const std::vector<int64_t>& steps,
                      const std::vector<int64_t>& result);

// The same elements by the fewest dimensions: none of extent 1, none that
// continues its neighbour. Of rank 0 where there is one element.
ElementView Simplified(const ElementView& view);

// The elements of `view`, of `input`'s type, under `shape`.
Tensor ReadView(const Tensor& input, const ElementView& view,
                std::vector<int64_t> shape);

}  // namespace tpuc
