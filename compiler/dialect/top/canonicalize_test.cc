// SPDX-License-Identifier: Apache-2.0
// Patterns that look at the values of weights.
#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/dialect/top/TopOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

namespace tpuc::top {
namespace {

class CanonicalizeTest : public ::testing::Test {
 protected:
  CanonicalizeTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    context.loadDialect<TopDialect, mlir::func::FuncDialect>();
  }

  void Weight(const std::string& name, std::vector<int64_t> shape,
              const std::vector<float>& values) {
    getWeights(&context).Add(name, Tensor(DType::kF32, shape, values));
  }

  // The names of the operations of a function that computes `y` from `%x`.
  std::vector<std::string> Run(const std::string& body,
                               const std::string& type) {
    module = mlir::parseSourceString<mlir::ModuleOp>(
        "func.func @main(%x: " + type + ") -> " + type + " {\n" + body +
            "\n  func.return %y : " + type + "\n}",
        &context);
    EXPECT_TRUE(module);
    mlir::PassManager manager(&context);
    manager.addPass(mlir::createCanonicalizerPass());
    EXPECT_TRUE(succeeded(manager.run(*module)));
    std::vector<std::string> names;
    module->walk([&](mlir::Operation* op) {
      if (op->getName().getDialectNamespace() == "top") {
        names.push_back(op->getName().stripDialect().str());
      }
    });
    return names;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

using Names = std::vector<std::string>;
constexpr char kType[] = "tensor<2x8xf32>";

std::string Replace(std::string text) {
  for (size_t at; (at = text.find("$T")) != std::string::npos;) {
    text.replace(at, 2, kType);
  }
  return text;
}

constexpr char kGate[] = R"(
  %three = top.Weight : tensor<1xf32> loc("three")
  %six = top.Weight : tensor<f32> loc("six")
  %a = top.Add %x, %three : ($T, tensor<1xf32>) -> $T loc("a")
  %g = top.Clip %a {min = 0.0 : f64, max = 6.0 : f64} : $T loc("g"))";

class HardSwish : public CanonicalizeTest {
 protected:
  HardSwish() {
    Weight("three", {1}, {3});
    Weight("six", {}, {6});
  }
};

TEST_F(HardSwish, ProductOverSix) {
  EXPECT_EQ(Run(Replace(std::string(kGate) + R"(
  %p = top.Mul %x, %g : ($T, $T) -> $T loc("p")
  %y = top.Div %p, %six : ($T, tensor<f32>) -> $T loc("y"))"),
                kType),
            Names{"HardSwish"});
}

TEST_F(HardSwish, GateOverSix) {
  EXPECT_EQ(Run(Replace(std::string(kGate) + R"(
  %h = top.Div %g, %six : ($T, tensor<f32>) -> $T loc("h")
  %y = top.Mul %h, %x : ($T, $T) -> $T loc("y"))"),
                kType),
            Names{"HardSwish"});
}

TEST_F(HardSwish, HardSigmoid) {
  EXPECT_EQ(Run(Replace(R"(
  %h = top.HardSigmoid %x {alpha = 0.1666666716337204 : f64, beta = 0.5 : f64} : $T loc("h")
  %y = top.Mul %x, %h : ($T, $T) -> $T loc("y"))"),
                kType),
            Names{"HardSwish"});
}

TEST_F(HardSwish, AnotherInputIsNone) {
  EXPECT_EQ(Run(Replace(std::string(kGate) + R"(
  %e = top.Exp %x : $T loc("e")
  %p = top.Mul %e, %g : ($T, $T) -> $T loc("p")
  %y = top.Div %p, %six : ($T, tensor<f32>) -> $T loc("y"))"),
                kType)
                .back(),
            "MulConst");
}

TEST_F(CanonicalizeTest, ConvolutionTakesTheScaleExactly) {
  Weight("w", {2, 1, 1, 1}, {3, 5});
  Weight("s", {2}, {2, 4});
  Weight("o", {2}, {1, -1});
  EXPECT_EQ(Run(R"(
  %w = top.Weight : tensor<2x1x1x1xf32> loc("w")
  %s = top.Weight : tensor<2xf32> loc("s")
  %o = top.Weight : tensor<2xf32> loc("o")
  %c = top.Conv %x, %w {kernel_shape = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x2x3x3xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x3x3xf32> loc("c")
  %y = top.Scale %c, %s, %o : (tensor<1x2x3x3xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x3x3xf32> loc("y"))",
                "tensor<1x2x3x3xf32>"),
            (Names{"Weight", "Weight", "Conv"}));
  const Tensor* filter = getWeights(&context).Find("y.filter");
  const Tensor* bias = getWeights(&context).Find("y.bias");
  ASSERT_TRUE(filter != nullptr && bias != nullptr);
  EXPECT_EQ(filter->data<float>()[0], 6);
  EXPECT_EQ(filter->data<float>()[1], 20);
  EXPECT_EQ(bias->data<float>()[0], 1);
  EXPECT_EQ(bias->data<float>()[1], -1);
}

TEST_F(CanonicalizeTest, DivisionByATensorOfConstantsIsAProduct) {
  Weight("d", {8}, {1, 2, 4, 8, 16, 32, 64, 128});
  EXPECT_EQ(Run(Replace(R"(
  %d = top.Weight : tensor<8xf32> loc("d")
  %y = top.Div %x, %d : ($T, tensor<8xf32>) -> $T loc("y"))"),
                kType),
            (Names{"Weight", "Mul"}));
  EXPECT_EQ(getWeights(&context).Find("y.factor")->data<float>()[2], 0.25f);
}

TEST_F(CanonicalizeTest, DivisionByZeroStays) {
  Weight("z", {1}, {0});
  EXPECT_EQ(Run(Replace(R"(
  %z = top.Weight : tensor<1xf32> loc("z")
  %y = top.Div %x, %z : ($T, tensor<1xf32>) -> $T loc("y"))"),
                kType),
            (Names{"Weight", "Div"}));
}

class LayerNorm : public CanonicalizeTest {
 protected:
  LayerNorm() {
    Weight("eps", {1}, {1e-5f});
    Weight("two", {8}, {2, 3, 4, 5, 6, 7, 8, 9});
    Weight("row", {1, 8}, {1, 2, 3, 4, 5, 6, 7, 8});
  }

  // The chain up to the deviation, with the mean taken by `mode`.
  static std::string Deviation(const std::string& mode) {
    return Replace(R"(
  %eps = top.Weight : tensor<1xf32> loc("eps")
  %two = top.Weight : tensor<8xf32> loc("two")
  %row = top.Weight : tensor<1x8xf32> loc("row")
  %m = top.Reduce %x {axes = array<i64: 1>, mode = ")" +
                   mode + R"("} : ($T) -> tensor<2x1xf32> loc("m")
  %c = top.Sub %x, %m : ($T, tensor<2x1xf32>) -> $T loc("c")
  %s = top.Mul %c, %c : ($T, $T) -> $T loc("s")
  %v = top.Reduce %s {axes = array<i64: 1>, mode = "mean"} : ($T) -> tensor<2x1xf32> loc("v")
  %e = top.Add %v, %eps : (tensor<2x1xf32>, tensor<1xf32>) -> tensor<2x1xf32> loc("e")
  %r = top.Sqrt %e : tensor<2x1xf32> loc("r"))");
  }
};

constexpr char kAffine[] = R"(
  %p = top.Mul %n, %two : ($T, tensor<8xf32>) -> $T loc("p")
  %y = top.Add %row, %p : (tensor<1x8xf32>, $T) -> $T loc("y"))";

TEST_F(LayerNorm, Quotient) {
  EXPECT_EQ(Run(Deviation("mean") + Replace(R"(
  %n = top.Div %c, %r : ($T, tensor<2x1xf32>) -> $T loc("n"))") +
                    Replace(kAffine),
                kType),
            (Names{"Weight", "Weight", "LayerNorm"}));
}

TEST_F(LayerNorm, ProductWithReciprocal) {
  EXPECT_EQ(Run(Deviation("mean") + Replace(R"(
  %q = top.Reciprocal %r : tensor<2x1xf32> loc("q")
  %y = top.Mul %q, %c : (tensor<2x1xf32>, $T) -> $T loc("y"))"),
                kType),
            Names{"LayerNorm"});
}

TEST_F(LayerNorm, NotOfAnotherMean) {
  const Names names = Run(Deviation("max") + Replace(R"(
  %y = top.Div %c, %r : ($T, tensor<2x1xf32>) -> $T loc("y"))"),
                          kType);
  EXPECT_EQ(std::count(names.begin(), names.end(), "LayerNorm"), 0);
  EXPECT_EQ(names.back(), "Div");
}

class SiLU : public CanonicalizeTest {
 protected:
  SiLU() { Weight("one", {1}, {1}); }
};

TEST_F(SiLU, ProductWithGate) {
  EXPECT_EQ(Run(Replace(R"(
  %one = top.Weight : tensor<1xf32> loc("one")
  %a = top.Mul %x, %one : ($T, tensor<1xf32>) -> $T loc("a")
  %s = top.Sigmoid %a : $T loc("s")
  %y = top.Mul %s, %x : ($T, $T) -> $T loc("y"))"),
                kType),
            Names{"SiLU"});
}

TEST_F(SiLU, NotOfAnotherGate) {
  EXPECT_EQ(Run(Replace(R"(
  %a = top.Abs %x : $T loc("a")
  %s = top.Sigmoid %a : $T loc("s")
  %y = top.Mul %s, %x : ($T, $T) -> $T loc("y"))"),
                kType),
            (Names{"Abs", "Sigmoid", "Mul"}));
}

TEST_F(SiLU, MaxWithConstantIsAClamp) {
  EXPECT_EQ(Run(Replace(R"(
  %one = top.Weight : tensor<1xf32> loc("one")
  %a = top.Max %x, %one : ($T, tensor<1xf32>) -> $T loc("a")
  %b = top.Div %one, %a : (tensor<1xf32>, $T) -> $T loc("b")
  %y = top.Min %one, %b : (tensor<1xf32>, $T) -> $T loc("y"))"),
                kType),
            (Names{"Clip", "Reciprocal", "Clip"}));
}

}  // namespace
}  // namespace tpuc::top
