// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/frontend/onnx/node.h"
#include "compiler/support/tensor.h"

namespace tpuc::onnx_import {

// The tensors known so far, by ONNX name: results of operations, and constants,
// which become a top.Weight when an operation reads one.
class Values {
 public:
  explicit Values(mlir::OpBuilder& builder) : builder_(builder) {}

  mlir::OpBuilder& builder() { return builder_; }

  void Set(const std::string& name, mlir::Value value) {
    values_[name] = value;
  }
  void SetConstant(const std::string& name, Tensor tensor) {
    constants_[name] = std::move(tensor);
  }

  // Null when `name` is not a constant.
  const Tensor* Constant(const std::string& name) const;
  bool Has(const std::string& name) const {
    return values_.count(name) != 0 || constants_.count(name) != 0;
  }
  std::vector<int64_t> ShapeOf(const std::string& name) const;
  // Error for a constant whose type has no place in a network of floats.
  absl::StatusOr<mlir::Value> Get(const std::string& name);

  void Alias(const std::string& name, const std::string& of);

 private:
  mlir::OpBuilder& builder_;
  std::map<std::string, mlir::Value> values_;
  // Constants are in memory once: these become those.
  TensorMap constants_;
  std::map<std::string, top::WeightOp> weights_;
};

// What a converter sees of its node: operands, and where the result goes.
class NodeContext {
 public:
  NodeContext(const Node& node, Values& values)
      : node_(node), values_(values) {}

  const Node& node() const { return node_; }

  // Input i as a float tensor; an error names the node when it is absent or of
  // another type.
  absl::StatusOr<mlir::Value> Operand(int i);
  std::vector<int64_t> Shape(int i) const {
    return values_.ShapeOf(node_.proto().input(i));
  }
  int64_t Rank(int i) const { return static_cast<int64_t>(Shape(i).size()); }

  // Null when input i is absent or not constant.
  const Tensor* Constant(int i) const;
  // The elements of a constant integer input; `what` names it in errors.
  absl::StatusOr<std::vector<int64_t>> Ints(int i, const char* what) const;
  // The one element of a constant float input; `otherwise` when it is absent.
  absl::StatusOr<double> Scalar(int i, const char* what,
                                double otherwise) const;
  // Axes: an attribute before opset `input_since`, input `i` from then on.
  absl::StatusOr<std::vector<int64_t>> Axes(int i, int64_t input_since) const;

  // A new constant, named after the node's output and `suffix`.
  mlir::Value Weight(const std::string& suffix, Tensor tensor);

  // Builds an op with a result of this shape; attributes that are not given
  // have their defaults. `suffix` is empty for the op that computes the output.
  template <typename Op>
  mlir::Value Create(const std::string& suffix,
                     const std::vector<int64_t>& shape,
                     mlir::ValueRange operands,
                     llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return CreateNamed<Op>(node_.proto().output(0) + suffix, shape, operands,
                           attributes);
  }
  // The op that computes output i of several.
  template <typename Op>
  mlir::Value CreateOutput(int i, const std::vector<int64_t>& shape,
                           mlir::ValueRange operands,
                           llvm::ArrayRef<mlir::NamedAttribute> attributes) {
    return CreateNamed<Op>(node_.proto().output(i), shape, operands,
                           attributes);
  }

  mlir::NamedAttribute Attribute(const char* name, double value) {
    return builder().getNamedAttr(name, builder().getF64FloatAttr(value));
  }
  mlir::NamedAttribute Attribute(const char* name, int64_t value) {
    return builder().getNamedAttr(name, builder().getI64IntegerAttr(value));
  }
  mlir::NamedAttribute Attribute(const char* name, bool value) {
    return builder().getNamedAttr(name, builder().getBoolAttr(value));
  }
  mlir::NamedAttribute Attribute(const char* name,
                                 const std::vector<int64_t>& values) {
    return builder().getNamedAttr(name, builder().getDenseI64ArrayAttr(values));
  }
  mlir::OpBuilder& builder() { return values_.builder(); }

  void SetOutput(mlir::Value value, int i = 0) {
    values_.Set(node_.proto().output(i), value);
  }
  // Output 0 is input 0 under another name.
  void AliasOutput() {
    values_.Alias(node_.proto().output(0), node_.proto().input(0));
  }

 private:
  template <typename Op>
  mlir::Value CreateNamed(const std::string& name,
                          const std::vector<int64_t>& shape,
                          mlir::ValueRange operands,
                          llvm::ArrayRef<mlir::NamedAttribute> attributes) {
    mlir::OpBuilder& b = values_.builder();
    return b
        .create<Op>(
            NameLocation(b.getContext(), name),
            mlir::TypeRange{mlir::RankedTensorType::get(shape, b.getF32Type())},
            operands, attributes)
        .getOutput();
  }

  const Node& node_;
  Values& values_;
};

}  // namespace tpuc::onnx_import
