// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/TopOps.h"
#include "compiler/frontend/onnx/importer_testing.h"
#include "gtest/gtest.h"

namespace tpuc {
namespace {

TEST_F(ImporterTest, NamesEveryUnsupportedNodeInOneError) {
  ModelBuilder m;
  m.Input("x", {1, 4});
  m.Node("Relu", {"x"}, {"a"});
  m.Node("Einsum", {"a"}, {"b"});
  m.Node("Fancy", {"b"}, {"c"})->set_domain("com.example");
  m.Output("c");
  ExpectError(m, {"2 nodes are not supported", "node 'n_b' (Einsum, opset 13)",
                  "node 'n_c' (com.example.Fancy"});
}

TEST_F(ImporterTest, NodesThatNoOutputNeedsAreLeftOut) {
  ModelBuilder m;
  m.Input("x", {1, 4});
  m.Node("Relu", {"x"}, {"a"});
  m.Node("Einsum", {"a"}, {"b"});
  m.Output("a");
  EXPECT_TRUE(Has(Text(m), "top.Relu"));
}

TEST_F(ImporterTest, BrokenGraphs) {
  ModelBuilder cycle;
  cycle.Input("x", {4});
  cycle.Node("Add", {"x", "b"}, {"a"});
  cycle.Node("Relu", {"a"}, {"b"});
  cycle.Output("b");
  ExpectError(cycle, {"is part of a cycle"});

  ModelBuilder missing;
  missing.Input("x", {4});
  missing.Node("Add", {"x", "y"}, {"a"});
  missing.Output("a");
  ExpectError(missing, {"node 'n_a' (Add, opset 13) reads 'y'"});

  ModelBuilder twice;
  twice.Input("x", {4});
  twice.Node("Relu", {"x"}, {"a"});
  twice.Node("Exp", {"x"}, {"a"});
  twice.Output("a");
  ExpectError(twice, {"tensor 'a' is defined twice"});

  ModelBuilder old(6);
  old.Input("x", {4});
  old.Node("Relu", {"x"}, {"a"});
  old.Output("a");
  ExpectError(old, {"opset 6 is not supported (7 to 22 are)"});
}

TEST_F(ImporterTest, WrongTypesShapesAndRanks) {
  ModelBuilder open;
  open.Input("x", {0, 3});
  open.Node("Relu", {"x"}, {"a"});
  open.Output("a");
  ExpectError(open, {"input 'x' has shape (?, 3)", "--input_shapes"});

  ModelBuilder integer;
  integer.Input("x", {3}, onnx::TensorProto::INT64);
  integer.Node("Relu", {"x"}, {"a"});
  integer.Output("a");
  ExpectError(integer, {"input 'x' has element type int64"});

  ModelBuilder rank;
  rank.Input("x", {1, 3, 8});
  rank.Floats("w", {4, 3, 3});
  rank.Node("Conv", {"x", "w"}, {"a"});
  rank.Output("a");
  ExpectError(rank, {"node 'n_a' (Conv", "2-D"});

  ModelBuilder channels;
  channels.Input("x", {1, 3, 8, 8});
  channels.Floats("w", {4, 5, 3, 3});
  channels.Node("Conv", {"x", "w"}, {"a"});
  channels.Output("a");
  ExpectError(channels, {"node 'n_a'", "(4, 5, 3, 3)", "(1, 3, 8, 8)"});

  ModelBuilder type;
  type.Input("x", {3});
  type.Ints("i", {1, 2, 3});
  type.Node("Add", {"x", "i"}, {"a"});
  type.Output("a");
  ExpectError(type, {"node 'n_a'", "'i' has element type i64"});
}

TEST_F(ImporterTest, RefusesTensorsOfAbsurdSize) {
  ModelBuilder input;
  input.Input("x", {int64_t{1} << 40, int64_t{1} << 40});
  input.Node("Flatten", {"x"}, {"y"});
  input.Output("y");
  ExpectError(input, {"input 'x' is too large"});

  ModelBuilder product;
  product.Input("x", {int64_t{1} << 30, 1});
  product.Input("y", {1, int64_t{1} << 30});
  product.Node("MatMul", {"x", "y"}, {"z"});
  product.Output("z");
  ExpectError(product, {"node 'n_z'", "computes a tensor that is too large"});
}

TEST_F(ImporterTest, OneLineOfTextForAnyName) {
  ModelBuilder m;
  m.Input("x\n\x1b", {1});
  m.Node("Relu", {"y"}, {"a"});
  m.Output("x\n\x1b");
  m.Output("a");
  const auto module = Import(m);
  ASSERT_FALSE(module.ok());
  for (const char c : module.status().message()) EXPECT_GE(c, ' ');
}

TEST_F(ImporterTest, InputShapesCloseOpenDimensions) {
  ModelBuilder m;
  m.Input("x", {0, 3});
  m.Node("Relu", {"x"}, {"a"});
  m.Output("a");
  options.input_shapes = {{5, 3}};
  EXPECT_TRUE(Has(Text(m), "tensor<5x3xf32>"));
  options.input_shapes = {{5, 3}, {1}};
  ExpectError(m, {"--input_shapes has 2 shapes, the model has 1 inputs"});
  options.input_shapes = {{5, 3, 1}};
  ExpectError(m, {"input 'x' has rank 2"});
}

TEST_F(ImporterTest, OutputNamesCutTheNetwork) {
  ModelBuilder m;
  m.Input("x", {4});
  m.Node("Relu", {"x"}, {"a"});
  m.Node("Exp", {"a"}, {"b"});
  m.Output("b");
  options.output_names = {"a"};
  const std::string text = Text(m);
  EXPECT_TRUE(Has(text, "top.Relu") && !Has(text, "top.Exp")) << text;
  options.output_names = {"typo"};
  ExpectError(m, {"no node computes 'typo'"});
}

TEST_F(ImporterTest, FoldsShapeArithmetic) {
  // Reshape(x, Concat(Unsqueeze(Gather(Shape(x), 0)), [-1]))
  ModelBuilder m;
  m.Input("x", {2, 3, 4});
  m.Ints("minus_one", {-1});
  m.Ints("first", {0});
  m.Ints("axes", {0});
  m.Node("Shape", {"x"}, {"shape"});
  m.Node("Gather", {"shape", "first"}, {"batch"});
  m.Node("Squeeze", {"batch", "axes"}, {"scalar"});
  m.Node("Unsqueeze", {"scalar", "axes"}, {"row"});
  auto* concat = m.Node("Concat", {"row", "minus_one"}, {"target"});
  auto* axis = concat->add_attribute();
  axis->set_name("axis");
  axis->set_i(0);
  m.Node("Reshape", {"x", "target"}, {"y"});
  m.Output("y");
  const std::string text = Text(m);
  EXPECT_TRUE(Has(text, "tensor<2x3x4xf32> -> tensor<2x12xf32>")) << text;
}

TEST_F(ImporterTest, InitializersThatAreAlsoInputsAreConstants) {
  ModelBuilder m;
  m.Input("x", {3});
  m.Input("w", {3});
  m.Floats("w", {3});
  m.Node("Mul", {"x", "w"}, {"y"});
  m.Output("y");
  const std::string text = Text(m);
  EXPECT_TRUE(Has(text, "top.Weight") && !Has(text, "%arg1")) << text;
}

TEST_F(ImporterTest, AnIdentityGivesTheOutputItsName) {
  ModelBuilder m;
  m.Input("x", {3});
  m.Node("Relu", {"x"}, {"a"});
  m.Node("Identity", {"a"}, {"y"});
  m.Output("y");
  auto module = Import(m);
  ASSERT_TRUE(module.ok()) << module.status();
  std::vector<std::string> names;
  (*module)->walk([&](top::ReluOp op) { names.push_back(getName(op)); });
  EXPECT_EQ(names, std::vector<std::string>{"y"});
}

TEST_F(ImporterTest, TwoNamesOfOneOutputStayApart) {
  ModelBuilder m;
  m.Input("x", {3});
  m.Node("Relu", {"x"}, {"a"});
  m.Node("Identity", {"a"}, {"y"});
  m.Output("a");
  m.Output("y");
  auto module = Import(m);
  ASSERT_TRUE(module.ok()) << module.status();
  std::vector<std::string> names;
  for (mlir::Value v : MainFunction(**module)
                           .getBody()
                           .front()
                           .getTerminator()
                           ->getOperands()) {
    names.push_back(getName(v));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"a", "y"}));
}

