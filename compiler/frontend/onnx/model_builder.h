// SPDX-License-Identifier: Apache-2.0
// For tests: small models.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "onnx/onnx-ml.pb.h"

namespace tpuc {

// A small model, put together line by line.
class ModelBuilder {
 public:
  explicit ModelBuilder(int64_t opset = 13) {
    proto.add_opset_import()->set_version(opset);
  }
  onnx::GraphProto& graph() { return *proto.mutable_graph(); }

  // A dimension of 0 is left open.
  void Input(const std::string& name, std::vector<int64_t> shape,
             int type = onnx::TensorProto::FLOAT) {
    auto* info = graph().add_input();
    info->set_name(name);
    auto* tensor = info->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    tensor->mutable_shape();
    for (int64_t d : shape) {
      auto* dim = tensor->mutable_shape()->add_dim();
      if (d != 0) dim->set_dim_value(d);
    }
  }
  void Output(const std::string& name) { graph().add_output()->set_name(name); }
  void Floats(const std::string& name, std::vector<int64_t> shape) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    int64_t count = 1;
    for (int64_t d : shape) {
      tensor->add_dims(d);
      count *= d;
    }
    for (int64_t i = 0; i < count; ++i) tensor->add_float_data(1.0f + i);
  }
  void Scalar(const std::string& name, float value) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_float_data(value);
  }
  void FloatList(const std::string& name, const std::vector<float>& values) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_dims(static_cast<int64_t>(values.size()));
    for (float v : values) tensor->add_float_data(v);
  }
  void Ints(const std::string& name, std::vector<int64_t> values) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::INT64);
    tensor->add_dims(static_cast<int64_t>(values.size()));
    for (int64_t v : values) tensor->add_int64_data(v);
  }
  onnx::NodeProto* Node(const std::string& type,
                        std::vector<std::string> inputs,
                        std::vector<std::string> outputs) {
    auto* node = graph().add_node();
    node->set_op_type(type);
    node->set_name("n_" + outputs[0]);
    for (const auto& name : inputs) node->add_input(name);
    for (const auto& name : outputs) node->add_output(name);
    return node;
  }

  static onnx::AttributeProto* Attribute(
      onnx::NodeProto* node, const std::string& name,
      onnx::AttributeProto::AttributeType type) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(type);
    return attribute;
  }
  static void SetInts(onnx::NodeProto* node, const std::string& name,
                      const std::vector<int64_t>& values) {
    auto* attribute = Attribute(node, name, onnx::AttributeProto::INTS);
    for (int64_t v : values) attribute->add_ints(v);
  }
  static void SetInt(onnx::NodeProto* node, const std::string& name,
                     int64_t value) {
    Attribute(node, name, onnx::AttributeProto::INT)->set_i(value);
  }
  static void SetFloat(onnx::NodeProto* node, const std::string& name,
                       float value) {
    Attribute(node, name, onnx::AttributeProto::FLOAT)->set_f(value);
  }
  static void SetString(onnx::NodeProto* node, const std::string& name,
                        const std::string& value) {
    Attribute(node, name, onnx::AttributeProto::STRING)->set_s(value);
  }

  onnx::ModelProto proto;
};

}  // namespace tpuc
