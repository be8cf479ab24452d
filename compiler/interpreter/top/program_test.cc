// SPDX-License-Identifier: Apache-2.0
// Programs: fused or not, on any number of threads and inputs, a tensor has the
// same bits.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/numerics/vector_levels.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

namespace tpuc::interpreter {
namespace {

Tensor Filled(std::vector<int64_t> shape, uint32_t seed) {
  Tensor tensor(DType::kF32, std::move(shape));
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    seed = seed * 1664525u + 1013904223u;
    tensor.data<float>()[i] =
        static_cast<float>(static_cast<int32_t>(seed) >> 16) / 8192;
  }
  return tensor;
}

bool SameBits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.raw(), b.raw(), a.SizeInBytes()) == 0;
}

// A residual block, activations with two readers, a squeeze-and-excite, a
// transposed and a grouped convolution, pools, a classifier.
constexpr const char* kNetwork = R"(
func.func @main(%arg: tensor<1x8x20x23xf32>) -> (tensor<1x11xf32>, tensor<1x8x20x23xf32>) {
  %x = top.Input %arg : tensor<1x8x20x23xf32> loc("x")
  %w = top.Weight : tensor<8x8x3x3xf32> loc("w")
  %b = top.Weight : tensor<8xf32> loc("b")
  %d = top.Weight : tensor<8x1x3x3xf32> loc("d")
  %t = top.Weight : tensor<8x4x2x2xf32> loc("t")
  %g = top.Weight : tensor<4x2x3x3xf32> loc("g")
  %f = top.Weight : tensor<220x11xf32> loc("f")
  %c1 = top.Conv %x, %w, %b {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, do_relu = true, relu_limit = 6.0 : f64} : (tensor<1x8x20x23xf32>, tensor<8x8x3x3xf32>, tensor<8xf32>) -> tensor<1x8x20x23xf32> loc("c1")
  %s1 = top.Sigmoid %c1 : tensor<1x8x20x23xf32> loc("s1")
  %m1 = top.Mul %c1, %s1 : (tensor<1x8x20x23xf32>, tensor<1x8x20x23xf32>) -> tensor<1x8x20x23xf32> loc("m1")
  %c2 = top.Conv %m1, %d, %b {kernel_shape = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 8 : i64} : (tensor<1x8x20x23xf32>, tensor<8x1x3x3xf32>, tensor<8xf32>) -> tensor<1x8x20x23xf32> loc("c2")
  %h = top.HardSwish %c2 : tensor<1x8x20x23xf32> loc("h")
  %r = top.Add %x, %h {do_relu = true} : (tensor<1x8x20x23xf32>, tensor<1x8x20x23xf32>) -> tensor<1x8x20x23xf32> loc("r")
  %p = top.AvgPool %r {kernel_shape = array<i64: 20, 23>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x8x20x23xf32>) -> tensor<1x8x1x1xf32> loc("p")
  %hs = top.HardSigmoid %p {alpha = 0.2 : f64, beta = 0.5 : f64} : tensor<1x8x1x1xf32> loc("hs")
  %e = top.Mul %r, %hs : (tensor<1x8x20x23xf32>, tensor<1x8x1x1xf32>) -> tensor<1x8x20x23xf32> loc("e")
  %k = top.Sub %x, %e : (tensor<1x8x20x23xf32>, tensor<1x8x20x23xf32>) -> tensor<1x8x20x23xf32> loc("k")
  %q = top.MaxPool %k {kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x8x20x23xf32>) -> tensor<1x8x10x12xf32> loc("q")
  %ct = top.ConvTranspose %q, %t {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x8x10x12xf32>, tensor<8x4x2x2xf32>) -> tensor<1x4x20x24xf32> loc("ct")
  %c3 = top.Conv %ct, %g {kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 1>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x4x20x24xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x9x12xf32> loc("c3")
  %a = top.AvgPool %c3 {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 1>, pads = array<i64: 1, 0, 0, 0>} : (tensor<1x4x9x12xf32>) -> tensor<1x4x5x11xf32> loc("a")
  %flat = top.Reshape %a : tensor<1x4x5x11xf32> -> tensor<1x220xf32> loc("flat")
  %mm = top.MatMul %flat, %f : (tensor<1x220xf32>, tensor<220x11xf32>) -> tensor<1x11xf32> loc("mm")
  %ac = top.AddConst %mm {const_val = 0.25 : f64} : tensor<1x11xf32> loc("ac")
  %y = top.Softmax %ac {axis = 1 : i64} : tensor<1x11xf32> loc("y")
  func.return %y, %k : tensor<1x11xf32>, tensor<1x8x20x23xf32>
})";

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    context.loadDialect<top::TopDialect, mlir::func::FuncDialect>();
    WeightStore& weights = getWeights(&context);
    weights.Add("w", Filled({8, 8, 3, 3}, 1));
    weights.Add("b", Filled({8}, 2));
    weights.Add("d", Filled({8, 1, 3, 3}, 3));
    weights.Add("t", Filled({8, 4, 2, 2}, 4));
    weights.Add("g", Filled({4, 2, 3, 3}, 5));
    weights.Add("f", Filled({220, 11}, 6));
    module = mlir::parseSourceString<mlir::ModuleOp>(kNetwork, &context);
  }

  Program Prepare(bool keep_all) {
    auto program = PrepareTop(*module, keep_all);
    EXPECT_TRUE(program.ok()) << program.status();
    return *std::move(program);
  }
  TensorMap Inputs(int64_t item) const {
    TensorMap inputs;
    inputs["x"] = Filled({1, 8, 20, 23}, static_cast<uint32_t>(100 + item));
    return inputs;
  }
  TensorMap Run(bool keep_all, int threads) {
    auto results = Prepare(keep_all).Run(Inputs(0), threads);
    EXPECT_TRUE(results.ok()) << results.status();
    return *std::move(results);
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(ProgramTest, OutputsDoNotDependOnWhetherAllTensorsAreKept) {
  ASSERT_TRUE(module);
  const TensorMap all = Run(true, 1), results = Run(false, 1);
  EXPECT_EQ(all.size(), 19u);
  ASSERT_EQ(results.size(), 2u);
  for (const auto& [name, tensor] : results) {
    EXPECT_TRUE(SameBits(tensor, all.at(name))) << name;
  }
}

TEST_F(ProgramTest, ResultsDoNotDependOnThreads) {
  for (bool keep_all : {true, false}) {
    const TensorMap one = Run(keep_all, 1);
    for (int threads : {2, 3, 7}) {
      for (const auto& [name, tensor] : Run(keep_all, threads)) {
        EXPECT_TRUE(SameBits(tensor, one.at(name))) << name << " " << threads;
      }
    }
  }
}

TEST_F(ProgramTest, ResultsDoNotDependOnTheProcessor) {
  numerics::ExpectSameAtAllLevels([&] {
    std::map<std::string, std::vector<float>> values;
    for (const auto& [name, tensor] : Run(true, 2)) {
      values[name].assign(tensor.data<float>(),
                          tensor.data<float>() + tensor.NumElements());
    }
    return values;
  });
}

TEST_F(ProgramTest, ManyInputsGiveWhatEachGivesAlone) {
  const Program program = Prepare(false);
  for (int threads : {1, 2, 5}) {
    std::mutex mutex;
    std::map<int64_t, TensorMap> found;
    const absl::Status status = program.RunEach(
        9, [&](int64_t item) { return Inputs(item); },
        [&](int64_t item, TensorMap results) {
          const std::lock_guard<std::mutex> lock(mutex);
          found.emplace(item, std::move(results));
          return absl::OkStatus();
        },
        threads);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(found.size(), 9u);
    for (const auto& [item, results] : found) {
      auto alone = program.Run(Inputs(item), 1);
      ASSERT_TRUE(alone.ok());
      for (const auto& [name, tensor] : results) {
        EXPECT_TRUE(SameBits(tensor, alone->at(name))) << name << " " << item;
      }
    }
  }
}

TEST_F(ProgramTest, TheFirstErrorStopsTheRun) {
  const Program program = Prepare(false);
  std::atomic<int> read = 0;
  const absl::Status status = program.RunEach(
      1000,
      [&](int64_t item) -> absl::StatusOr<TensorMap> {
        ++read;
        if (item == 3) return absl::NotFoundError("no image 3");
        return Inputs(item);
      },
      [](int64_t, TensorMap) { return absl::OkStatus(); }, 2);
  EXPECT_EQ(status.message(), "no image 3");
  EXPECT_LT(read, 100);
}

// Largest together: c1, s1 or its product, and x lives with the caller.
TEST_F(ProgramTest, MemoryIsReused) {
  const size_t whole = 8 * 20 * 23 * sizeof(float);
  EXPECT_LE(Prepare(true).TensorBytes(), 3 * whole + 4096);
  EXPECT_LE(Prepare(false).TensorBytes(), 3 * whole + 4096);
}

// y = f(x) where x is read again later, by the same step and by others.
TEST_F(ProgramTest, WhatIsReadAgainIsNotOverwritten) {
  const std::string type = "tensor<4x50xf32>";
  const std::string two = " : (" + type + ", " + type + ") -> " + type;
  auto small = mlir::parseSourceString<mlir::ModuleOp>(
      "func.func @main(%arg: " + type + ") -> " + type + " {\n" +
          "%x = top.Input %arg : " + type + " loc(\"x\")\n" +
          "%a = top.AddConst %x {const_val = 1.0 : f64} : " + type +
          " loc(\"a\")\n" + "%b = top.MulConst %a {const_val = 2.0 : f64} : " +
          type + " loc(\"b\")\n" + "%c = top.Mul %b, %a" + two +
          " loc(\"c\")\n" + "%d = top.Mul %c, %c" + two + " loc(\"d\")\n" +
          "%e = top.Sub %a, %d" + two + " loc(\"e\")\n" +
          "%y = top.Sub %b, %e" + two + " loc(\"y\")\n" +
          "func.return %y : " + type + "\n}",
      &context);
  ASSERT_TRUE(small);
  TensorMap inputs;
  inputs["x"] = Filled({4, 50}, 9);
  for (bool keep_all : {true, false}) {
    auto program = PrepareTop(*small, keep_all);
    ASSERT_TRUE(program.ok());
    auto results = program->Run(inputs, 1);
    ASSERT_TRUE(results.ok());
    for (int64_t i = 0; i < 200; ++i) {
      const float a = inputs["x"].data<float>()[i] + 1, b = a * 2, c = b * a;
      ASSERT_EQ(results->at("y").data<float>()[i], b - (a - c * c));
    }
  }
}

}  // namespace
}  // namespace tpuc::interpreter
