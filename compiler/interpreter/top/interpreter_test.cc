// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/top/interpreter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compiler/dialect/top/TopOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

namespace tpuc::interpreter {
namespace {

// Small, different, both signs.
std::vector<float> Numbers(int64_t count, uint32_t seed) {
  std::vector<float> values(count);
  for (float& v : values) {
    seed = seed * 1664525u + 1013904223u;
    v = static_cast<float>(static_cast<int32_t>(seed) >> 16) / 8192;
  }
  return values;
}

Tensor Filled(std::vector<int64_t> shape, uint32_t seed) {
  int64_t count = 1;
  for (int64_t d : shape) count *= d;
  return Tensor(DType::kF32, std::move(shape), Numbers(count, seed));
}

class InterpreterTest : public ::testing::Test {
 protected:
  InterpreterTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    context.loadDialect<top::TopDialect, mlir::func::FuncDialect>();
  }

  void Weight(const std::string& name, Tensor tensor) {
    getWeights(&context).Add(name, std::move(tensor));
  }

  // Runs `body`, which computes %y of type `out` from the input %x.
  absl::StatusOr<TensorMap> Run(const Tensor& x, const std::string& in,
                                const std::string& body, const std::string& out,
                                const RunOptions& options = {}) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        "func.func @main(%arg: " + in + ") -> " + out +
            " {\n  %x = top.Input %arg : " + in + " loc(\"x\")\n" + body +
            "\n  func.return %y : " + out + "\n}",
        &context);
    EXPECT_TRUE(module);
    TensorMap inputs;
    inputs["x"] = x;
    return RunTop(*module, inputs, options);
  }
  Tensor Result(const Tensor& x, const std::string& in, const std::string& body,
                const std::string& out, const RunOptions& options = {}) {
    auto results = Run(x, in, body, out, options);
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? results->at("y") : Tensor();
  }

  mlir::MLIRContext context;
};

struct ConvCase {
  int64_t group, kernel, stride, dilation;
};

class ConvTest : public InterpreterTest,
                 public ::testing::WithParamInterface<ConvCase> {};

