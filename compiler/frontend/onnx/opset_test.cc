// SPDX-License-Identifier: Apache-2.0
// Each operator in every opset from 7 to 22: a network written as each opset
// wants it (attributes that became inputs, defaults that moved) has one
// meaning, that is, it becomes the same module.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/frontend/onnx/importer.h"
#include "compiler/frontend/onnx/model_builder.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc {
namespace {

constexpr int64_t kOldest = 7, kNewest = 22;

// Makes the network; "x" of 1x4x6x8 and "row" of 2x12 are its inputs, "y" its
// output.
using Build = std::function<void(ModelBuilder& m, int64_t opset)>;

struct OpsetCase {
  Build build;
  // The opsets that have the operator.
  int64_t since = kOldest, until = kNewest;
};

Build Unary(const std::string& type) {
  return [type](ModelBuilder& m, int64_t) { m.Node(type, {"x"}, {"y"}); };
}

Build Binary(const std::string& type) {
  return [type](ModelBuilder& m, int64_t) {
    m.Floats("w", {4, 1, 1});
    m.Node(type, {"x", "w"}, {"y"});
  };
}

Build WithFloat(const std::string& type, const std::string& name, float value) {
  return [=](ModelBuilder& m, int64_t) {
    m.SetFloat(m.Node(type, {"x"}, {"y"}), name, value);
  };
}

// Axes: an attribute before `input_since`, an input from then on.
Build WithAxes(const std::string& type, int64_t input_since,
               const std::vector<int64_t>& axes) {
  return [=](ModelBuilder& m, int64_t opset) {
    if (opset < input_since) {
      m.SetInts(m.Node(type, {"x"}, {"y"}), "axes", axes);
    } else {
      m.Ints("axes", axes);
      m.Node(type, {"x", "axes"}, {"y"});
    }
  };
}

void BuildClip(ModelBuilder& m, int64_t opset) {
  if (opset < 11) {
    auto* node = m.Node("Clip", {"x"}, {"y"});
    m.SetFloat(node, "min", -1);
    m.SetFloat(node, "max", 6);
  } else {
    m.Scalar("min", -1);
    m.Scalar("max", 6);
    m.Node("Clip", {"x", "min", "max"}, {"y"});
  }
}

// Along the last axis both definitions agree; each opset's default is another.
Build Softmax(const std::string& type) {
  return [type](ModelBuilder& m, int64_t opset) {
    auto* node = m.Node(type, {"row"}, {"y"});
    if (opset == 12 || opset == 14) m.SetInt(node, "axis", 1);
  };
}

Build Variadic(const std::string& type) {
  return [type](ModelBuilder& m, int64_t) {
    m.Floats("w", {1, 4, 6, 8});
    m.Node(type, {"x", "w", "x"}, {"y"});
  };
}

void BuildPow(ModelBuilder& m, int64_t) {
  m.Scalar("exponent", 2);
  m.Node("Pow", {"x", "exponent"}, {"y"});
}

void BuildLRN(ModelBuilder& m, int64_t) {
  m.SetInt(m.Node("LRN", {"x"}, {"y"}), "size", 3);
}

void BuildLayerNormalization(ModelBuilder& m, int64_t) {
  m.Floats("scale", {8});
  m.Floats("shift", {8});
  m.Node("LayerNormalization", {"x", "scale", "shift"}, {"y"});
}

void BuildConv(ModelBuilder& m, int64_t) {
  m.Floats("w", {6, 2, 3, 3});
  m.Floats("b", {6});
  auto* node = m.Node("Conv", {"x", "w", "b"}, {"y"});
  m.SetInt(node, "group", 2);
  m.SetInts(node, "pads", {1, 1, 1, 1});
  m.SetInts(node, "strides", {2, 1});
}

void BuildConvTranspose(ModelBuilder& m, int64_t) {
  m.Floats("w", {4, 6, 2, 2});
  auto* node = m.Node("ConvTranspose", {"x", "w"}, {"y"});
  m.SetInts(node, "strides", {2, 2});
  m.SetInts(node, "output_padding", {1, 0});
}

// Optional outputs and `spatial` went, `training_mode` came.
void BuildBatchNormalization(ModelBuilder& m, int64_t opset) {
  m.Floats("c", {4});
  auto* node = m.Node("BatchNormalization", {"x", "c", "c", "c", "c"}, {"y"});
  m.SetFloat(node, "epsilon", 0.001f);
  m.SetFloat(node, "momentum", 0.9f);
  if (opset < 9) m.SetInt(node, "spatial", 1);
  if (opset >= 14) m.SetInt(node, "training_mode", 0);
}

Build Pool(const std::string& type) {
  return [type](ModelBuilder& m, int64_t opset) {
    auto* node = m.Node(type, {"x"}, {"y"});
    m.SetInts(node, "kernel_shape", {2, 3});
    m.SetInts(node, "strides", {2, 2});
    m.SetInts(node, "pads", {0, 1, 0, 1});
    if (opset >= 10) m.SetInt(node, "ceil_mode", 0);
    if (type == "MaxPool" && opset >= 8) m.SetInt(node, "storage_order", 0);
    if (opset >= (type == "MaxPool" ? 10 : 19)) {
      m.SetInts(node, "dilations", {1, 1});
    }
    if (type == "AveragePool") m.SetInt(node, "count_include_pad", 1);
  };
}

// C became optional.
void BuildGemm(ModelBuilder& m, int64_t opset) {
  m.Floats("w", {12, 5});
  m.Floats("c", {5});
  auto* node = opset < 11 ? m.Node("Gemm", {"row", "w", "c"}, {"y"})
                          : m.Node("Gemm", {"row", "w"}, {"y"});
  if (opset < 11) m.SetFloat(node, "beta", 0);
}

void BuildMatMul(ModelBuilder& m, int64_t) {
  m.Floats("w", {8, 5});
  m.Node("MatMul", {"x", "w"}, {"y"});
}

// The first has no coordinates and no region of interest; axes came last.
void BuildResize(ModelBuilder& m, int64_t opset) {
  onnx::NodeProto* node;
  if (opset < 18) {
    m.FloatList("scales", {1, 1, 2, 3});
    node = opset < 11 ? m.Node("Resize", {"x", "scales"}, {"y"})
                      : m.Node("Resize", {"x", "", "scales"}, {"y"});
  } else {
    m.FloatList("scales", {2, 3});
    node = m.Node("Resize", {"x", "", "scales"}, {"y"});
    m.SetInts(node, "axes", {2, 3});
    m.SetInt(node, "antialias", 0);
    m.SetString(node, "keep_aspect_ratio_policy", "stretch");
  }
  m.SetString(node, "mode", "nearest");
  if (opset >= 11) {
    m.SetString(node, "coordinate_transformation_mode", "asymmetric");
    m.SetString(node, "nearest_mode", "floor");
  }
}

void BuildUpsample(ModelBuilder& m, int64_t opset) {
  const std::vector<float> scales = {1, 1, 2, 2};
  if (opset < 9) {
    auto* attribute = m.Attribute(m.Node("Upsample", {"x"}, {"y"}), "scales",
                                  onnx::AttributeProto::FLOATS);
    for (float s : scales) attribute->add_floats(s);
  } else {
    m.FloatList("scales", scales);
    m.Node("Upsample", {"x", "scales"}, {"y"});
  }
}

void BuildCast(ModelBuilder& m, int64_t opset) {
  auto* node = m.Node("Cast", {"x"}, {"c"});
  m.SetInt(node, "to", onnx::TensorProto::FLOAT);
  if (opset >= 19) m.SetInt(node, "saturate", 1);
  m.Node("Relu", {"c"}, {"y"});
}

void BuildConcat(ModelBuilder& m, int64_t opset) {
  m.SetInt(m.Node("Concat", {"x", "x"}, {"y"}), "axis", opset < 11 ? 3 : -1);
}

// `ratio` and `training_mode` became inputs.
void BuildDropout(ModelBuilder& m, int64_t opset) {
  if (opset < 12) {
    m.SetFloat(m.Node("Dropout", {"x"}, {"d"}), "ratio", 0.5f);
  } else {
    m.Scalar("ratio", 0.5f);
    auto* training = m.graph().add_initializer();
    training->set_name("training");
    training->set_data_type(onnx::TensorProto::BOOL);
    training->add_int32_data(0);
    m.Node("Dropout", {"x", "ratio", "training"}, {"d"});
  }
  m.Node("Relu", {"d"}, {"y"});
}

void BuildFlatten(ModelBuilder& m, int64_t opset) {
  m.SetInt(m.Node("Flatten", {"x"}, {"y"}), "axis", opset < 11 ? 2 : -2);
}

void BuildIdentity(ModelBuilder& m, int64_t) {
  m.Node("Identity", {"x"}, {"i"});
  m.Node("Relu", {"i"}, {"y"});
}

void BuildReshape(ModelBuilder& m, int64_t opset) {
  m.Ints("shape", {0, -1, 8});
  auto* node = m.Node("Reshape", {"x", "shape"}, {"y"});
  if (opset >= 14) m.SetInt(node, "allowzero", 0);
}

void BuildSlice(ModelBuilder& m, int64_t opset) {
  if (opset < 10) {
    auto* node = m.Node("Slice", {"x"}, {"y"});
    m.SetInts(node, "starts", {1});
    m.SetInts(node, "ends", {5});
    m.SetInts(node, "axes", {2});
  } else {
    m.Ints("starts", {1});
    m.Ints("ends", {5});
    m.Ints("axes", {2});
    m.Node("Slice", {"x", "starts", "ends", "axes"}, {"y"});
  }
}

void BuildSplit(ModelBuilder& m, int64_t opset) {
  onnx::NodeProto* node;
  if (opset < 13) {
    node = m.Node("Split", {"x"}, {"y", "z"});
    m.SetInts(node, "split", {1, 3});
  } else {
    m.Ints("split", {1, 3});
    node = m.Node("Split", {"x", "split"}, {"y", "z"});
  }
  m.SetInt(node, "axis", 1);
}

void BuildPad(ModelBuilder& m, int64_t opset) {
  const std::vector<int64_t> pads = {0, 0, 1, 2, 0, 0, 3, 4};
  if (opset < 11) {
    auto* node = m.Node("Pad", {"x"}, {"y"});
    m.SetInts(node, "pads", pads);
    m.SetFloat(node, "value", 2);
  } else {
    m.Ints("pads", pads);
    m.Scalar("value", 2);
    m.Node("Pad", {"x", "pads", "value"}, {"y"});
  }
}

void BuildTranspose(ModelBuilder& m, int64_t) {
  m.SetInts(m.Node("Transpose", {"x"}, {"y"}), "perm", {0, 2, 3, 1});
}

void BuildGather(ModelBuilder& m, int64_t) {
  m.Ints("indices", {0, 2});
  m.SetInt(m.Node("Gather", {"x", "indices"}, {"y"}), "axis", 1);
}

Build WithInts(const std::string& type, const std::vector<int64_t>& values) {
  return [=](ModelBuilder& m, int64_t) {
    m.Ints("values", values);
    m.Node(type, {"x", "values"}, {"y"});
  };
}

Build WithBlocks(const std::string& type) {
  return [=](ModelBuilder& m, int64_t) {
    m.SetInt(m.Node(type, {"x"}, {"y"}), "blocksize", 2);
  };
}

const std::map<std::string, OpsetCase>& Cases() {
  static const auto* const cases = new std::map<std::string, OpsetCase>{
      {"Abs", {Unary("Abs")}},
      {"Add", {Binary("Add")}},
      {"AveragePool", {Pool("AveragePool")}},
      {"BatchNormalization", {BuildBatchNormalization}},
      {"Cast", {BuildCast}},
      {"Clip", {BuildClip}},
      {"Concat", {BuildConcat}},
      {"Conv", {BuildConv}},
      {"ConvTranspose", {BuildConvTranspose}},
      {"DepthToSpace", {WithBlocks("DepthToSpace")}},
      {"Div", {Binary("Div")}},
      {"Dropout", {BuildDropout}},
      {"Elu", {WithFloat("Elu", "alpha", 0.3f)}},
      {"Erf", {Unary("Erf"), 9}},
      {"Exp", {Unary("Exp")}},
      {"Expand", {WithInts("Expand", {2, 4, 6, 8}), 8}},
      {"Flatten", {BuildFlatten}},
      {"Gather", {BuildGather}},
      {"Gelu", {Unary("Gelu"), 20}},
      {"Gemm", {BuildGemm}},
      {"GlobalAveragePool", {Unary("GlobalAveragePool")}},
      {"GlobalMaxPool", {Unary("GlobalMaxPool")}},
      {"HardSigmoid", {WithFloat("HardSigmoid", "alpha", 0.3f)}},
      {"HardSwish", {Unary("HardSwish"), 14}},
      {"Identity", {BuildIdentity}},
      {"LRN", {BuildLRN}},
      {"LayerNormalization", {BuildLayerNormalization, 17}},
      {"LeakyRelu", {WithFloat("LeakyRelu", "alpha", 0.3f)}},
      {"Log", {Unary("Log")}},
      {"LogSoftmax", {Softmax("LogSoftmax")}},
      {"MatMul", {BuildMatMul}},
      {"Max", {Variadic("Max")}},
      {"MaxPool", {Pool("MaxPool")}},
      {"Mean", {Variadic("Mean")}},
      {"Min", {Variadic("Min")}},
      {"Mul", {Binary("Mul")}},
      {"Neg", {Unary("Neg")}},
      {"PRelu", {Binary("PRelu")}},
      {"Pad", {BuildPad}},
      {"Pow", {BuildPow}},
      {"Reciprocal", {Unary("Reciprocal")}},
      {"ReduceL1", {WithAxes("ReduceL1", 18, {2, 3})}},
      {"ReduceL2", {WithAxes("ReduceL2", 18, {2, 3})}},
      {"ReduceLogSum", {WithAxes("ReduceLogSum", 18, {2, 3})}},
      {"ReduceLogSumExp", {WithAxes("ReduceLogSumExp", 18, {2, 3})}},
      {"ReduceMax", {WithAxes("ReduceMax", 18, {2, 3})}},
      {"ReduceMean", {WithAxes("ReduceMean", 18, {2, 3})}},
      {"ReduceMin", {WithAxes("ReduceMin", 18, {2, 3})}},
      {"ReduceSum", {WithAxes("ReduceSum", 13, {2, 3})}},
      {"ReduceSumSquare", {WithAxes("ReduceSumSquare", 18, {2, 3})}},
      {"Relu", {Unary("Relu")}},
      {"Reshape", {BuildReshape}},
      {"Resize", {BuildResize, 10}},
      {"Sigmoid", {Unary("Sigmoid")}},
      {"Slice", {BuildSlice}},
      {"Softmax", {Softmax("Softmax")}},
      {"Softplus", {Unary("Softplus")}},
      {"SpaceToDepth", {WithBlocks("SpaceToDepth")}},
      {"Split", {BuildSplit}},
      {"Sqrt", {Unary("Sqrt")}},
      {"Squeeze", {WithAxes("Squeeze", 13, {0})}},
      {"Sub", {Binary("Sub")}},
      {"Sum", {Variadic("Sum")}},
      {"Tanh", {Unary("Tanh")}},
      {"Tile", {WithInts("Tile", {1, 2, 1, 1})}},
      {"Transpose", {BuildTranspose}},
      {"Unsqueeze", {WithAxes("Unsqueeze", 13, {0, 2})}},
      {"Upsample", {BuildUpsample, kOldest, 9}},
  };
  return *cases;
}

std::string Import(const Build& build, int64_t opset) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  ModelBuilder m(opset);
  m.Input("x", {1, 4, 6, 8});
  m.Input("row", {2, 12});
  build(m, opset);
  m.Output("y");
  OnnxImportOptions options;
  options.model_name = "m";
  auto module = ImportOnnxBytes(&context, m.proto.SerializeAsString(),
                                "network.onnx", options);
  if (!module.ok()) return std::string(module.status().message());
  std::string text;
  llvm::raw_string_ostream stream(text);
  (*module)->print(stream);
  return text;
}

