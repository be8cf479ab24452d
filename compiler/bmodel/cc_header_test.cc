// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/cc_header.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tpuc::bmodel {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TensorRecord Record(const char* name, DType dtype) {
  TensorRecord record;
  record.name = name;
  record.dtype = dtype;
  record.shape = {1, 3};
  return record;
}

Model OneNet() {
  Model model;
  Net& net = model.nets.emplace_back();
  net.name = "ppocr_cls";
  Stage& stage = net.stages.emplace_back();
  stage.inputs = {Record("x", DType::kF32), Record("x.1", DType::kI8)};
  stage.inputs[1].scale = 0.5f;
  stage.outputs = {Record("softmax_0.tmp/0", DType::kBF16)};
  return model;
}

TEST(CcHeader, NamesNetsAndTensors) {
  const auto header =
      CcHeader(OneNet(), {"cls.bmodel", "ocr::cls", "cls_data"});
  ASSERT_TRUE(header.ok()) << header.status();
  for (const char* part :
       {"namespace ocr::cls {", "struct PpocrCls {", "kNet[] = \"ppocr_cls\";",
        "::tpuc::runtime::StaticTensor<float, 1, 3> x;",
        "// Scale 0.5, zero point 0.",
        "::tpuc::runtime::StaticTensor<int8_t, 1, 3> x_1;",
        "visit(\"x.1\", self.x_1);",
        "StaticTensor<::tpuc::runtime::BF16, 1, 3> softmax_0_tmp_0;",
        "static_cast<size_t>(cls_data_end - cls_data)",
        "FromBytes(File(), \"cls.bmodel\", options)"})
    EXPECT_THAT(*header, HasSubstr(part));
}

TEST(CcHeader, MakesNamesOfCpp) {
  Model model = OneNet();
  Stage& stage = model.nets[0].stages[0];
  stage.inputs = {Record("class", DType::kF32), Record("1", DType::kF32),
                  Record("a/b", DType::kF32),   Record("a.b", DType::kF32),
                  Record("\"\n", DType::kF32),  Record("__a__b", DType::kF32)};
  const std::string header = *CcHeader(model, {"f", "n", "s"});
  for (const char* part :
       {"3> tensor_class;", "3> tensor_1;", "3> a_b;", "3> a_b_2;",
        "3> tensor_;", "visit(\"\\\"\\n\", self.tensor_);", "3> a_b_3;"})
    EXPECT_THAT(header, HasSubstr(part));
}

TEST(CcHeader, NumbersStages) {
  Model model = OneNet();
  model.nets.push_back(model.nets[0]);
  model.nets[1].name = "8-bit";
  model.nets[1].stages.push_back(model.nets[1].stages[0]);
  const std::string header = *CcHeader(model, {"f", "n", "s"});
  EXPECT_THAT(header, HasSubstr("struct PpocrCls {"));
  EXPECT_THAT(header, HasSubstr("struct Net8BitStage0 {"));
  EXPECT_THAT(header, HasSubstr("struct Net8BitStage1 {"));
  EXPECT_THAT(header, Not(HasSubstr("struct Net8Bit {")));
}

TEST(CcHeader, RefusesOtherNames) {
  EXPECT_EQ(CcHeader(OneNet(), {"f", "a::", "s"}).status().message(),
            "'a::' is no name of a C++ namespace");
  EXPECT_EQ(CcHeader(OneNet(), {"f", "a", "1"}).status().message(),
            "'1' is no C++ name");
}

}  // namespace
}  // namespace tpuc::bmodel
