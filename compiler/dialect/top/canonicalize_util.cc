// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/canonicalize_util.h"

#include <algorithm>

namespace tpuc::top {

std::optional<float> SplatOf(mlir::Value value) {
  const Tensor* tensor = ConstantOf(value);
  if (tensor == nullptr || tensor->dtype() != DType::kF32) return std::nullopt;
  const float* data = tensor->data<float>();
  const int64_t n = tensor->NumElements();
  if (n == 0 ||
      !std::all_of(data, data + n, [&](float v) { return v == data[0]; })) {
    return std::nullopt;
  }
  return data[0];
}

std::optional<std::vector<float>> PerChannel(mlir::Value value,
                                             llvm::ArrayRef<int64_t> shape) {
  const Tensor* tensor = ConstantOf(value);
  if (tensor == nullptr || tensor->dtype() != DType::kF32 || shape.size() < 2) {
    return std::nullopt;
  }
  const int64_t channels = shape[1];
  const int64_t rank = static_cast<int64_t>(shape.size());
  const float* data = tensor->data<float>();
  if (tensor->rank() > rank) return std::nullopt;
  if (tensor->NumElements() == 1) {
    return std::vector<float>(channels, data[0]);
  }
  // Dimension 1 of `shape` is dimension 1 - (rank - tensor rank) of the weight.
  const int64_t at = 1 - (rank - tensor->rank());
  if (at < 0 || tensor->NumElements() != channels ||
      tensor->shape()[at] != channels) {
    return std::nullopt;
  }
  return std::vector<float>(data, data + channels);
}

mlir::Value NewWeight(mlir::PatternRewriter& rewriter, mlir::Operation* op,
                      const std::string& name, std::vector<int64_t> shape,
                      const std::vector<float>& values) {
  return NewWeight(rewriter, op, name,
                   Tensor(DType::kF32, std::move(shape), values));
}

mlir::Value NewWeight(mlir::PatternRewriter& rewriter, mlir::Operation* op,
                      const std::string& name, Tensor tensor) {
  mlir::OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  return CreateWeight(rewriter, name, std::move(tensor));
}

double ToDouble(const llvm::APFloat& value) { return value.convertToDouble(); }

}  // namespace tpuc::top
