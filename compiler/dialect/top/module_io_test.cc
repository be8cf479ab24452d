// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/module_io.h"

#include <gtest/gtest.h>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/support/file.h"
#include "compiler/support/npz.h"

namespace tpuc {
namespace {

constexpr char kModule[] = R"(
module attributes {module.name = "m", module.state = "TOP_F32"} {
  func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {
    %x = top.Input %a : tensor<2xf32> loc("x")
    %w = top.Weight : tensor<2xf32> loc("w")
    %y = top.Add %x, %w : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> loc("y")
    %h = top.Weight : tensor<2xbf16> loc("h")
    return %y : tensor<2xf32>
  }
}
)";

std::string Path(const std::string& name) {
  return JoinPath(::testing::TempDir(), name);
}

TEST(ModuleIo, SavesAndLoadsWeightsBesideTheModule) {
  const std::string plain = Path("plain.mlir"), saved = Path("saved.mlir");
  std::string text = kModule;
  text.replace(text.find("module.name"), 0,
               "module.weight_file = \"plain.npz\", ");
  ASSERT_TRUE(WriteFileAtomically(plain, text).ok());
  TensorMap weights;
  weights["w"] = Tensor(DType::kF32, {2}, std::vector<float>{1, 2});
  weights["h"] = Tensor(DType::kBF16, {2}, std::vector<uint16_t>{0x3f80, 0});
  weights["unused"] = Tensor(DType::kF32, {2});
  ASSERT_TRUE(WriteNpz(Path("plain.npz"), weights).ok());
  {
    mlir::MLIRContext context;
    auto module = LoadModule(&context, plain);
    ASSERT_TRUE(module.ok()) << module.status();
    ASSERT_TRUE(SaveModule(**module, saved).ok());
  }
  mlir::MLIRContext context;
  auto module = LoadModule(&context, saved);
  ASSERT_TRUE(module.ok()) << module.status();
  EXPECT_EQ(ModuleString(**module, kModuleWeightFile), "saved_weight.npz");
  const WeightStore& store = getWeights(&context);
  ASSERT_NE(store.Find("h"), nullptr);
  EXPECT_EQ(store.Find("h")->dtype(), DType::kBF16);
  EXPECT_EQ(store.Find("w")->data<float>()[1], 2);
  EXPECT_EQ(store.Find("unused"), nullptr);
  ASSERT_TRUE(SaveModule(**module, Path("again.mlir")).ok());
  EXPECT_EQ(*ReadFile(Path("again_weight.npz")),
            *ReadFile(Path("saved_weight.npz")));
}

TEST(ModuleIo, ErrorsNameTheFileAndTheWeight) {
  mlir::MLIRContext context;
  const auto message = [&](const std::string& path) {
    return std::string(LoadModule(&context, path).status().message());
  };
  EXPECT_NE(message(Path("absent.mlir")).find("absent.mlir"),
            std::string::npos);
  ASSERT_TRUE(WriteFileAtomically(Path("none.mlir"), kModule).ok());
  EXPECT_NE(message(Path("none.mlir")).find("weight 'w' is not in any file"),
            std::string::npos);
  ASSERT_TRUE(WriteFileAtomically(Path("bad.mlir"), "nonsense").ok());
  EXPECT_NE(message(Path("bad.mlir")).find("is not a valid module"),
            std::string::npos);
}

TEST(ModuleIo, AWeightOfAnotherShapeIsAnError) {
  mlir::MLIRContext context;
  std::string text = kModule;
  text.replace(text.find("module.name"), 0,
               "module.weight_file = \"odd.npz\", ");
  ASSERT_TRUE(WriteFileAtomically(Path("odd.mlir"), text).ok());
  TensorMap weights;
  weights["w"] = Tensor(DType::kF32, {3});
  ASSERT_TRUE(WriteNpz(Path("odd.npz"), weights).ok());
  const auto module = LoadModule(&context, Path("odd.mlir"));
  EXPECT_NE(module.status().message().find("the module wants tensor<2xf32>"),
            absl::string_view::npos)
      << module.status();
}

}  // namespace
}  // namespace tpuc
