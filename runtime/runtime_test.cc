// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/isa/encoding.h"
#include "gtest/gtest.h"

namespace tpuc::runtime {
namespace {

constexpr uint64_t kCoeff = 0x100000000;
constexpr uint64_t kCtx = 0x140000000;  // a gap behind the coefficients

isa::DmaTensor Copy(uint64_t id, uint64_t wait, uint64_t from, uint64_t to) {
  isa::DmaTensor copy;
  copy.cmd_id = id;
  copy.cmd_id_dep = wait;
  copy.stride_enable = 1;
  copy.nchw_copy = 1;
  copy.src_data_format = isa::prec::kF32;
  copy.src_nsize = copy.src_csize = copy.src_hsize = 1;
  copy.src_wsize = 8;
  copy.src_nstride = copy.dst_nstride = 8;
  copy.src_cstride = copy.dst_cstride = 16;
  copy.src_hstride = copy.dst_hstride = 8;
  copy.src_wstride = copy.dst_wstride = 1;
  isa::SetSrcAddress(copy, from);
  isa::SetDstAddress(copy, to);
  return copy;
}

// y = x * w for 8 values; the weights are coefficients.
bmodel::Model Product(uint64_t store_to = kCtx + 4096) {
  isa::SAr mul;
  mul.cmd_id = 1;
  mul.cmd_id_dep = 2;
  mul.tsk_opd_num = 2;
  mul.res0_prec = mul.opd0_prec = mul.opd1_prec = isa::prec::kF32;
  mul.res0_n = mul.res0_c = mul.res0_h = 1;
  mul.res0_w = 8;
  mul.opd1_addr = 0x4000;
  mul.res0_addr = 0x8000;
  bmodel::CmdGroup group;
  group.tiu = *isa::EncodeStream(
      {mul.ToInstruction(), isa::MakeEnd(isa::Engine::kTiu, 2)});
  group.gdma =
      *isa::EncodeStream({Copy(1, 0, kCtx, 0x08000000).ToInstruction(),
                          Copy(2, 0, kCoeff, 0x08004000).ToInstruction(),
                          Copy(3, 1, 0x08008000, store_to).ToInstruction(),
                          isa::MakeEnd(isa::Engine::kGdma, 4)});
  group.num_tiu = 2;
  group.num_gdma = 4;

  bmodel::Stage stage;
  stage.ctx_address = kCtx;
  stage.ctx_sizes = {8192};
  bmodel::CoeffMem coeff;
  coeff.address = kCoeff;
  const std::vector<float> weights = {1, 2, 3, 4, 5, 6, 7, 8};
  coeff.data.assign(reinterpret_cast<const char*>(weights.data()), 32);
  stage.coeff = coeff;
  bmodel::TensorRecord x;
  x.name = "x";
  x.shape = {2, 4};
  x.address = kCtx;
  x.size = 32;
  x.hidden = 1;
  bmodel::TensorRecord y = x;
  y.name = "y";
  y.shape = {8};
  y.address = kCtx + 4096;
  y.hidden = 2;
  stage.inputs = {x};
  stage.outputs = {y};
  stage.groups = {group};
  bmodel::SubNet sub_net;
  sub_net.groups = {0};
  sub_net.inputs = {x};
  sub_net.outputs = {y};
  stage.sub_nets = {sub_net};
  bmodel::TensorLocation location;
  location.name = "loaded";
  location.shape = {8};
  location.address = kCtx;
  location.size = 32;
  location.gdma_id = 1;
  stage.tensor_location = bmodel::WriteTensorLocations({location});
  bmodel::Net net;
  net.name = "product";
  net.stages = {stage};
  bmodel::Model model;
  model.version = model.time = "test";
  model.nets = {net};
  return model;
}

absl::StatusOr<std::unique_ptr<Runner>> MakeRunner(const bmodel::Model& model) {
  const absl::StatusOr<std::string> bytes = bmodel::Serialize(model);
  if (!bytes.ok()) return bytes.status();
  auto loaded = Model::FromBytes(*bytes, "test.bmodel");
  if (!loaded.ok()) return loaded.status();
  return Runner::Create(*loaded, {});
}

const std::vector<float> kInput = {1, 1, 1, 1, 2, 2, 2, 2};

TEST(Model, AnswersQueries) {
  auto model = Model::FromBytes(*bmodel::Serialize(Product()), "test.bmodel");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->FindNet("product"), 0);
  EXPECT_EQ((*model)->FindNet("sum"), -1);
  EXPECT_EQ((*model)->Inputs(0, 0)[0].name, "x");
  EXPECT_EQ((*model)->FindStage(0, {{2, 4}}), 0);
  EXPECT_EQ((*model)->FindStage(0, {{8}}), -1);
}

TEST(Model, ErrorsNameTheFile) {
  const auto status = Model::FromBytes("nonsense", "bad.bmodel").status();
  EXPECT_TRUE(absl::StartsWith(status.message(), "bad.bmodel: ")) << status;
  EXPECT_FALSE(Model::Load("does/not/exist.bmodel").ok());
}

TEST(Runner, RelocatesAndRunsTwice) {
  auto runner = MakeRunner(Product());
  ASSERT_TRUE(runner.ok()) << runner.status();
  for (int i = 0; i < 2; ++i) {
    auto outputs = (*runner)->Run({Tensor(DType::kF32, {2, 4}, kInput)});
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    const float* y = (*outputs)[0].data<float>();
    EXPECT_EQ(std::vector<float>(y, y + 8),
              (std::vector<float>{1, 2, 3, 4, 10, 12, 14, 16}));
  }
}

TEST(Runner, DumpsLocatedTensors) {
  auto runner = MakeRunner(Product());
  ASSERT_TRUE(runner.ok()) << runner.status();
  ASSERT_TRUE((*runner)->DumpAllTensors().ok());
  auto outputs =
      (*runner)->Run(NamedTensors{{"x", Tensor(DType::kF32, {2, 4}, kInput)}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ((*runner)->dumped().size(), 3u);
  EXPECT_EQ((*runner)->dumped().at("loaded").data<float>()[4], 2.0f);
  EXPECT_EQ((*runner)->dumped().at("y").data<float>()[7], 16.0f);
}

TEST(Runner, ChecksInputs) {
  auto runner = MakeRunner(Product());
  ASSERT_TRUE(runner.ok()) << runner.status();
  EXPECT_EQ((*runner)->Run({Tensor(DType::kF16, {2, 4})}).status().message(),
            "input \"x\" is f32 [2, 4], found f16 [2, 4]");
  EXPECT_EQ((*runner)->Run(std::vector<Tensor>{}).status().message(),
            "the net has 1 inputs, found 0");
  EXPECT_EQ((*runner)
                ->Run(NamedTensors{{"z", Tensor(DType::kF32, {2, 4})}})
                .status()
                .message(),
            "input \"x\" is missing");
}

TEST(Runner, RefusesAddressesOutsideOfItsRegions) {
  const auto status = MakeRunner(Product(0x180000000)).status();
  EXPECT_EQ(status.message(),
            "test.bmodel: net \"product\": command group 0: GDMA instruction 3 "
            "(DMA_tensor, at byte 0xc0): dst: address 0x180000000 is in none "
            "of coefficients [0x100000000, 0x100000020), ctx [0x140000000, "
            "0x140002000)");
}

TEST(Runner, RefusesDynamicNets) {
  bmodel::Model model = Product();
  model.nets[0].stages[0].sub_nets[0].mode = 1;
  const auto status = MakeRunner(model).status();
  EXPECT_FALSE(status.ok());
}

}  // namespace
}  // namespace tpuc::runtime
