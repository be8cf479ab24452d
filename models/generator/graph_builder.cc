// SPDX-License-Identifier: Apache-2.0
#include "models/generator/graph_builder.h"

namespace tpuc::models {
namespace {

void Describe(onnx::ValueInfoProto* info, const std::string& name,
              const std::vector<int64_t>& shape) {
  info->set_name(name);
  auto* type = info->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (int64_t d : shape) type->mutable_shape()->add_dim()->set_dim_value(d);
}

onnx::AttributeProto* Add(onnx::NodeProto* node, const std::string& name,
                          onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}

}  // namespace

GraphBuilder::GraphBuilder(const std::string& name) {
  model_.set_ir_version(8);
  model_.set_producer_name("tpuc");
  model_.add_opset_import()->set_version(13);
  model_.mutable_graph()->set_name(name);
}

void GraphBuilder::Input(const std::string& name,
                         const std::vector<int64_t>& shape) {
  Describe(model_.mutable_graph()->add_input(), name, shape);
}

void GraphBuilder::Output(const std::string& name,
                          const std::vector<int64_t>& shape) {
  Describe(model_.mutable_graph()->add_output(), name, shape);
}

onnx::NodeProto* GraphBuilder::Node(const std::string& type,
                                    const std::vector<std::string>& inputs,
                                    const std::string& output) {
  onnx::NodeProto* node = model_.mutable_graph()->add_node();
  node->set_op_type(type);
  node->set_name(output);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(output);
  return node;
}

void GraphBuilder::Ints(onnx::NodeProto* node, const std::string& name,
                        const std::vector<int64_t>& values) {
  auto* attribute = Add(node, name, onnx::AttributeProto::INTS);
  for (int64_t v : values) attribute->add_ints(v);
}

void GraphBuilder::Int(onnx::NodeProto* node, const std::string& name,
                       int64_t value) {
  Add(node, name, onnx::AttributeProto::INT)->set_i(value);
}

void GraphBuilder::Float(onnx::NodeProto* node, const std::string& name,
                         float value) {
  Add(node, name, onnx::AttributeProto::FLOAT)->set_f(value);
}

void GraphBuilder::String(onnx::NodeProto* node, const std::string& name,
                          const std::string& value) {
  Add(node, name, onnx::AttributeProto::STRING)->set_s(value);
}

std::string GraphBuilder::Floats(const std::string& name,
                                 const std::vector<int64_t>& shape,
                                 const std::vector<float>& values) {
  onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (int64_t d : shape) tensor->add_dims(d);
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
  return name;
}

std::string GraphBuilder::Int64s(const std::string& name,
                                 const std::vector<int64_t>& values) {
  onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<int64_t>(values.size()));
  for (int64_t v : values) tensor->add_int64_data(v);
  return name;
}

}  // namespace tpuc::models
