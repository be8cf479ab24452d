// SPDX-License-Identifier: Apache-2.0
// What depends on the data of weights.
#include <string>

#include "compiler/conversion/top_to_tpu/passes.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

namespace tpuc {
namespace {

// Lowers a module to F16 whose weight "w" is [2] of `value`.
class Lowered {
 public:
  Lowered(const std::string& text, float value) {
    context_.loadDialect<mlir::func::FuncDialect, top::TopDialect,
                         tpu::TpuDialect>();
    module_ = mlir::parseSourceString<mlir::ModuleOp>(text, &context_);
    top::WeightOp weight;
    module_->walk([&](top::WeightOp op) { weight = op; });
    const auto shape = top::ShapeOf(weight.getOutput());
    Tensor data(DType::kF32, shape.vec());
    for (int64_t i = 0; i < data.NumElements(); ++i)
      data.data<float>()[i] = value;
    getWeights(&context_).Add("w", data);
    mlir::ScopedDiagnosticHandler handler(&context_, [&](mlir::Diagnostic& d) {
      error_ += d.str();
      return llvm::success();
    });
    mlir::PassManager passes(&context_);
    ConvertTopToTpuOptions options;
    options.mode = "F16";
    passes.addPass(createConvertTopToTpu(options));
    if (failed(passes.run(*module_))) error_ += "failed";
  }

  const std::string& error() const { return error_; }
  // The data of a weight after lowering, or null.
  const Tensor* Find(const std::string& name) {
    return getWeights(&context_).Find(name);
  }
  bool HasCast() {
    bool found = false;
    module_->walk([&](tpu::CastOp) { found = true; });
    return found;
  }

 private:
  mlir::MLIRContext context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  std::string error_;
};

constexpr char kMul[] = R"(
  func.func @main(%a: tensor<4x2xf32>) -> tensor<4x2xf32> {
    %x = top.Input %a : tensor<4x2xf32> loc("x")
    %w = top.Weight : tensor<2xf32> loc("w")
    %y = top.Mul %x, %w : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
      loc("y")
    func.return %y : tensor<4x2xf32>
  })";

constexpr char kMatMul[] = R"(
  func.func @main(%a: tensor<4x2xf32>) -> tensor<4x1xf32> {
    %x = top.Input %a : tensor<4x2xf32> loc("x")
    %w = top.Weight : tensor<2x1xf32> loc("w")
    %y = top.MatMul %x, %w : (tensor<4x2xf32>, tensor<2x1xf32>)
      -> tensor<4x1xf32> loc("y")
    func.return %y : tensor<4x1xf32>
  })";

TEST(Lowering, RoundsWeightsHalfToEven) {
  Lowered lowered(kMul, 1.0f + 1.0f / 2048);  // halfway between f16 numbers
  EXPECT_EQ(lowered.error(), "");
  const Tensor* rounded = lowered.Find("w_f16");
  ASSERT_NE(rounded, nullptr);
  EXPECT_EQ(rounded->dtype(), DType::kF16);
  EXPECT_EQ(rounded->data<uint16_t>()[0], 0x3C00);
  EXPECT_NE(lowered.Find("w"), nullptr) << "the original stays";
}

TEST(Lowering, KeepsF32WhereAnElementwiseWeightOverflowsF16) {
  Lowered lowered(kMul, 1e6f);
  EXPECT_EQ(lowered.error(), "");
  EXPECT_EQ(lowered.Find("w_f16"), nullptr);
  EXPECT_FALSE(lowered.HasCast());
}

TEST(Lowering, RefusesAProductWithAWeightBeyondF16) {
  Lowered lowered(kMatMul, 1e6f);
  EXPECT_NE(lowered.error().find("weight 'w' holds 1.000000e+06, outside the "
                                 "range of f16; use BF16 or F32"),
            std::string::npos)
      << lowered.error();
}

}  // namespace
}  // namespace tpuc