TEST_F(ImporterTest, ExternalData) {
  ModelBuilder m;
  m.Input("x", {2});
  m.Floats("w", {2});
  auto* w = m.graph().mutable_initializer(0);
  w->clear_float_data();
  w->set_data_location(onnx::TensorProto::EXTERNAL);
  const auto entry = [&](const char* key, const char* value) {
    auto* e = w->add_external_data();
    e->set_key(key);
    e->set_value(value);
  };
  entry("location", "importer_test.bin");
  entry("offset", "4");
  m.Node("Mul", {"x", "w"}, {"y"});
  m.Output("y");
  const float data[3] = {0, 5, 7};
  ASSERT_TRUE(WriteFileAtomically(
                  ::testing::TempDir() + "/importer_test.bin",
                  absl::string_view(reinterpret_cast<const char*>(data), 12))
                  .ok());
  auto module = Import(m);
  ASSERT_TRUE(module.ok()) << module.status();
  const Tensor* tensor = getWeights(&context).Find("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->data<float>()[1], 7);

  w->mutable_external_data(1)->set_value("8");
  ExpectError(m, {"tensor 'w'", "ends before offset 8"});
  w->mutable_external_data(0)->set_value("../secret");
  ExpectError(m, {"must lie in the model's folder"});
}

TEST_F(ImporterTest, ClipLimitsMovedFromAttributesToInputs) {
  ModelBuilder old(10);
  old.Input("x", {3});
  auto* attribute = old.Node("Clip", {"x"}, {"y"})->add_attribute();
  attribute->set_name("max");
  attribute->set_f(6);
  old.Output("y");
  EXPECT_TRUE(Has(Text(old), "max = 6.0"));
}

TEST_F(ImporterTest, SoftmaxOfOldOpsetsTakesRows) {
  ModelBuilder old(11), now(13);
  for (ModelBuilder* m : {&old, &now}) {
    m->Input("x", {2, 3, 4});
    m->Node("Softmax", {"x"}, {"y"});
    m->Output("y");
  }
  EXPECT_TRUE(Has(Text(old), "tensor<2x12xf32>"));
  EXPECT_TRUE(Has(Text(now), "axis = 2"));
}

// Before opset 11 a Resize has no region of interest and no coordinate modes.
TEST_F(ImporterTest, ResizeOfOldOpsets) {
  ModelBuilder old(10), now(11);
  for (ModelBuilder* m : {&old, &now}) {
    m->Input("x", {1, 2, 3, 4});
    auto* scales = m->graph().add_initializer();
    scales->set_name("scales");
    scales->set_data_type(onnx::TensorProto::FLOAT);
    scales->add_dims(4);
    for (float s : {1.0f, 1.0f, 2.0f, 3.0f}) scales->add_float_data(s);
  }
  old.Node("Resize", {"x", "scales"}, {"y"});
  now.Node("Resize", {"x", "", "scales"}, {"y"});
  for (ModelBuilder* m : {&old, &now}) m->Output("y");
  EXPECT_TRUE(Has(Text(old), "coordinate_mode = \"asymmetric\""));
  EXPECT_TRUE(Has(Text(old), "nearest_mode = \"floor\""));
  const std::string text = Text(now);
  EXPECT_FALSE(Has(text, "asymmetric")) << text;
  EXPECT_TRUE(Has(text, "tensor<1x2x6x12xf32>")) << text;
}

TEST_F(ImporterTest, ResizesThatAreRefused) {
  const auto attribute = [](onnx::NodeProto* node, const std::string& name) {
    auto* added = node->add_attribute();
    added->set_name(name);
    return added;
  };
  ModelBuilder channels, mode, smooth, nothing;
  for (ModelBuilder* m : {&channels, &mode, &smooth, &nothing}) {
    m->Input("x", {1, 2, 3, 4});
    m->Ints("sizes", {1, 2, 6, 8});
    m->Ints("wide", {1, 4, 6, 8});
    m->Output("y");
  }
  channels.Node("Resize", {"x", "", "", "wide"}, {"y"});
  ExpectError(channels, {"node 'n_y'", "(1, 2, 3, 4) to (1, 4, 6, 8)",
                         "only the height and width"});
  attribute(mode.Node("Resize", {"x", "", "", "sizes"}, {"y"}),
            "coordinate_transformation_mode")
      ->set_s("tf_crop_and_resize");
  ExpectError(mode, {"'tf_crop_and_resize' is not supported (half_pixel"});
  auto* node = smooth.Node("Resize", {"x", "", "", "sizes"}, {"y"});
  attribute(node, "antialias")->set_i(1);
  attribute(node, "mode")->set_s("linear");
  ExpectError(smooth, {"antialias is not supported"});
  nothing.Node("Resize", {"x"}, {"y"});
  ExpectError(nothing, {"has neither scales nor sizes"});
}

TEST_F(ImporterTest, TransposedConvolutionsThatAreRefused) {
  ModelBuilder m;
  m.Input("x", {1, 4, 8, 8});
  m.Floats("w", {2, 4, 3, 3});
  m.Node("ConvTranspose", {"x", "w"}, {"y"});
  m.Output("y");
  ExpectError(m, {"node 'n_y' (ConvTranspose", "filter (2, 4, 3, 3)",
                  "does not fit an input of shape (1, 4, 8, 8)"});
}

TEST_F(ImporterTest, ConcatOfUnequalShapes) {
  ModelBuilder m;
  m.Input("x", {1, 4, 8, 8});
  m.Input("z", {1, 4, 8, 7});
  m.Node("Concat", {"x", "z"}, {"y"})->add_attribute()->set_name("axis");
  m.graph().mutable_node(0)->mutable_attribute(0)->set_i(1);
  m.Output("y");
  ExpectError(m, {"(1, 4, 8, 8) and (1, 4, 8, 7) differ in more than "
                  "dimension 1"});
}

TEST_F(ImporterTest, SlicesAndSplitsOfOldOpsets) {
  ModelBuilder m(9);
  m.Input("x", {2, 6});
  auto* slice = m.Node("Slice", {"x"}, {"s"});
  m.SetInts(slice, "starts", {-4});
  m.SetInts(slice, "ends", {9000});
  m.SetInts(slice, "axes", {1});
  auto* split = m.Node("Split", {"s"}, {"a", "b"});
  m.SetInt(split, "axis", 1);
  m.SetInts(split, "split", {1, 3});
  m.Output("a");
  m.Output("b");
  const std::string text = Text(m);
  EXPECT_TRUE(Has(text, "starts = array<i64: 0, 2>")) << text;
  EXPECT_TRUE(Has(text, "starts = array<i64: 0, 1>")) << text;
  EXPECT_TRUE(Has(text, "-> (tensor<2x1xf32>, tensor<2x3xf32>)")) << text;
}

TEST_F(ImporterTest, MovementsThatAreRefused) {
  {
    ModelBuilder m;
    m.Input("x", {2, 3});
    m.SetInts(m.Node("Transpose", {"x"}, {"y"}), "perm", {0, 0});
    m.Output("y");
    ExpectError(m, {"(Transpose", "perm (0, 0) is not an order of 2"});
  }
  {
    ModelBuilder m;
    m.Input("x", {2, 3});
    m.Ints("starts", {3});
    m.Ints("ends", {5});
    m.Node("Slice", {"x", "starts", "ends"}, {"y"});
    m.Output("y");
    ExpectError(m, {"(Slice", "takes no elements", "(0, 3)"});
  }
  {
    ModelBuilder m;
    m.Input("x", {5});
    m.Ints("sizes", {2, 2});
    m.Node("Split", {"x", "sizes"}, {"a", "b"});
    m.Output("b");
    ExpectError(m, {"(Split", "cannot split 5 elements", "(2, 2)"});
  }
  {
    ModelBuilder m;
    m.Input("x", {5});
    m.Input("starts", {1});
    m.Ints("ends", {2});
    m.Node("Slice", {"x", "starts", "ends"}, {"y"});
    m.Output("y");
    ExpectError(m, {"(Slice", "starts 'starts' must be known"});
  }
}

TEST_F(ImporterTest, PadsOfOldOpsets) {
  ModelBuilder m(10);
  m.Input("x", {2, 3});
  auto* pad = m.Node("Pad", {"x"}, {"y"});
  m.SetInts(pad, "pads", {0, 1, -1, 2});
  m.Output("y");
  const std::string text = Text(m);
  EXPECT_TRUE(Has(text, "top.Slice")) << text;
  EXPECT_TRUE(Has(text, "pads = array<i64: 0, 1, 0, 2>")) << text;
  EXPECT_TRUE(Has(text, "-> tensor<1x6xf32>")) << text;
}

TEST_F(ImporterTest, PadsAndSelectionsThatAreRefused) {
  const auto node = [&](const std::string& type, std::vector<int64_t> second,
                        const std::vector<std::string>& parts,
                        const std::string& mode = "") {
    ModelBuilder m;
    m.Input("x", {2, 3});
    m.Ints("second", second);
    auto* made = m.Node(type, {"x", "second"}, {"y"});
    if (!mode.empty()) {
      auto* attribute = made->add_attribute();
      attribute->set_name("mode");
      attribute->set_s(mode);
    }
    m.Output("y");
    ExpectError(m, parts);
  };
  node("Pad", {1, 1}, {"(Pad", "2 pads are given for 2 dimensions"});
  node("Pad", {0, -2, 0, -1}, {"cut off all 3 elements along dimension 1"});
  node("Pad", {0, 3, 0, 0}, {"pad 3 of mode reflect is more than 3"},
       "reflect");
  node("Pad", {0, 3, 0, 0}, {"mode 'mirror' is none of"}, "mirror");
  node("Gather", {2}, {"(Gather", "index 2 is out of range for 2"});
  node("Tile", {2}, {"(Tile", "1 repeats are given for 2 dimensions"});
  node("Tile", {0, 1}, {"cannot repeat 0 times"});
  node("Expand", {2, 4}, {"(Expand", "cannot expand (2, 3) to (2, 4)"});
}

TEST_F(ImporterTest, ASecondOutputThatIsNotComputed) {
  ModelBuilder m;
  m.Input("x", {1, 2, 4});
  m.Floats("c", {2});
  m.Node("BatchNormalization", {"x", "c", "c", "c", "c"}, {"y", "mean"});
  m.Node("Exp", {"mean"}, {"z"});
  m.Output("z");
  ExpectError(m, {"node 'n_z'", "reads 'mean', an output that is not"});
  ModelBuilder out;
  out.Input("x", {1, 2, 4});
  out.Floats("c", {2});
  out.Node("BatchNormalization", {"x", "c", "c", "c", "c"}, {"y", "mean"});
  out.Output("mean");
  ExpectError(out, {"the output 'mean' of the graph is not supported"});
}

// A mask or indices that nothing reads need not be computed.
TEST_F(ImporterTest, ASecondOutputThatNothingReads) {
  ModelBuilder m(9);
  m.Input("x", {1, 2, 4, 4});
  m.Node("Dropout", {"x"}, {"kept", "mask"});
  auto* pool = m.Node("MaxPool", {"kept"}, {"y", "indices"});
  auto* kernel = pool->add_attribute();
  kernel->set_name("kernel_shape");
  kernel->set_type(onnx::AttributeProto::INTS);
  kernel->add_ints(2);
  kernel->add_ints(2);
  m.Output("y");
  EXPECT_TRUE(Has(Text(m), "top.MaxPool")) << Text(m);

  ModelBuilder read = m;
  read.Node("Relu", {"mask"}, {"z"});
  read.Output("z");
  ExpectError(read, {"node 'n_z' (Relu",
                     "reads 'mask', an output that is not "
                     "supported"});
  m.Output("indices");
  ExpectError(m, {"the output 'indices' of the graph is not supported"});
}

// Each gives a module or an error; none crashes or hangs.
TEST_F(ImporterTest, DamagedModels) {
  ModelBuilder m;
  m.Input("x", {1, 2, 8, 8});
  m.Floats("w", {4, 2, 3, 3});
  m.Ints("shape", {1, -1});
  auto* conv = m.Node("Conv", {"x", "w"}, {"a"});
  for (const char* name : {"pads", "strides", "dilations"}) {
    auto* attribute = conv->add_attribute();
    attribute->set_name(name);
    for (int i = 0; i < (name[0] == 'p' ? 4 : 2); ++i) attribute->add_ints(1);
  }
  m.Node("MaxPool", {"a"}, {"p"})->add_attribute()->set_name("kernel_shape");
  for (int i = 0; i < 2; ++i) {
    m.graph().mutable_node(1)->mutable_attribute(0)->add_ints(2);
  }
  m.Node("Reshape", {"p", "shape"}, {"f"});
  m.Node("Softmax", {"f"}, {"y"});
  m.Output("y");
  ASSERT_TRUE(Import(m).ok());
  const std::string good = m.proto.SerializeAsString();
  const std::string path = ::testing::TempDir() + "/damaged.onnx";
  uint32_t state = 1;
  const auto next = [&](size_t bound) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % bound;
  };
  int imported = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = good;
    for (size_t k = 0; k < 1 + next(3); ++k) {
      bytes[next(bytes.size())] = static_cast<char>(next(256));
    }
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
    imported += ImportOnnx(&context, path, options).ok() ? 1 : 0;
    getWeights(&context).Clear();
  }
  EXPECT_GT(imported, 0);
  EXPECT_LT(imported, 2000);
}

TEST_F(ImporterTest, NotAModel) {
  const std::string path = ::testing::TempDir() + "/junk.onnx";
  ASSERT_TRUE(WriteFileAtomically(path, "not a model").ok());
  options.model_name = "m";
  auto module = ImportOnnx(&context, path, options);
  ASSERT_FALSE(module.ok());
  EXPECT_TRUE(
      Has(std::string(module.status().message()), "is not an ONNX model"));
}

}  // namespace
}  // namespace tpuc
