// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/gates.h"

#include <set>
#include <string>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/top/module_io.h"
#include "gtest/gtest.h"
#include "mlir/Parser/Parser.h"

namespace tpuc::quantization {
namespace {

std::set<std::string> GateNames(const std::string& body) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<top::TopDialect, mlir::func::FuncDialect>();
  const auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "func.func @main(%a: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {\n"
      "%x = top.Input %a : tensor<1x2x4x4xf32> loc(\"x\")\n"
      "%p = top.AvgPool %x {kernel_shape = array<i64: 4, 4>,"
      " pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}"
      " : (tensor<1x2x4x4xf32>) -> tensor<1x2x1x1xf32> loc(\"p\")\n" +
          body + "func.return %m : tensor<1x2x4x4xf32>\n}",
      &context);
  std::set<std::string> names;
  for (mlir::Operation* op : GatesOf(MainFunction(*module)))
    names.insert(getName(op));
  return names;
}

using Names = std::set<std::string>;

TEST(Gates, AreWhatMakesAFactorOfPlanesFromTheirMean) {
  EXPECT_EQ(GateNames(R"(
    %w = top.Weight : tensor<2x2xf32> loc("w")
    %r = top.Reshape %p : tensor<1x2x1x1xf32> -> tensor<1x2xf32> loc("r")
    %f = top.MatMul %r, %w : (tensor<1x2xf32>, tensor<2x2xf32>)
      -> tensor<1x2xf32> loc("f")
    %g = top.Reshape %f : tensor<1x2xf32> -> tensor<1x2x1x1xf32> loc("g")
    %s = top.Sigmoid %g : tensor<1x2x1x1xf32> loc("s")
    %m = top.Mul %s, %x : (tensor<1x2x1x1xf32>, tensor<1x2x4x4xf32>)
      -> tensor<1x2x4x4xf32> loc("m")
  )"),
            (Names{"r", "f", "g", "s"}));
}

TEST(Gates, AreNotPlanesNorWhatIsAdded) {
  EXPECT_EQ(GateNames(R"(
    %s = top.Sigmoid %p : tensor<1x2x1x1xf32> loc("s")
    %b = top.Add %x, %s : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>)
      -> tensor<1x2x4x4xf32> loc("b")
    %t = top.Sigmoid %b : tensor<1x2x4x4xf32> loc("t")
    %m = top.Mul %x, %t : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>)
      -> tensor<1x2x4x4xf32> loc("m")
  )"),
            Names());
}

}  // namespace
}  // namespace tpuc::quantization
