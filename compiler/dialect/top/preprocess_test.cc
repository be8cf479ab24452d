// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/preprocess.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

namespace tpuc::top {
namespace {

class PreprocessTest : public ::testing::Test {
 protected:
  PreprocessTest() : context_(mlir::MLIRContext::Threading::DISABLED) {
    context_.loadDialect<TopDialect, mlir::func::FuncDialect>();
  }

  // An input of 8 x 9 pixels; `attributes` as in the text of the module.
  InputOp Parse(const std::string& attributes) {
    module_ = mlir::parseSourceString<mlir::ModuleOp>(
        absl::StrCat("func.func @main(%a: tensor<1x3x8x9xf32>) {\n"
                     "  %0 = top.Input %a ",
                     attributes,
                     " : tensor<1x3x8x9xf32> loc(\"x\")\n"
                     "  return\n}\n"),
        &context_);
    EXPECT_TRUE(module_);
    InputOp result;
    module_->walk([&](InputOp op) { result = op; });
    return result;
  }

  std::string ErrorOf(const std::string& entry) {
    auto how = PreprocessingOf(Parse("{top.preprocess = {" + entry + "}}"));
    return how.ok() ? "no error" : std::string(how.status().message());
  }

  mlir::MLIRContext context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
};

TEST_F(PreprocessTest, IsAbsentUnlessSet) {
  auto how = PreprocessingOf(Parse(""));
  ASSERT_TRUE(how.ok()) << how.status();
  EXPECT_FALSE(how->has_value());
}

TEST_F(PreprocessTest, ReadsWhatWasWritten) {
  Preprocessing how;
  how.mean = {1.5, 1e-9, 123.675};
  how.scale = {0.1, 1. / 3, 2};
  how.pixel_format = PixelFormat::kRgb;
  how.resize_height = 20;
  how.resize_width = 30;
  how.keep_aspect_ratio = true;
  how.pad_value = 114;
  how.pad_type = PadType::kNormal;
  InputOp input = Parse("");
  SetPreprocessing(input, how);
  std::string text;
  llvm::raw_string_ostream(text) << *module_;
  auto parsed = mlir::parseSourceString<mlir::ModuleOp>(text, &context_);
  ASSERT_TRUE(parsed) << text;
  InputOp again;
  parsed->walk([&](InputOp op) { again = op; });
  auto read = PreprocessingOf(again);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_TRUE(read->has_value());
  EXPECT_TRUE(**read == how) << text;
}

TEST_F(PreprocessTest, WritesDefaults) {
  InputOp input = Parse("");
  SetPreprocessing(input, {});
  auto read = PreprocessingOf(input);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->mean, (std::vector<double>{0, 0, 0}));
  EXPECT_EQ((*read)->scale, (std::vector<double>{1, 1, 1}));
  EXPECT_EQ((*read)->resize_height, 8);
  EXPECT_EQ((*read)->resize_width, 9);
}

TEST_F(PreprocessTest, NamesWhatCannotBeRead) {
  EXPECT_EQ(
      ErrorOf("mean = [\"a\"]"),
      "input 'x', top.preprocess, mean: the list of numbers can't be read");
  EXPECT_EQ(
      ErrorOf("resize_dims = [1]"),
      "input 'x', top.preprocess, resize_dims: the pair of extents can't be "
      "read");
  EXPECT_EQ(ErrorOf("pad_value = \"x\""),
            "input 'x', top.preprocess, pad_value: the number can't be read");
  EXPECT_EQ(ErrorOf("blur = true"),
            "input 'x', top.preprocess, blur: there is no such entry");
  EXPECT_EQ(
      ErrorOf("pixel_format = \"yuv\""),
      "input 'x', top.preprocess, pixel_format: pixel_format is 'yuv'; it "
      "must be one of bgr, rgb, gray, rgba");
}

}  // namespace
}  // namespace tpuc::top
