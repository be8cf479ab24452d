// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/converter.h"

#include <utility>

#include "compiler/frontend/onnx/fold.h"
#include "compiler/support/similarity.h"

namespace tpuc::onnx_import {

const Tensor* Values::Constant(const std::string& name) const {
  if (const auto it = constants_.find(name); it != constants_.end()) {
    return &it->second;
  }
  const auto it = weights_.find(name);
  return it == weights_.end() ? nullptr : &top::DataOf(it->second);
}

std::vector<int64_t> Values::ShapeOf(const std::string& name) const {
  if (const Tensor* constant = Constant(name)) return constant->shape();
  return top::ShapeOf(values_.at(name)).vec();
}

absl::StatusOr<mlir::Value> Values::Get(const std::string& name) {
  if (const auto it = values_.find(name); it != values_.end()) {
    return it->second;
  }
  Tensor& tensor = constants_.at(name);
  if (tensor.dtype() != DType::kF32) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' has element type ", Name(tensor.dtype()),
                     ", expected f32"));
  }
  top::WeightOp weight = top::CreateWeight(builder_, name, std::move(tensor));
  constants_.erase(name);
  weights_[name] = weight;
  return values_[name] = weight.getOutput();
}

void Values::Alias(const std::string& name, const std::string& of) {
  if (const Tensor* constant = Constant(of)) {
    constants_[name] = *constant;
  } else {
    values_[name] = values_.at(of);
  }
}

absl::StatusOr<mlir::Value> NodeContext::Operand(int i) {
  if (!node_.HasInput(i)) return node_.Error("input ", i, " is missing");
  absl::StatusOr<mlir::Value> value = values_.Get(node_.proto().input(i));
  if (!value.ok()) return node_.Error(value.status().message());
  return value;
}

const Tensor* NodeContext::Constant(int i) const {
  return node_.HasInput(i) ? values_.Constant(node_.proto().input(i)) : nullptr;
}

absl::StatusOr<std::vector<int64_t>> NodeContext::Ints(int i,
                                                       const char* what) const {
  if (!node_.HasInput(i))
    return node_.Error(what, " (input ", i, ") is missing");
  const Tensor* tensor = Constant(i);
  if (tensor == nullptr) {
    return node_.Error(what, " '", node_.proto().input(i),
                       "' must be known when the model is compiled");
  }
  absl::StatusOr<std::vector<int64_t>> ints = ToInts(*tensor, what);
  if (!ints.ok()) return node_.Error(ints.status().message());
  return ints;
}

absl::StatusOr<double> NodeContext::Scalar(int i, const char* what,
                                           double otherwise) const {
  if (!node_.HasInput(i)) return otherwise;
  const Tensor* tensor = Constant(i);
  if (tensor == nullptr || tensor->NumElements() != 1 ||
      tensor->dtype() != DType::kF32) {
    return node_.Error(what, " '", node_.proto().input(i),
                       "' must be a constant float scalar");
  }
  return tensor->data<float>()[0];
}

absl::StatusOr<std::vector<int64_t>> NodeContext::Axes(
    int i, int64_t input_since) const {
  if (node_.opset() < input_since) return node_.Ints("axes", {});
  if (!node_.HasInput(i)) return std::vector<int64_t>();
  return Ints(i, "axes");
}

mlir::Value NodeContext::Weight(const std::string& suffix, Tensor tensor) {
  return top::CreateWeight(values_.builder(), node_.proto().output(0) + suffix,
                           std::move(tensor));
}

}  // namespace tpuc::onnx_import
