// SPDX-License-Identifier: Apache-2.0
// What the tests of imports share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/dialect/top/module_io.h"
#include "compiler/frontend/onnx/importer.h"
#include "compiler/support/file.h"
#include "gtest/gtest.h"
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

  static void SetInts(onnx::NodeProto* node, const std::string& name,
                      std::vector<int64_t> values) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    for (int64_t v : values) attribute->add_ints(v);
  }
  static void SetInt(onnx::NodeProto* node, const std::string& name,
                     int64_t value) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_i(value);
  }

  onnx::ModelProto proto;
};

class ImporterTest : public ::testing::Test {
 protected:
  absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> Import(
      const ModelBuilder& model) {
    const std::string path = ::testing::TempDir() + "/importer_test.onnx";
    EXPECT_TRUE(
        WriteFileAtomically(path, model.proto.SerializeAsString()).ok());
    options.model_name = "m";
    return ImportOnnx(&context, path, options);
  }

  std::string Text(const ModelBuilder& model) {
    auto module = Import(model);
    if (!module.ok()) return std::string(module.status().message());
    std::string text;
    llvm::raw_string_ostream stream(text);
    (*module)->print(stream);
    return text;
  }

  void ExpectError(const ModelBuilder& model,
                   const std::vector<std::string>& parts) {
    auto module = Import(model);
    ASSERT_FALSE(module.ok());
    const std::string message(module.status().message());
    EXPECT_NE(message.find("importer_test.onnx"), std::string::npos) << message;
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos)
          << "no '" << part << "' in: " << message;
    }
  }

  static bool Has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  mlir::MLIRContext context;
  OnnxImportOptions options;
};

}  // namespace tpuc
