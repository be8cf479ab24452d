// SPDX-License-Identifier: Apache-2.0
#include "models/seeded/parameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "compiler/frontend/onnx/importer.h"
#include "compiler/frontend/onnx/tensor_proto.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/support/file.h"
#include "mlir/IR/MLIRContext.h"
#include "models/generator/graph_builder.h"
#include "models/seeded/architectures.h"

namespace tpuc::models {
namespace {

std::string Squeezenet() {
  return std::string(std::getenv("TEST_SRCDIR")) +
         "/onnx/onnx/backend/test/data/light/light_squeezenet.onnx";
}

Tensor Picture(const std::vector<int64_t>& shape) {
  Tensor picture(DType::kF32, shape);
  Random random(3);
  for (int64_t i = 0; i < picture.NumElements(); ++i) {
    picture.data<float>()[i] = random.Next();
  }
  return picture;
}

// Two normalized convolutions, the parameters without values.
onnx::ModelProto TwoNormalizations() {
  GraphBuilder b("two");
  b.Input("x", {1, 3, 12, 12});
  const auto parameter = [&](const std::string& name,
                             const std::vector<int64_t>& shape) {
    b.Node("ConstantOfShape", {b.Int64s(name + "__SHAPE", shape)}, name);
    return name;
  };
  std::string x = "x";
  for (const std::string& layer : {std::string("a"), std::string("b")}) {
    const int64_t from = layer == "a" ? 3 : 8;
    b.Node("Conv", {x, parameter(layer + ".w", {8, from, 3, 3})},
           layer + ".conv");
    std::vector<std::string> inputs = {layer + ".conv"};
    for (const char* what : {".s", ".b", ".m", ".v"}) {
      inputs.push_back(parameter(layer + what, {8}));
    }
    b.Node("BatchNormalization", inputs, layer + ".bn");
    b.Node("Relu", {layer + ".bn"}, layer);
    x = layer;
  }
  b.Output("b", {1, 8, 8, 8});
  return b.model();
}

Tensor Initializer(const onnx::ModelProto& model, const std::string& name) {
  for (const auto& proto : model.graph().initializer()) {
    if (proto.name() == name) return *onnx_import::TensorFromProto(proto, "");
  }
  ADD_FAILURE() << "no initializer '" << name << "'";
  return Tensor();
}

TensorMap RunNetwork(const onnx::ModelProto& model, const Tensor& picture) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = ImportOnnxBytes(&context, model.SerializeAsString(), "test",
                                {"test", {}, {}});
  EXPECT_TRUE(module.ok()) << module.status().message();
  if (!module.ok()) return {};
  auto signature = interpreter::SignatureOf(**module);
  TensorMap inputs = {{signature->inputs[0].name, picture}};
  auto results = interpreter::RunTop(**module, inputs);
  EXPECT_TRUE(results.ok()) << results.status().message();
  return results.ok() ? *results : TensorMap();
}

TEST(Parameters, NormalizationsGiveTheirScaleAndBiasOnThePicture) {
  onnx::ModelProto model = TwoNormalizations();
  const Tensor picture = Picture({1, 3, 12, 12});
  ASSERT_EQ(SeedParameters(model, 7, picture), absl::OkStatus());
  const TensorMap tensors = RunNetwork(model, picture);
  int whole = 0;
  for (const std::string& layer : {std::string("a"), std::string("b")}) {
    const Tensor& y = tensors.at(layer + ".bn");
    const Tensor scale = Initializer(model, layer + ".s");
    const Tensor bias = Initializer(model, layer + ".b");
    const int64_t inner = y.shape()[2] * y.shape()[3];
    for (int64_t c = 0; c < 8; ++c) {
      const float* values = y.data<float>() + c * inner;
      double mean = 0, squares = 0;
      for (int64_t i = 0; i < inner; ++i) mean += values[i] / double(inner);
      for (int64_t i = 0; i < inner; ++i) {
        squares += std::pow(values[i] - mean, 2) / double(inner);
      }
      EXPECT_NEAR(mean, bias.data<float>()[c], 1e-4);
      // Less where the operand's mean is more than twice its deviation.
      const double m = Initializer(model, layer + ".m").data<float>()[c];
      const double v = Initializer(model, layer + ".v").data<float>()[c];
      const double deviation = std::sqrt(squares);
      EXPECT_LE(deviation, scale.data<float>()[c] + 1e-3);
      EXPECT_GE(v, m * m / 4 - 1e-6);
      if (v > m * m / 4 + 1e-3) {
        EXPECT_NEAR(deviation, scale.data<float>()[c], 1e-3);
        ++whole;
      }
    }
  }
  EXPECT_GE(whole, 8);
}

TEST(Parameters, TheSameBytesFromTheSameSeed) {
  const Tensor picture = Picture({1, 3, 12, 12});
  std::set<std::string> bytes;
  for (uint32_t seed : {7, 7, 8}) {
    onnx::ModelProto model = TwoNormalizations();
    ASSERT_EQ(SeedParameters(model, seed, picture), absl::OkStatus());
    bytes.insert(model.SerializeAsString());
  }
  EXPECT_EQ(bytes.size(), 2u);
}

TEST(Parameters, OfALightModel) {
  onnx::ModelProto model;
  absl::StatusOr<std::string> bytes = ReadFile(Squeezenet());
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  ASSERT_TRUE(model.ParseFromString(*bytes));
  ASSERT_EQ(SeedParameters(model, 1, Picture({1, 3, 224, 224})),
            absl::OkStatus());
  ASSERT_EQ(model.graph().input_size(), 1);
  EXPECT_EQ(model.graph().input(0).name(), "data_0");
  // 26 convolutions with a bias each, and nothing else.
  EXPECT_EQ(model.graph().initializer_size(), 52);
  for (const auto& node : model.graph().node()) {
    EXPECT_NE(node.op_type(), "ConstantOfShape");
  }
  const Tensor filter = Initializer(model, "conv10_w_0");
  EXPECT_EQ(filter.shape(), (std::vector<int64_t>{1000, 512, 1, 1}));
  double squares = 0;
  for (int64_t i = 0; i < filter.NumElements(); ++i) {
    squares += std::pow(filter.data<float>()[i], 2);
  }
  EXPECT_NEAR(squares / double(filter.NumElements()), 2.0 / 512, 1e-5);
}

TEST(Parameters, AComputedFilterIsAnError) {
  GraphBuilder b("computed");
  b.Input("x", {1, 3, 12, 12});
  b.Input("w", {8, 3, 3, 3});
  b.Node("Conv", {"x", "w"}, "y");
  b.Output("y", {1, 8, 10, 10});
  onnx::ModelProto model = b.model();
  const absl::Status status = SeedParameters(model, 1, Picture({1, 3, 12, 12}));
  EXPECT_NE(status.message().find("node 'y' (Conv"), absl::string_view::npos)
      << status.message();
  EXPECT_NE(status.message().find("input 1 'w' is neither"),
            absl::string_view::npos)
      << status.message();
}

// Elements of all filters, matrices, biases and scales, without the means and
// variances, which trainers don't count.
int64_t CountParameters(const onnx::ModelProto& model) {
  std::set<std::string> trained;
  for (const auto& node : model.graph().node()) {
    const bool product = node.op_type() == "Conv" || node.op_type() == "Gemm";
    if (!product && node.op_type() != "BatchNormalization") continue;
    for (int i = 1; i < std::min(node.input_size(), 3); ++i) {
      trained.insert(node.input(i) + "__SHAPE");
    }
  }
  int64_t sum = 0;
  for (const auto& proto : model.graph().initializer()) {
    if (trained.count(proto.name()) == 0) continue;
    int64_t count = 1;
    for (int64_t extent : proto.int64_data()) count *= extent;
    sum += count;
  }
  return sum;
}

// The counts that torchvision and YOLOv5's documentation give.
TEST(Architectures, HaveThePublishedNumberOfParameters) {
  EXPECT_EQ(CountParameters(ResNet18()), 11689512);
  EXPECT_EQ(CountParameters(MobileNetV2()), 3504872);
  EXPECT_EQ(CountParameters(Yolov5s()), 7235389);
}

}  // namespace
}  // namespace tpuc::models
