// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/combine.h"

#include <random>

#include "compiler/bmodel/bmodel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/runtime.h"
#include "runtime/test_models.h"

namespace tpuc::bmodel {
namespace {

using runtime::BytesOf;
using runtime::ProductModel;
using runtime::ProductOptions;
using runtime::ProductStage;
using ::testing::HasSubstr;

// A net of one stage, as model_deploy writes it.
Model Product(const std::string& net, int64_t size, float first_weight = 1) {
  ProductOptions options;
  options.size = size;
  options.weights[0] = first_weight;
  Model model = ProductModel({ProductStage(options)});
  model.nets[0].name = net;
  model.neuron_size = 8192;
  return model;
}

std::string Error(const std::vector<Model>& models) {
  std::vector<std::string> bytes;
  for (const Model& model : models) bytes.push_back(BytesOf(model));
  std::vector<NamedFile> files;
  for (size_t i = 0; i < bytes.size(); ++i)
    files.push_back({std::string(1, static_cast<char>('a' + i)), bytes[i]});
  return std::string(Combine(files).status().message());
}

TEST(Combine, ExtractGivesTheOldBytes) {
  const std::string eight = BytesOf(Product("product", 8));
  const std::string four = BytesOf(Product("product", 4));
  const std::string other = BytesOf(Product("other", 8, 2));
  auto both = Combine({{"a", eight}, {"b", other}, {"c", four}});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_TRUE(*both == *Combine({{"a", eight}, {"b", other}, {"c", four}}));
  EXPECT_TRUE(*Combine({{"a", eight}}) == eight);

  const NamedFile file = {"both", *both};
  EXPECT_TRUE(*Extract(file, "product", 0) == eight);
  EXPECT_TRUE(*Extract(file, "product", 1) == four);
  EXPECT_TRUE(*Extract(file, "other", -1) == other);
  EXPECT_TRUE(*Extract(file, "product", -1) ==
              *Combine({{"a", eight}, {"c", four}}));
}

TEST(Combine, StoresEqualWeightsOnce) {
  Model eight = Product("product", 8), four = Product("product", 4);
  for (Model* model : {&eight, &four})
    model->nets[0].stages[0].coeff->data.resize(100000, 'w');
  const size_t alone = BytesOf(eight).size();
  const std::string a = BytesOf(eight), b = BytesOf(four);
  EXPECT_LT(Combine({{"a", a}, {"b", b}})->size(), alone + 20000);
  four.nets[0].stages[0].coeff->data[99999] = 'v';
  const std::string c = BytesOf(four);
  EXPECT_GT(Combine({{"a", a}, {"c", c}})->size(), alone + 100000);
}

TEST(Combine, StagesRunAsAlone) {
  const std::string eight = BytesOf(Product("product", 8));
  const std::string four = BytesOf(Product("product", 4));
  const std::string other = BytesOf(Product("other", 8, 2));
  const auto both = Combine({{"a", eight}, {"b", other}, {"c", four}});
  const auto model = runtime::Model::FromBytes(*both, "both");
  ASSERT_TRUE(model.ok()) << model.status();
  const auto run = [&](const char* net, std::vector<float> x) {
    runtime::RunnerOptions options;
    options.net = (*model)->FindNet(net);
    auto runner = runtime::Runner::Create(*model, options);
    auto y = (*runner)->Run(
        {Tensor(DType::kF32, {2, static_cast<int64_t>(x.size()) / 2}, x)});
    EXPECT_TRUE(y.ok()) << y.status();
    const float* values = (*y)[0].data<float>();
    return std::vector<float>(values, values + (*y)[0].NumElements());
  };
  EXPECT_EQ(run("product", {1, 1, 1, 1}), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(run("product", {1, 1, 1, 1, 1, 1, 1, 1}),
            (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(run("other", {1, 1, 1, 1, 1, 1, 1, 1}),
            (std::vector<float>{2, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Combine, KeepsFirmware) {
  Model a = Product("one", 8), b = Product("two", 8), c = Product("three", 8);
  a.kernel_module = KernelModule{"firmware.so", "code"};
  b.kernel_module = a.kernel_module;
  const std::string first = BytesOf(a), second = BytesOf(b), plain = BytesOf(c);
  const auto both = Combine({{"c", plain}, {"a", first}, {"b", second}});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(Parse(*both)->kernel_module->data, "code");
  EXPECT_TRUE(*Extract({"both", *both}, "two", 0) == second);
  b.kernel_module->data = "other";
  EXPECT_EQ(Error({a, c, b}), "a and c hold a different kernel module");
}

TEST(Combine, ErrorsNameFilesAndNet) {
  const Model eight = Product("product", 8);
  EXPECT_EQ(Error({eight, eight}),
            "net 'product' with input shapes [2, 4] is in a and in b");
  Model wrong = Product("product", 4);
  wrong.chip = "BM1688";
  EXPECT_EQ(Error({eight, wrong}), "a is for chip BM1684X, b for BM1688");
  wrong = Product("product", 4);
  wrong.nets[0].addr_mode = 4;
  EXPECT_EQ(Error({eight, wrong}),
            "net 'product' has address mode 0 in a and 4 in b");
  wrong = Product("product", 4);
  wrong.nets[0].stages[0].inputs[0].name = "z";
  EXPECT_EQ(Error({eight, wrong}),
            "net 'product' has inputs x f32 in a and z f32 in b");
  wrong = Product("product", 4);
  wrong.nets[0].stages[0].outputs[0].dtype = DType::kF16;
  EXPECT_EQ(Error({eight, wrong}),
            "net 'product' has outputs y f32 in a and y f16 in b");
  wrong = Product("other", 4);
  wrong.nets[0].stages[0].coeff->check_code = std::string(32, 'x');
  EXPECT_EQ(Error({eight, wrong}),
            "b: net 'other', input shapes [2, 2]: the weights are not those of "
            "their check code (SHA-256)");
  EXPECT_EQ(Combine({{"a", "text"}}).status().message(),
            "a: bmodel: this is not a bmodel file (magic number 0xff55aaee)");
  EXPECT_EQ(Combine({}).status().message(), "there is no file to combine");
}

TEST(Extract, ErrorsNameWhatIsThere) {
  const std::string bytes = BytesOf(Product("product", 8));
  EXPECT_EQ(Extract({"a", bytes}, "produce", -1).status().message(),
            "a: there is no net 'produce'; there is product");
  EXPECT_EQ(Extract({"a", bytes}, "product", 1).status().message(),
            "a: net 'product' has 1 stages, there is no stage 1");
}

// Damaged files are refused or give a file that can be read.
TEST(Combine, SurvivesDamage) {
  const std::string bytes = BytesOf(Product("product", 8));
  const std::string other = BytesOf(Product("other", 8));
  std::mt19937 random(5);
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 1 + round % 3; ++i)
      damaged[random() % 2048] = static_cast<char>(random());
    const auto both = Combine({{"a", damaged}, {"b", other}});
    if (both.ok()) {
      EXPECT_TRUE(Parse(*both).ok());
    } else {
      ++refused;
      EXPECT_NE(both.status().message(), "");
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace tpuc::bmodel
