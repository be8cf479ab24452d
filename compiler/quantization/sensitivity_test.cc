// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/sensitivity.h"

#include <cmath>
#include <string>
#include <vector>

#include "compiler/dialect/top/TopOps.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

namespace tpuc::quantization {
namespace {

using ::testing::HasSubstr;

// The relu is rounded coarsely, the shift of y away from it not at all; z
// doesn't depend on the product.
constexpr char kNetwork[] = R"(
func.func @main(%arg: tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<4x1xf32>) {
  %x = top.Input %arg : tensor<1x4xf32> loc("x")
  %w = top.Weight : tensor<4x4xf32> loc("w")
  %r = top.Relu %x : tensor<1x4xf32> loc("r")
  %m = top.MatMul %r, %w : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32> loc("m")
  %y = top.AddConst %m {const_val = 1.0 : f64} : tensor<1x4xf32> loc("y")
  %z = top.Reshape %r : tensor<1x4xf32> -> tensor<4x1xf32> loc("z")
  func.return %y, %z : tensor<1x4xf32>, tensor<4x1xf32>
})";

class SensitivityTest : public ::testing::Test {
 protected:
  SensitivityTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    context.loadDialect<top::TopDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(kNetwork, &context);
    std::vector<float> eye(16);
    for (int i = 0; i < 4; ++i) eye[i * 5] = 1;
    getWeights(&context).Add("w", Tensor(DType::kF32, {4, 4}, eye));
    samples.names = {"0"};
    samples.read = [](int64_t) -> absl::StatusOr<TensorMap> {
      TensorMap map;
      map["x"] =
          Tensor(DType::kF32, {1, 4}, std::vector<float>{3, -2, 1.25f, 0});
      return map;
    };
    table.ranges["x"] = {127, -2, 3};   // steps of 1
    table.ranges["r"] = {510, 0, 3};    // of 2
    table.ranges["m"] = {2.55, 0, 3};   // of 0.01, up to 2.55
    table.ranges["y"] = {1.275, 1, 4};  // of 0.005, up to 1.275
  }

  std::vector<LayerLoss> Measure(size_t shards, size_t shard, int threads) {
    auto losses = MeasureLosses(
        *module, table, samples,
        [&](size_t place) { return place % shards == shard; }, {threads, {}});
    EXPECT_TRUE(losses.ok()) << losses.status().message();
    return losses.ok() ? *losses : std::vector<LayerLoss>();
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Samples samples;
  CalibrationTable table;
};

TEST_F(SensitivityTest, ALayersLossIsThatOfTheResultsWithItAloneRounded) {
  const std::vector<LayerLoss> losses = Measure(1, 0, 1);
  ASSERT_EQ(losses.size(), 3);  // z only moves elements
  // y = 4 1 2.25 1, z = 3 0 1.25 0.
  const double size = 16 + 1 + 2.25 * 2.25 + 1 + 9 + 1.25 * 1.25;
  // x becomes 3 -2 1 0; r 4 0 2 0 (1.5 and 0.5 of a step go up); y and z take
  // that over.
  EXPECT_EQ(losses[0].name, "r");
  EXPECT_NEAR(losses[0].loss, 2 * (1 + 0.75 * 0.75) / size, 1e-6);
  // r becomes 4 0 2 0, m 2.55 0 2 0.
  EXPECT_EQ(losses[1].name, "m");
  EXPECT_NEAR(losses[1].loss, (0.45 * 0.45 + 0.75 * 0.75) / size, 1e-6);
  // m becomes 2.55 0 1.25 0, y 1.275 1 1.275 1.
  EXPECT_EQ(losses[2].name, "y");
  EXPECT_NEAR(losses[2].loss, (2.725 * 2.725 + 0.975 * 0.975) / size, 1e-6);
  EXPECT_EQ(getWeights(&context).tensors().size(), 1);
}

TEST_F(SensitivityTest, ShardsAndThreadsChangeNothing) {
  const std::vector<LayerLoss> whole = Measure(1, 0, 1);
  for (size_t shard = 0; shard < 2; ++shard) {
    const std::vector<LayerLoss> part = Measure(2, shard, 3);
    for (size_t i = 0; i < part.size(); ++i) {
      EXPECT_EQ(part[i].name, whole[2 * i + shard].name);
      EXPECT_EQ(part[i].loss, whole[2 * i + shard].loss);
    }
  }
}

TEST_F(SensitivityTest, ATensorThatTheTableLacksIsNamed) {
  table.ranges.erase("m");
  auto losses = MeasureLosses(*module, table, samples,
                              [](size_t) { return true; }, {1, {}});
  EXPECT_EQ(losses.status().message(),
            "the calibration table has no tensor 'm'");
}

TEST(Losses, AreReadAsTheyWerePrinted) {
  const std::vector<LayerLoss> losses = {
      {"a", 1.0 / 3}, {"b", 0}, {"c", 1e-30}};
  auto read = ParseLosses(PrintLosses(losses), "f");
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 3);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*read)[i].name, losses[i].name);
    EXPECT_EQ((*read)[i].loss, losses[i].loss);
  }
  for (const char* bad : {"a", "a b", "a 1 2", "a -1", "a nan"})
    EXPECT_THAT(std::string(ParseLosses(bad, "f").status().message()),
                HasSubstr("f:1: not NAME LOSS"));
}

}  // namespace
}  // namespace tpuc::quantization
