// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/frontend/onnx/node.h"
#include "compiler/support/tensor.h"

namespace tpuc::onnx_import {

// Whether nodes of this type can be computed when all inputs are known. Shape
// is not here: it needs the shape of its input, not the value.
bool HasFolder(const std::string& op_type);

// The output of such a node. Absent optional inputs are null. Integers are
// exact in 64 bits; floats are rounded to their type after each operation.
// Fails for an output of more than `max_elements`.
absl::StatusOr<Tensor> Fold(const Node& node,
                            const std::vector<const Tensor*>& inputs,
                            int64_t max_elements);

// The elements of an integer or bool tensor; an error names `what`.
absl::StatusOr<std::vector<int64_t>> ToInts(const Tensor& tensor,
                                            absl::string_view what);
Tensor FromInts(DType dtype, std::vector<int64_t> shape,
                const std::vector<int64_t>& values);

// `axis` from [-rank, rank) to [0, rank).
absl::StatusOr<int64_t> NormalAxis(int64_t axis, int64_t rank);

// The shape of Reshape: 0 keeps the input's dimension (unless `allow_zero`),
// -1 stands for what is left.
absl::StatusOr<std::vector<int64_t>> ReshapeShape(
    const std::vector<int64_t>& from, const std::vector<int64_t>& to,
    bool allow_zero);

// Transpose: the dimensions' order, reversed where the node doesn't say.
absl::StatusOr<std::vector<int64_t>> TransposeOrder(const Node& node,
                                                    int64_t rank);

// Slice: what it takes. Negative values count from the end and all are clamped,
// as ONNX says; empty `axes` are the first ones, empty `steps` all 1.
struct SliceRange {
  int64_t start = 0, step = 1, count = 0;
};
absl::StatusOr<std::vector<SliceRange>> SliceRanges(
    const std::vector<int64_t>& shape, const std::vector<int64_t>& starts,
    const std::vector<int64_t>& ends, std::vector<int64_t> axes,
    std::vector<int64_t> steps);

// Squeeze (empty `axes`: all dimensions of 1) and Unsqueeze.
absl::StatusOr<std::vector<int64_t>> SqueezeShape(
    const std::vector<int64_t>& from, const std::vector<int64_t>& axes);
absl::StatusOr<std::vector<int64_t>> UnsqueezeShape(
    const std::vector<int64_t>& from, const std::vector<int64_t>& axes);

}  // namespace tpuc::onnx_import
