// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "onnx/onnx-ml.pb.h"

namespace tpuc::onnx_import {

// A node with the opset that gives it its meaning. Attribute access takes the
// default of the operator's specification, which may depend on the opset; an
// attribute of another type than asked for gives the default too, and is
// remembered as AttributeError().
class Node {
 public:
  Node(const onnx::NodeProto* proto, int64_t opset)
      : proto_(proto), opset_(opset) {}

  const onnx::NodeProto& proto() const { return *proto_; }
  int64_t opset() const { return opset_; }
  const std::string& type() const { return proto_->op_type(); }

  int num_inputs() const { return proto_->input_size(); }
  // Optional inputs are absent or have an empty name.
  bool HasInput(int i) const {
    return i < proto_->input_size() && !proto_->input(i).empty();
  }
  bool HasOutput(int i) const {
    return i < proto_->output_size() && !proto_->output(i).empty();
  }

  const onnx::AttributeProto* Attribute(const std::string& name) const;
  bool Has(const std::string& name) const { return Attribute(name) != nullptr; }
  int64_t Int(const std::string& name, int64_t otherwise) const;
  float Float(const std::string& name, float otherwise) const;
  std::string String(const std::string& name,
                     const std::string& otherwise) const;
  std::vector<int64_t> Ints(const std::string& name,
                            std::vector<int64_t> otherwise) const;

  // The first attribute that was asked for and has another type.
  absl::Status AttributeError() const;

  // "node 'Conv_3' (Conv, opset 11)"; a nameless node goes by its first output.
  std::string Describe() const;

  template <typename... Parts>
  absl::Status Error(const Parts&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(Describe(), ": ", parts...));
  }

 private:
  const onnx::AttributeProto* Typed(
      const std::string& name, onnx::AttributeProto::AttributeType type) const;

  const onnx::NodeProto* proto_;
  int64_t opset_;
  mutable std::string attribute_error_;
};

// "" for ONNX's own domain, which has two spellings.
std::string NormalDomain(const std::string& domain);

}  // namespace tpuc::onnx_import
