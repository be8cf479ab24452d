// SPDX-License-Identifier: Apache-2.0
// Operators whose meaning depends on the opset, or of which some forms are
// refused.
#include "compiler/frontend/onnx/importer_testing.h"
#include "gtest/gtest.h"

namespace tpuc {
namespace {

using OperatorsTest = ImporterTest;

// y = type(x, more inputs)
ModelBuilder OneNode(const std::string& type, std::vector<std::string> inputs,
                     int64_t opset = 13) {
  ModelBuilder m(opset);
  m.Input("x", {2, 3, 4});
  m.Node(type, std::move(inputs), {"y"});
  m.Output("y");
  return m;
}

TEST_F(OperatorsTest, ReducesAlongAxesOfAttributeOrInput) {
  ModelBuilder attribute = OneNode("ReduceMean", {"x"});
  ModelBuilder::SetInts(attribute.graph().mutable_node(0), "axes", {-1, 0});
  ModelBuilder input = OneNode("ReduceMean", {"x", "axes"}, 18);
  input.Ints("axes", {0, 2});
  for (const ModelBuilder& m : {attribute, input}) {
    const std::string text = Text(m);
    EXPECT_TRUE(Has(text, "axes = array<i64: 0, 2>, mode = \"mean\"")) << text;
    EXPECT_TRUE(Has(text, "-> tensor<1x3x1xf32>")) << text;
  }
}

TEST_F(OperatorsTest, RefusesAxesThatTheInputLacks) {
  ModelBuilder m = OneNode("ReduceMax", {"x"});
  ModelBuilder::SetInts(m.graph().mutable_node(0), "axes", {3});
  ExpectError(m, {"n_y", "ReduceMax", "3"});
}

TEST_F(OperatorsTest, RefusesPowersThatDifferOrAreComputed) {
  ModelBuilder several = OneNode("Pow", {"x", "e"});
  several.Floats("e", {4});
  ModelBuilder computed = OneNode("Pow", {"x", "x"});
  for (const ModelBuilder& m : {several, computed}) {
    ExpectError(m, {"n_y", "Pow", "one constant number for all elements"});
  }
}

TEST_F(OperatorsTest, RefusesThePowerZero) {
  ModelBuilder m = OneNode("Pow", {"x", "e"});
  m.Ints("e", {0});
  ExpectError(m, {"exponent 0 is not supported", "from 1 to 64"});
}

TEST_F(OperatorsTest, RefusesASlopeThatWidensTheInput) {
  ModelBuilder m = OneNode("PRelu", {"x", "s"});
  m.Floats("s", {5, 1, 1, 1});
  ExpectError(m, {"slope (5, 1, 1, 1) does not broadcast to (2, 3, 4)"});
}

TEST_F(OperatorsTest, RefusesAScaleOfAnotherShapeThanTheRow) {
  ModelBuilder m = OneNode("LayerNormalization", {"x", "s"}, 17);
  m.Floats("s", {3});
  ExpectError(m, {"Scale has shape (3), expected (4)"});
}

TEST_F(OperatorsTest, RefusesANormalizationOverNoChannels) {
  ExpectError(OneNode("LRN", {"x"}), {"size is 0, expected 1 or more"});
}

}  // namespace
}  // namespace tpuc
