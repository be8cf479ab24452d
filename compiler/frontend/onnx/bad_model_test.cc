// SPDX-License-Identifier: Apache-2.0
// Models that are wrong: each is refused with a message that names the place.
#include <gtest/gtest.h>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/frontend/onnx/importer.h"
#include "compiler/frontend/onnx/model_builder.h"

namespace tpuc {
namespace {

class BadModels : public ::testing::Test {
 protected:
  void ExpectError(const ModelBuilder& model,
                   const std::vector<std::string>& parts) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    auto module = ImportOnnxBytes(&context, model.proto.SerializeAsString(),
                                  "dir/bad.onnx", options);
    ASSERT_FALSE(module.ok());
    const std::string message(module.status().message());
    EXPECT_EQ(message.find("'dir/bad.onnx': "), 0u) << message;
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos)
          << "no '" << part << "' in: " << message;
    }
  }

  OnnxImportOptions options;
};

TEST_F(BadModels, InputsWithoutAShape) {
  ModelBuilder shapeless;
  shapeless.Input("x", {});
  shapeless.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->clear_shape();
  shapeless.Node("Relu", {"x"}, {"a"});
  shapeless.Output("a");
  ExpectError(shapeless,
              {"input 'x' has no shape; give it with --input_shapes"});

  ModelBuilder open;
  open.Input("x", {1, 0, 3});
  open.Node("Relu", {"x"}, {"a"});
  open.Output("a");
  ExpectError(open, {"input 'x' has shape (1, ?, 3); give it with "
                     "--input_shapes"});
}

TEST_F(BadModels, InputShapesThatDoNotFit) {
  ModelBuilder m;
  m.Input("x", {0, 3});
  m.Node("Relu", {"x"}, {"a"});
  m.Output("a");
  options.input_shapes = {{1, 3, 4}};
  ExpectError(m, {"input 'x' has rank 2, --input_shapes gives (1, 3, 4)"});
  options.input_shapes = {{0, 3}};
  ExpectError(m, {"input 'x' cannot have dimension 0"});
  options.input_shapes = {{1, 3}, {1, 3}};
  ExpectError(m, {"--input_shapes has 2 shapes, the model has 1 inputs"});
}

TEST_F(BadModels, UnsupportedOperatorsAreNamedTogether) {
  ModelBuilder m;
  m.Input("x", {1, 4});
  m.Node("Einsum", {"x"}, {"a"});
  m.Node("Relu", {"a"}, {"b"});
  m.Node("NoSuchThing", {"b"}, {"c"});
  m.Node("Fancy", {"c"}, {"d"})->set_domain("com.example");
  m.Output("d");
  ExpectError(m, {"3 nodes are not supported: node 'n_a' (Einsum, opset 13), "
                  "node 'n_c' (NoSuchThing, opset 13), node 'n_d' "
                  "(com.example.Fancy, opset 0)"});
}

TEST_F(BadModels, Cycles) {
  ModelBuilder m;
  m.Input("x", {4});
  m.Node("Add", {"x", "c"}, {"a"});
  m.Node("Relu", {"a"}, {"b"});
  m.Node("Exp", {"b"}, {"c"});
  m.Output("c");
  ExpectError(m, {"node 'n_c' (Exp, opset 13): is part of a cycle"});
}

TEST_F(BadModels, NodesThatLackInputs) {
  ModelBuilder none;
  none.Input("x", {4});
  none.Node("Relu", {}, {"y"});
  none.Output("y");
  ExpectError(none, {"node 'n_y' (Relu, opset 13): input 0 is missing"});

  ModelBuilder one;
  one.Input("x", {1, 2, 4, 4});
  one.Node("Conv", {"x"}, {"y"});
  one.Output("y");
  ExpectError(one, {"node 'n_y' (Conv, opset 13): input 1 is missing"});

  ModelBuilder empty;
  empty.Input("x", {4});
  empty.Node("Add", {"x", ""}, {"y"});
  empty.Output("y");
  ExpectError(empty, {"node 'n_y' (Add, opset 13): input 1 is missing"});

  ModelBuilder output;
  output.Input("x", {4});
  output.Node("Relu", {"x"}, {"a"});
  output.Output("y");
  ExpectError(output, {"the graph's output 'y', which no node, input or "
                       "initializer provides"});

  ModelBuilder nothing;
  nothing.Input("x", {4});
  nothing.Node("Relu", {"x"}, {"a"});
  ExpectError(nothing, {"the graph has no output"});
}