TEST_P(ConvTest, MatchesItsDefinition) {
  const ConvCase c = GetParam();
  const int64_t ic = 4, oc = 8, ih = 11, iw = 13;
  const int64_t top = 1, left = 2, bottom = 0, right = 1;
  const int64_t span = (c.kernel - 1) * c.dilation + 1;
  const int64_t oh = (ih + top + bottom - span) / c.stride + 1;
  const int64_t ow = (iw + left + right - span) / c.stride + 1;
  const Tensor x = Filled({2, ic, ih, iw}, 3);
  const Tensor w = Filled({oc, ic / c.group, c.kernel, c.kernel}, 4);
  const Tensor b = Filled({oc}, 5);
  Weight("w", w);
  Weight("b", b);
  const auto text = [](std::vector<int64_t> shape) {
    std::string t = "tensor<";
    for (int64_t d : shape) t += std::to_string(d) + "x";
    return t + "f32>";
  };
  const auto pair = [](int64_t v) {
    return "array<i64: " + std::to_string(v) + ", " + std::to_string(v) + ">";
  };
  const std::string in = text(x.shape()), out = text({2, oc, oh, ow});
  const std::string body =
      "  %w = top.Weight : " + text(w.shape()) + " loc(\"w\")\n" +
      "  %b = top.Weight : tensor<8xf32> loc(\"b\")\n" +
      "  %y = top.Conv %x, %w, %b {kernel_shape = " + pair(c.kernel) +
      ", strides = " + pair(c.stride) + ", dilations = " + pair(c.dilation) +
      ", pads = array<i64: 1, 2, 0, 1>, group = " + std::to_string(c.group) +
      " : i64} : (" + in + ", " + text(w.shape()) + ", tensor<8xf32>) -> " +
      out + " loc(\"y\")";
  RunOptions options;
  options.threads = 1;
  const Tensor y = Result(x, in, body, out, options);
  options.threads = 3;
  const Tensor again = Result(x, in, body, out, options);
  const float* px = x.data<float>();
  const float* pw = w.data<float>();
  int64_t at = 0;
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t o = 0; o < oc; ++o) {
      const int64_t first = o / (oc / c.group) * (ic / c.group);
      for (int64_t i = 0; i < oh; ++i) {
        for (int64_t j = 0; j < ow; ++j, ++at) {
          double sum = b.data<float>()[o];
          for (int64_t k = 0; k < ic / c.group; ++k) {
            for (int64_t p = 0; p < c.kernel; ++p) {
              for (int64_t q = 0; q < c.kernel; ++q) {
                const int64_t r = i * c.stride + p * c.dilation - top;
                const int64_t s = j * c.stride + q * c.dilation - left;
                if (r < 0 || s < 0 || r >= ih || s >= iw) continue;
                sum += static_cast<double>(
                           px[((n * ic + first + k) * ih + r) * iw + s]) *
                       pw[((o * (ic / c.group) + k) * c.kernel + p) * c.kernel +
                          q];
              }
            }
          }
          ASSERT_NEAR(y.data<float>()[at], sum, 1e-3) << at;
          ASSERT_EQ(y.data<float>()[at], again.data<float>()[at]);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvTest,
                         ::testing::Values(ConvCase{1, 3, 1, 1},
                                           ConvCase{1, 1, 1, 1},
                                           ConvCase{1, 3, 2, 2},
                                           ConvCase{2, 3, 2, 1},
                                           ConvCase{4, 5, 1, 1}));

TEST_F(InterpreterTest, BroadcastsBothOperands) {
  Weight("w", Tensor(DType::kF32, {2, 1}, std::vector<float>{10, 20}));
  const Tensor y = Result(Tensor(DType::kF32, {3}, std::vector<float>{1, 2, 3}),
                          "tensor<3xf32>",
                          R"(  %w = top.Weight : tensor<2x1xf32> loc("w")
  %y = top.Sub %x, %w : (tensor<3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32> loc("y"))",
                          "tensor<2x3xf32>");
  const std::vector<float> expected = {-9, -8, -7, -19, -18, -17};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(y.data<float>()[i], expected[i]);
}

TEST_F(InterpreterTest, MatMulWithTransposeAndFusedRelu) {
  Weight("w",
         Tensor(DType::kF32, {2, 3}, std::vector<float>{1, 0, 0, 0, -1, 0}));
  const Tensor y =
      Result(Tensor(DType::kF32, {1, 3}, std::vector<float>{9, 2, 3}),
             "tensor<1x3xf32>",
             R"(  %w = top.Weight : tensor<2x3xf32> loc("w")
  %y = top.MatMul %x, %w {right_transpose = true, do_relu = true, relu_limit = 6.0 : f64} : (tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<1x2xf32> loc("y"))",
             "tensor<1x2xf32>");
  EXPECT_EQ(y.data<float>()[0], 6);
  EXPECT_EQ(y.data<float>()[1], 0);
}

TEST_F(InterpreterTest, ReluLimitOfZeroIsALimit) {
  const Tensor y = Result(
      Tensor(DType::kF32, {2}, std::vector<float>{5, -5}), "tensor<2xf32>",
      R"(  %y = top.Relu %x {relu_limit = 0.0 : f64} : tensor<2xf32> loc("y"))",
      "tensor<2xf32>");
  EXPECT_EQ(y.data<float>()[0], 0);
  EXPECT_EQ(y.data<float>()[1], 0);
}

TEST_F(InterpreterTest, AveragesLeaveThePadOut) {
  const std::string in = "tensor<1x1x2x2xf32>";
  const auto run = [&](const std::string& include) {
    return Result(Filled({1, 1, 2, 2}, 6), in,
                  "  %y = top.AvgPool %x {kernel_shape = array<i64: 2, 2>, "
                  "strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, "
                  "count_include_pad = " +
                      include + "} : (" + in + ") -> " + in + " loc(\"y\")",
                  in);
  };
  const std::vector<float> x = Numbers(4, 6);
  const Tensor without = run("false"), with = run("true");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(without.data<float>()[i], x[i]);
    EXPECT_EQ(with.data<float>()[i], x[i] / 4);
  }
}

TEST_F(InterpreterTest, SoftmaxOfLargeNumbersAlongAMiddleAxis) {
  const Tensor y = Result(
      Tensor(DType::kF32, {1, 2, 2}, std::vector<float>{1e4, 0, 1e4, 1e4}),
      "tensor<1x2x2xf32>",
      R"(  %y = top.Softmax %x {axis = 1 : i64} : tensor<1x2x2xf32> loc("y"))",
      "tensor<1x2x2xf32>");
  const std::vector<float> expected = {0.5, 0, 0.5, 1};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(y.data<float>()[i], expected[i]);
}

TEST_F(InterpreterTest, KeepsAllTensorsOrTheResultsOnly) {
  const std::string body = R"(  %e = top.Exp %x : tensor<2xf32> loc("e")
  %y = top.Relu %e : tensor<2xf32> loc("y"))";
  RunOptions options;
  const auto all =
      Run(Filled({2}, 7), "tensor<2xf32>", body, "tensor<2xf32>", options);
  options.keep_all = false;
  const auto results =
      Run(Filled({2}, 7), "tensor<2xf32>", body, "tensor<2xf32>", options);
  ASSERT_TRUE(all.ok() && results.ok());
  EXPECT_EQ(all->size(), 3u);  // x, e, y
  EXPECT_EQ(results->size(), 1u);
}

TEST_F(InterpreterTest, WrongInputIsAnErrorThatNamesIt) {
  const auto results =
      Run(Filled({3}, 8), "tensor<2xf32>",
          R"(  %y = top.Relu %x : tensor<2xf32> loc("y"))", "tensor<2xf32>");
  ASSERT_FALSE(results.ok());
  EXPECT_NE(results.status().message().find("top.Input 'x'"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace tpuc::interpreter