class Opsets : public ::testing::TestWithParam<std::string> {};

TEST_P(Opsets, GiveOneModule) {
  const OpsetCase& c = Cases().at(GetParam());
  const std::string expected = Import(c.build, c.until);
  EXPECT_NE(expected.find("top."), std::string::npos) << expected;
  for (int64_t opset = c.since; opset < c.until; ++opset) {
    EXPECT_EQ(Import(c.build, opset), expected) << "opset " << opset;
  }
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& [name, unused] : Cases()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Operators, Opsets, ::testing::ValuesIn(Names()),
                         [](const auto& info) { return info.param; });

TEST(Opsets, HaveACaseForEveryConverter) {
  for (const auto& [name, unused] : onnx_import::Converters()) {
    EXPECT_EQ(Cases().count(name), 1u) << "no case for " << name;
  }
}

// What an opset can say and the importer can't do is refused by name.
TEST(Opsets, RefuseByName) {
  const auto expect = [](int64_t opset, const Build& build,
                         const std::string& message) {
    const std::string found = Import(build, opset);
    EXPECT_NE(found.find(message), std::string::npos)
        << "no '" << message << "' in: " << found;
  };
  expect(
      14,
      [](ModelBuilder& m, int64_t) {
        m.Floats("c", {4});
        m.SetInt(m.Node("BatchNormalization", {"x", "c", "c", "c", "c"}, {"y"}),
                 "training_mode", 1);
      },
      "training_mode is not supported");
  expect(
      19,
      [](ModelBuilder& m, int64_t) {
        auto* node = m.Node("AveragePool", {"x"}, {"y"});
        m.SetInts(node, "kernel_shape", {2, 2});
        m.SetInts(node, "dilations", {2, 2});
      },
      "(AveragePool, opset 19): dilations of a pool are not supported");
  expect(
      18,
      [](ModelBuilder& m, int64_t) {
        m.FloatList("scales", {1, 1, 0.5f, 0.5f});
        auto* node = m.Node("Resize", {"x", "", "scales"}, {"y"});
        m.SetString(node, "mode", "linear");
        m.SetInt(node, "antialias", 1);
      },
      "antialias is not supported");
  expect(
      12,
      [](ModelBuilder& m, int64_t) {
        m.SetString(m.Node("Constant", {}, {"c"}), "value_string", "text");
        m.Node("Add", {"x", "c"}, {"y"});
      },
      "node 'n_c' (Constant, opset 12): has no value");
  for (int64_t opset : {kOldest - 1, kNewest + 1}) {
    expect(opset, Unary("Relu"),
           absl::StrCat("opset ", opset, " is not supported (7 to 22 are)"));
  }
}

}  // namespace
}  // namespace tpuc