TEST_F(BadModels, ANodeThatReadsItself) {
  ModelBuilder m;
  m.Input("x", {4});
  m.Node("Add", {"x", "y"}, {"y"});
  m.Output("y");
  ExpectError(m, {"node 'n_y' (Add, opset 13): is part of a cycle"});
}

TEST_F(BadModels, TensorsThatAreDefinedTwice) {
  ModelBuilder input;
  input.Input("x", {4});
  input.Input("x", {4});
  input.Node("Relu", {"x"}, {"y"});
  input.Output("y");
  ExpectError(input, {"tensor 'x' is defined twice"});

  ModelBuilder weight;
  weight.Input("x", {4});
  weight.Floats("w", {4});
  weight.Floats("w", {4});
  weight.Node("Add", {"x", "w"}, {"y"});
  weight.Output("y");
  ExpectError(weight, {"tensor 'w' is defined twice"});

  ModelBuilder output;
  output.Input("x", {4});
  output.Node("Relu", {"x"}, {"x"});
  output.Output("x");
  ExpectError(output, {"tensor 'x' is defined twice"});
}

TEST_F(BadModels, AttributesOfAnotherType) {
  ModelBuilder scalar;
  scalar.Input("x", {1, 3});
  ModelBuilder::SetInt(scalar.Node("LeakyRelu", {"x"}, {"a"}), "alpha", 1);
  scalar.Output("a");
  ExpectError(scalar, {"node 'n_a' (LeakyRelu, opset 13)",
                       "attribute 'alpha' has type INT, expected FLOAT"});

  ModelBuilder list;
  list.Input("x", {1, 3, 4, 4});
  list.Floats("w", {2, 3, 1, 1});
  ModelBuilder::SetInt(list.Node("Conv", {"x", "w"}, {"a"}), "strides", 2);
  list.Output("a");
  ExpectError(list, {"attribute 'strides' has type INT, expected INTS"});

  // Of a node that is evaluated while the network is read.
  ModelBuilder folded;
  folded.Input("x", {1, 3});
  folded.Ints("one", {1});
  folded.Ints("three", {3});
  ModelBuilder::SetFloat(folded.Node("Concat", {"one", "three"}, {"shape"}),
                         "axis", 0);
  folded.Node("Reshape", {"x", "shape"}, {"a"});
  folded.Output("a");
  ExpectError(folded, {"attribute 'axis' has type FLOAT, expected INT"});
}

TEST_F(BadModels, BatchNormalizationOfEachElement) {
  ModelBuilder m(7);
  m.Input("x", {1, 3, 4, 4});
  m.Floats("c", {3});
  ModelBuilder::SetInt(
      m.Node("BatchNormalization", {"x", "c", "c", "c", "c"}, {"a"}), "spatial",
      0);
  m.Output("a");
  ExpectError(m, {"spatial = 0 is not supported"});
}

TEST_F(BadModels, InitializersOfAnotherType) {
  const auto with_type = [](ModelBuilder& m, int type) {
    m.graph().mutable_initializer(0)->set_data_type(type);
  };
  ModelBuilder filter;
  filter.Input("x", {1, 1, 1, 1});
  filter.Floats("w", {1, 1, 1, 1});
  auto* w = filter.graph().mutable_initializer(0);
  w->clear_float_data();
  w->add_double_data(1);
  with_type(filter, onnx::TensorProto::DOUBLE);
  filter.Node("Conv", {"x", "w"}, {"y"});
  filter.Output("y");
  ExpectError(filter,
              {"node 'n_y' (Conv", "'w' has element type f64", "expected f32"});

  ModelBuilder shape;
  shape.Floats("s", {1});
  shape.Input("x", {4});
  shape.Node("Reshape", {"x", "s"}, {"y"});
  shape.Output("y");
  ExpectError(shape, {"node 'n_y' (Reshape",
                      "shape must be integers, found "
                      "f32"});

  ModelBuilder strange;
  strange.Floats("w", {1});
  strange.Input("x", {4});
  with_type(strange, onnx::TensorProto::COMPLEX64);
  strange.Node("Add", {"x", "w"}, {"y"});
  strange.Output("y");
  ExpectError(strange, {"tensor 'w'", "element type complex64 is not"});

  ModelBuilder few;
  few.Floats("w", {3});
  few.Input("x", {3});
  few.graph().mutable_initializer(0)->mutable_float_data()->RemoveLast();
  few.Node("Add", {"x", "w"}, {"y"});
  few.Output("y");
  ExpectError(few, {"tensor 'w': has not as many elements as its shape needs"});
}

}  // namespace
}  // namespace tpuc
