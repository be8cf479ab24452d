// SPDX-License-Identifier: Apache-2.0
#include "compiler/frontend/onnx/node.h"

#include <utility>

namespace tpuc::onnx_import {

std::string NormalDomain(const std::string& domain) {
  return domain == "ai.onnx" ? "" : domain;
}

const onnx::AttributeProto* Node::Attribute(const std::string& name) const {
  for (const onnx::AttributeProto& attribute : proto_->attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

const onnx::AttributeProto* Node::Typed(
    const std::string& name, onnx::AttributeProto::AttributeType type) const {
  const onnx::AttributeProto* attribute = Attribute(name);
  // Files from before IR version 2 don't say which type they mean.
  if (attribute == nullptr || attribute->type() == type ||
      attribute->type() == onnx::AttributeProto::UNDEFINED) {
    return attribute;
  }
  if (attribute_error_.empty()) {
    attribute_error_ = absl::StrCat(
        "attribute '", name, "' has type ",
        onnx::AttributeProto::AttributeType_Name(attribute->type()),
        ", expected ", onnx::AttributeProto::AttributeType_Name(type));
  }
  return nullptr;
}

absl::Status Node::AttributeError() const {
  return attribute_error_.empty() ? absl::OkStatus() : Error(attribute_error_);
}

int64_t Node::Int(const std::string& name, int64_t otherwise) const {
  const onnx::AttributeProto* attribute =
      Typed(name, onnx::AttributeProto::INT);
  return attribute == nullptr ? otherwise : attribute->i();
}

float Node::Float(const std::string& name, float otherwise) const {
  const onnx::AttributeProto* attribute =
      Typed(name, onnx::AttributeProto::FLOAT);
  return attribute == nullptr ? otherwise : attribute->f();
}

std::string Node::String(const std::string& name,
                         const std::string& otherwise) const {
  const onnx::AttributeProto* attribute =
      Typed(name, onnx::AttributeProto::STRING);
  return attribute == nullptr ? otherwise : attribute->s();
}

std::vector<int64_t> Node::Ints(const std::string& name,
                                std::vector<int64_t> otherwise) const {
  const onnx::AttributeProto* attribute =
      Typed(name, onnx::AttributeProto::INTS);
  if (attribute == nullptr) return otherwise;
  return {attribute->ints().begin(), attribute->ints().end()};
}

std::string Node::Describe() const {
  std::string name = proto_->name();
  if (name.empty() && proto_->output_size() > 0) name = proto_->output(0);
  const std::string domain = NormalDomain(proto_->domain());
  return absl::StrCat("node '", name, "' (", domain, domain.empty() ? "" : ".",
                      type(), ", opset ", opset_, ")");
}

}  // namespace tpuc::onnx_import
