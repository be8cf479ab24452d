// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/tune.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "compiler/dialect/top/TopOps.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

namespace tpuc::quantization {
namespace {

// x is read by two layers, y and z by none but the caller.
constexpr char kNetwork[] = R"(
func.func @main(%arg: tensor<40x8xf32>) -> (tensor<40x5xf32>, tensor<40x3xf32>) {
  %x = top.Input %arg : tensor<40x8xf32> loc("x")
  %a = top.Weight : tensor<8x5xf32> loc("a")
  %b = top.Weight : tensor<3x8xf32> loc("b")
  %c = top.Weight : tensor<3xf32> loc("c")
  %y = top.MatMul %x, %a {do_relu = true} : (tensor<40x8xf32>, tensor<8x5xf32>) -> tensor<40x5xf32> loc("y")
  %z = top.MatMul %x, %b, %c {right_transpose = true} : (tensor<40x8xf32>, tensor<3x8xf32>, tensor<3xf32>) -> tensor<40x3xf32> loc("z")
  func.return %y, %z : tensor<40x5xf32>, tensor<40x3xf32>
})";

Tensor Filled(std::vector<int64_t> shape, uint32_t seed) {
  Tensor tensor(DType::kF32, std::move(shape));
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    seed = seed * 1664525u + 1013904223u;
    const float u = static_cast<float>(static_cast<int32_t>(seed)) / 2147483648;
    tensor.data<float>()[i] = u * u * u;
  }
  return tensor;
}

// Rounded to the 8 bits of a threshold.
double Rounded(double x, double threshold, bool is_signed) {
  const double levels = is_signed ? 127 : 255;
  const double level = std::clamp(std::round(x / threshold * levels),
                                  is_signed ? -128.0 : 0.0, levels);
  return level * threshold / levels;
}

class TuneTest : public ::testing::Test {
 protected:
  TuneTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    context.loadDialect<top::TopDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(kNetwork, &context);
    getWeights(&context).Add("a", Filled({8, 5}, 1));
    getWeights(&context).Add("b", Filled({3, 8}, 2));
    getWeights(&context).Add("c", Filled({3}, 3));
    for (uint32_t i = 0; i < 3; ++i) {
      inputs.push_back(Filled({40, 8}, 10 + i));
      // What a small threshold cuts off.
      for (int64_t k = i; k < 320; k += 97) inputs[i].data<float>()[k] *= 4;
    }
    samples.names = {"0", "1", "2"};
    samples.read = [this](int64_t i) -> absl::StatusOr<TensorMap> {
      TensorMap map;
      map["x"] = inputs[i];
      return map;
    };
  }

  // Weight [k][n] of the layer, rounded by columns.
  std::vector<double> Weights(bool first) {
    const float* data =
        getWeights(&context).Find(first ? "a" : "b")->data<float>();
    const int64_t columns = first ? 5 : 3;
    std::vector<double> weights(8 * columns);
    for (int64_t n = 0; n < columns; ++n) {
      double most = 0;
      const auto at = [&](int64_t k) {
        return double{first ? data[k * 5 + n] : data[n * 8 + k]};
      };
      for (int64_t k = 0; k < 8; ++k) most = std::max(most, std::fabs(at(k)));
      for (int64_t k = 0; k < 8; ++k)
        weights[k * columns + n] = Rounded(at(k), most, true);
    }
    return weights;
  }

  // Of y (first) or z, with x rounded by `threshold` and rounded weights.
  double Distance(bool first, double threshold) {
    const std::vector<double> weights = Weights(first);
    const int64_t columns = first ? 5 : 3;
    double sum = 0;
    for (const Tensor& input : inputs) {
      for (int64_t m = 0; m < 40; ++m) {
        for (int64_t n = 0; n < columns; ++n) {
          double exact = 0, rounded = 0;
          for (int64_t k = 0; k < 8; ++k) {
            const double x = input.data<float>()[m * 8 + k];
            const float* a = getWeights(&context).Find("a")->data<float>();
            const float* b = getWeights(&context).Find("b")->data<float>();
            exact += x * (first ? a[k * 5 + n] : b[n * 8 + k]);
            rounded += Rounded(x, threshold, true) * weights[k * columns + n];
          }
          if (first) {
            exact = std::max(exact, 0.0);
            rounded = std::max(rounded, 0.0);
          }
          sum += (rounded - exact) * (rounded - exact);
        }
      }
    }
    return sum;
  }

  double Best(bool first, double low, double high) {
    low = std::min(low, kLeastPart * high);
    double least = std::numeric_limits<double>::infinity(), best = 0;
    for (int i = 0; i < kCandidates; ++i) {
      const double threshold = low + (high - low) * i / (kCandidates - 1);
      const double distance = Distance(first, threshold);
      if (distance >= least) continue;
      least = distance;
      best = threshold;
    }
    return best;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<Tensor> inputs;
  Samples samples;
};

TEST_F(TuneTest, TakesTheLargestOfWhatTheReadersChoose) {
  auto statistics = CollectStatistics(*module, samples, {1, {}});
  ASSERT_TRUE(statistics.ok()) << statistics.status().message();
  std::vector<std::string> warnings;
  auto table = MakeTable(*statistics, Method::kMax, 2048, &warnings);
  ASSERT_TRUE(table.ok()) << table.status().message();
  const double most = table->ranges["x"].threshold;
  for (double part : {0.05, 0.3, 0.6}) {
    table->ranges["x"].threshold = most * part;
    table->ranges["y"].threshold = table->ranges["y"].max * 0.2;
    CalibrationTable tuned[2] = {*table, *table};
    for (int threads : {1, 3}) {
      absl::Status status =
          TuneThresholds(*module, samples, {threads, {}}, &tuned[threads / 2]);
      ASSERT_TRUE(status.ok()) << status.message();
    }
    const double a = Best(true, most * part, most);
    const double b = Best(false, most * part, most);
    EXPECT_NEAR(tuned[0].ranges["x"].threshold, std::max(a, b), most * 1e-5);
    EXPECT_GT(tuned[0].ranges["y"].threshold, table->ranges["y"].threshold);
    for (const char* name : {"x", "y", "z"})
      EXPECT_EQ(tuned[0].ranges[name].threshold,
                tuned[1].ranges[name].threshold);
  }
  // Nothing is left behind.
  EXPECT_EQ(getWeights(&context).tensors().size(), 3);
}

TEST_F(TuneTest, ATensorThatTheTableLacksIsNamed) {
  CalibrationTable table;
  const absl::Status status = TuneThresholds(*module, samples, {1, {}}, &table);
  EXPECT_EQ(status.message(), "the table has no tensor 'x'");
}

}  // namespace
}  // namespace tpuc::quantization
