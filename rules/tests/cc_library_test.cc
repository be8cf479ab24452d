// SPDX-License-Identifier: Apache-2.0
// Runs nets that are part of this program.
#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rules/tests/product_cc.h"
#include "runtime/typed_runner.h"

namespace tpuc {
namespace {

using runtime::StaticTensor;
using runtime::TypedRunner;
using test::product::Other;
using test::product::ProductStage0;
using test::product::ProductStage1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

static_assert(decltype(ProductStage0::Inputs::x)::kShape[1] == 4);
static_assert(std::is_same_v<decltype(ProductStage1::Outputs::y),
                             StaticTensor<float, 4>>);

TEST(TpuCcLibrary, HoldsTheFile) {
  const absl::string_view file = test::product::File();
  EXPECT_EQ(file.size() % 4096, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file.data()) % 4096, 0u);
  uint32_t magic = 0;
  std::memcpy(&magic, file.data(), sizeof(magic));
  EXPECT_EQ(magic, 0xFF55AAEEu);
}

TEST(TpuCcLibrary, RunsEachStage) {
  const auto model = test::product::Load();
  ASSERT_TRUE(model.ok()) << model.status();
  auto wide = TypedRunner<ProductStage0>::Create(*model);
  auto narrow = TypedRunner<ProductStage1>::Create(*model);
  auto other = TypedRunner<Other>::Create(*model);
  ASSERT_TRUE(wide.ok() && narrow.ok() && other.ok());

  ProductStage0::Inputs inputs;
  ProductStage0::Outputs outputs;
  for (float& value : inputs.x) value = 1;
  inputs.x(1, 0) = 10;
  ASSERT_TRUE(wide->Run(inputs, outputs).ok());
  EXPECT_THAT(outputs.y, ElementsAre(1, 2, 3, 4, 50, 6, 7, 8));

  ProductStage1::Inputs two;
  two.x = StaticTensor<float, 2, 2>(std::array<float, 4>{1, 1, 2, 1});
  ProductStage1::Outputs few;
  auto pending = narrow->RunAsync(two, few);
  ASSERT_TRUE(pending.ok() && pending->Wait().ok());
  EXPECT_THAT(few.y, ElementsAre(1, 2, 6, 4));
}

// The types of one file with the contents of another.
struct Wrong : ProductStage0 {
  struct Inputs {
    StaticTensor<runtime::F16, 2, 4> x;
    template <typename Self, typename Visit>
    static void ForEach(Self& self, Visit visit) {
      visit("x", self.x);
    }
  };
};

struct Missing : ProductStage0 {
  static constexpr char kNet[] = "missing";
};

TEST(TpuCcLibrary, ComparesTypesWithTheFile) {
  const auto model = test::product::Load();
  const auto wrong = TypedRunner<Wrong>::Create(*model);
  EXPECT_THAT(
      std::string(wrong.status().message()),
      HasSubstr("net \"product\": the program was compiled for inputs f16 x "
                "[2, 4]; the file has f32 x [2, 4]"));
  const auto missing = TypedRunner<Missing>::Create(*model);
  EXPECT_THAT(std::string(missing.status().message()),
              HasSubstr("test_model.bmodel: there is no net \"missing\""));
}

}  // namespace
}  // namespace tpuc
