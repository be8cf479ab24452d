// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime.h"

#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "compiler/bmodel/tensor_location.h"
#include "gtest/gtest.h"
#include "runtime/test_models.h"

namespace tpuc::runtime {
namespace {

LoadOptions OnSimulator() {
  LoadOptions options;
  options.device = "simulator";
  return options;
}

absl::StatusOr<std::shared_ptr<const Model>> Load(const bmodel::Model& model) {
  return Model::FromBytes(BytesOf(model), "test.bmodel", OnSimulator());
}

absl::StatusOr<std::unique_ptr<Runner>> MakeRunner(
    const bmodel::Model& model, const RunnerOptions& options = {}) {
  auto loaded = Load(model);
  if (!loaded.ok()) return loaded.status();
  return Runner::Create(*loaded, options);
}

bmodel::Model Product(const ProductOptions& options = {}) {
  return ProductModel({ProductStage(options)});
}

// Stage 1 takes 4 values.
bmodel::Model TwoStages() {
  ProductOptions four;
  four.size = 4;
  return ProductModel({ProductStage(), ProductStage(four)});
}

Tensor Input() {
  return Tensor(DType::kF32, {2, 4},
                std::vector<float>{1, 1, 1, 1, 2, 2, 2, 2});
}

std::vector<float> Values(const Tensor& tensor) {
  const float* data = tensor.data<float>();
  return std::vector<float>(data, data + tensor.NumElements());
}

const std::vector<float> kExpected = {1, 2, 3, 4, 10, 12, 14, 16};

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message());
}

TEST(Model, AnswersQueries) {
  bmodel::Model two = TwoStages();
  two.nets.push_back(two.nets[0]);
  two.nets[1].name = "other";
  auto model = Load(two);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->NumNets(), 2);
  EXPECT_EQ((*model)->FindNet("product"), 0);
  EXPECT_EQ((*model)->FindNet("other"), 1);
  EXPECT_EQ((*model)->FindNet("sum"), -1);
  EXPECT_EQ((*model)->NumStages(0), 2);
  EXPECT_EQ((*model)->Inputs(0, 0)[0].name, "x");
  EXPECT_EQ((*model)->Inputs(0, 0)[0].SizeInBytes(), 32u);
  EXPECT_EQ((*model)->FindStage(0, {{2, 4}}), 0);
  EXPECT_EQ((*model)->FindStage(0, {{2, 2}}), 1);
  EXPECT_EQ((*model)->FindStage(0, {{8}}), -1);
  const MemoryUse use = (*model)->Memory(0, 0);
  EXPECT_EQ(use.weights, 32u);
  EXPECT_EQ(use.tensors, 8192u);
  EXPECT_GT(use.instructions, 0u);
}

TEST(Model, ErrorsNameTheFile) {
  const auto status = Model::FromBytes("nonsense", "bad.bmodel").status();
  EXPECT_TRUE(absl::StartsWith(status.message(), "bad.bmodel: ")) << status;
  EXPECT_FALSE(Model::Load("does/not/exist.bmodel").ok());
}

TEST(Model, RefusesUnknownDevices) {
  LoadOptions options;
  options.device = "abacus";
  EXPECT_EQ(
      MessageOf(Model::FromBytes(BytesOf(Product()), "m", options).status()),
      "m: device is \"abacus\"; it may be simulator, bmrt or bmrt:N");
}

TEST(Model, SaysWhatOfTheVendorsRuntimeIsMissing) {
  LoadOptions options;
  options.device = "bmrt";
  options.library_path = "/does/not/exist";
  const auto status =
      Model::FromBytes(BytesOf(Product()), "m", options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(
      absl::StrContains(status.message(), "/does/not/exist/libbmlib.so.0"))
      << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "TPU_LIBRARY_PATH"))
      << status;
}

struct BadFile {
  const char* name;
  std::function<void(bmodel::Model&)> damage;
  const char* message;
};

class BadFiles : public testing::TestWithParam<BadFile> {};

TEST_P(BadFiles, AreRefusedWhenLoaded) {
  bmodel::Model model = Product();
  GetParam().damage(model);
  EXPECT_EQ(MessageOf(Load(model).status()),
            std::string("test.bmodel: ") + GetParam().message);
}

bmodel::Stage& StageOf(bmodel::Model& model) { return model.nets[0].stages[0]; }

INSTANTIATE_TEST_SUITE_P(
    Model, BadFiles,
    testing::Values(
        BadFile{"Chip", [](bmodel::Model& m) { m.chip = "BM1688"; },
                "the file is for chip \"BM1688\"; only BM1684X is supported"},
        BadFile{"NetNames",
                [](bmodel::Model& m) { m.nets.push_back(m.nets[0]); },
                "two nets are called \"product\""},
        BadFile{"AddressMode",
                [](bmodel::Model& m) { m.nets[0].addr_mode = 3; },
                "net \"product\" has address mode 3; 0, 1, 2 and 4 are "
                "supported"},
        BadFile{"Outside",
                [](bmodel::Model& m) {
                  ProductOptions options;
                  options.store_to = 0x180000000;
                  m = Product(options);
                },
                "net \"product\", stage 0: command group 0: GDMA instruction 3 "
                "(DMA_tensor, at byte 0xc0): dst: address 0x180000000 is in "
                "none of coefficients [0x100000000, 0x100000020), ctx "
                "[0x140000000, 0x140002000)"},
        BadFile{"Count",
                [](bmodel::Model& m) { ++StageOf(m).groups[0].num_tiu; },
                "net \"product\", stage 0: command group 0: the TIU stream "
                "holds 2 instructions, its record says 3"},
        BadFile{"InputNames",
                [](bmodel::Model& m) {
                  StageOf(m).inputs.push_back(StageOf(m).inputs[0]);
                },
                "net \"product\", stage 0: two inputs are called \"x\""},
        BadFile{"Overlap",
                [](bmodel::Model& m) {
                  StageOf(m).inputs.push_back(StageOf(m).inputs[0]);
                  StageOf(m).inputs[1].name = "z";
                  StageOf(m).inputs[1].address += 28;
                },
                "net \"product\", stage 0: inputs \"x\" and \"z\" overlap in "
                "memory"},
        BadFile{"Rank",
                [](bmodel::Model& m) {
                  StageOf(m).inputs[0].shape = {1, 1, 1, 1, 1, 1, 1, 1, 8};
                },
                "net \"product\", stage 0: tensor \"x\" has 9 dimensions, the "
                "limit is 8"},
        BadFile{"Dimension",
                [](bmodel::Model& m) {
                  StageOf(m).inputs[0].shape = {0, uint64_t{1} << 63};
                },
                "net \"product\", stage 0: tensor \"x\" has a dimension of "
                "9223372036854775808, the limit is 2147483647"},
        BadFile{
            "RegionsOverlap",
            [](bmodel::Model& m) { StageOf(m).coeff->address = kTestCtx - 16; },
            "net \"product\", stage 0: coefficients memory of 32 bytes at "
            "0x13ffffff0 and ctx memory of 8192 bytes at 0x140000000 "
            "overlap"},
        BadFile{"Huge",
                [](bmodel::Model& m) {
                  StageOf(m).ctx_sizes = {uint64_t{1} << 37};
                },
                "net \"product\", stage 0: the stage needs 137438957568 bytes "
                "of device memory, the limit is 17179869184"},
        BadFile{"BeyondTheAddresses",
                [](bmodel::Model& m) {
                  StageOf(m).ctx_sizes = {uint64_t{1} << 40};
                },
                "net \"product\", stage 0: ctx memory of 1099511627776 bytes "
                "at 0x140000000 is outside of DDR"},
        BadFile{"UnusedGroup",
                [](bmodel::Model& m) {
                  StageOf(m).groups.push_back(StageOf(m).groups[0]);
                },
                "net \"product\", stage 0: the stage lists 2 command groups, "
                "its sub-nets 1"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Model, OperandsAreCheckedBeforeAnyDeviceSeesThem) {
  ProductOptions options;
  options.local_y = 0x08000000 + (256 << 10) - 16;  // 16 bytes too far
  const bmodel::Model model = Product(options);
  const std::string message =
      "command group 0: TIU instruction 1 (sAR mul, at byte 0x0): ";
  const auto simulated = MakeRunner(model).status();
  EXPECT_TRUE(absl::StrContains(simulated.message(), message)) << simulated;
  LoadOptions on_bmrt;
  on_bmrt.device = "bmrt";
  on_bmrt.library_path = "/does/not/exist";
  const auto refused =
      Model::FromBytes(BytesOf(model), "test.bmodel", on_bmrt).status();
  EXPECT_TRUE(absl::StrContains(refused.message(), message)) << refused;
}

TEST(Runner, RelocatesAndRunsTwice) {
  auto runner = MakeRunner(Product());
  ASSERT_TRUE(runner.ok()) << runner.status();
  for (int i = 0; i < 2; ++i) {
    auto outputs = (*runner)->Run({Input()});
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    EXPECT_EQ(Values((*outputs)[0]), kExpected);
  }
}

TEST(Runner, RunsInTheCallersMemory) {
  auto runner = MakeRunner(Product());
  ASSERT_TRUE(runner.ok()) << runner.status();
  const Tensor input = Input();
  std::vector<float> y(8);
  const absl::Span<const uint8_t> from(static_cast<const uint8_t*>(input.raw()),
                                       32);
  const absl::Span<uint8_t> to(reinterpret_cast<uint8_t*>(y.data()), 32);
  ASSERT_TRUE((*runner)->Run({from}, {to}).ok());
  EXPECT_EQ(y, kExpected);
  EXPECT_EQ(MessageOf((*runner)->Run({from.subspan(1)}, {to})),
            "input \"x\" has 32 bytes, found 31");
  EXPECT_EQ(MessageOf((*runner)->Run({from}, {})),
            "the net has 1 outputs, found 0");
}

TEST(Runner, DumpsLocatedTensors) {
  auto runner = MakeRunner(Product());
  ASSERT_TRUE(runner.ok()) << runner.status();
  ASSERT_TRUE((*runner)->DumpAllTensors().ok());
  auto outputs = (*runner)->Run(NamedTensors{{"x", Input()}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ((*runner)->dumped().size(), 3u);
  EXPECT_EQ((*runner)->dumped().at("loaded").data<float>()[4], 2.0f);
  EXPECT_EQ((*runner)->dumped().at("y").data<float>()[7], 16.0f);
}

TEST(Runner, ChecksTheListOfLocatedTensors) {
  bmodel::Model model = Product();
  bmodel::TensorLocation location;
  location.name = "t";
  location.shape = {int64_t{1} << 40, int64_t{1} << 40};
  location.size = 32;
  location.address = kTestCtx;
  StageOf(model).tensor_location = bmodel::WriteTensorLocations({location});
  auto runner = MakeRunner(model);
  ASSERT_TRUE(runner.ok()) << runner.status();
  EXPECT_EQ(MessageOf((*runner)->DumpAllTensors()),
            "test.bmodel: net \"product\", stage 0: located tensor \"t\": the "
            "size is 32 bytes, type and shape differ from it");
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

TEST(Runner, TakesTheStageOfTheInputs) {
  auto runner = MakeRunner(TwoStages());
  ASSERT_TRUE(runner.ok()) << runner.status();
  for (int i = 0; i < 2; ++i) {
    auto outputs = (*runner)->Run({Input()});
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    EXPECT_EQ(Values((*outputs)[0]), kExpected);
    const Tensor four(DType::kF32, {2, 2}, std::vector<float>{5, 5, 5, 5});
    outputs = (*runner)->Run({four});
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    EXPECT_EQ(Values((*outputs)[0]), (std::vector<float>{5, 10, 15, 20}));
  }
  EXPECT_EQ(MessageOf((*runner)->Run({Tensor(DType::kF32, {3})}).status()),
            "no stage of net \"product\" has inputs [3]; there are [2, 4]; "
            "[2, 2]");
  EXPECT_EQ(MessageOf((*runner)->Run({}, {})),
            "net \"product\" has 2 stages; name one in RunnerOptions");
}

TEST(Runner, RunsTheStageThatItsOptionsName) {
  RunnerOptions options;
  options.stage = 1;
  auto runner = MakeRunner(TwoStages(), options);
  ASSERT_TRUE(runner.ok()) << runner.status();
  EXPECT_EQ((*runner)->inputs()[0].shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(MessageOf((*runner)->Run({Input()}).status()),
            "input \"x\" is f32 [2, 2], found f32 [2, 4]");
  options.stage = 2;
  EXPECT_EQ(MessageOf(MakeRunner(TwoStages(), options).status()),
            "test.bmodel: no stage 2 of net 0");
}

TEST(Runner, RefusesDynamicNets) {
  bmodel::Model model = Product();
  model.nets[0].stages[0].sub_nets[0].mode = 1;
  const auto status = MakeRunner(model).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(MessageOf(status),
            "test.bmodel: net \"product\", stage 0: sub-net 0 is not for the "
            "TPU; only static programs are supported");
}

TEST(Runner, SharesWeightsThatAProgramMayOverwrite) {
  ProductOptions options;
  options.overwrite_weights = true;
  options.weights.resize(100000, 0.0f);  // whole pages and a rest
  auto model = Load(Product(options));
  ASSERT_TRUE(model.ok()) << model.status();
  auto first = Runner::Create(*model, {}), second = Runner::Create(*model, {});
  ASSERT_TRUE(first.ok() && second.ok());
  for (const std::vector<float>& expected :
       {kExpected, std::vector<float>{1, 2, 3, 4, 20, 24, 28, 32}}) {
    // w becomes x * w in each runner's own memory.
    for (Runner* runner : {first->get(), second->get()}) {
      auto outputs = runner->Run({Input()});
      ASSERT_TRUE(outputs.ok()) << outputs.status();
      EXPECT_EQ(Values((*outputs)[0]), expected);
    }
  }
}

// This process's share of the memory that it has touched, in MiB.
int64_t ProportionalMib() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) {
    if (line.rfind("Pss:", 0) == 0) return std::stoll(line.substr(4)) >> 10;
  }
  return -1;
}

TEST(Runner, RunnersDoNotCostTheWeightsEach) {
  if (ProportionalMib() < 0) GTEST_SKIP() << "no /proc/self/smaps_rollup";
  ProductOptions options;
  options.weights.resize(size_t{16} << 20, 1.0f);  // 64 MiB
  auto model = Load(ProductModel({ProductStage(options)}));
  options.weights.clear();
  options.weights.shrink_to_fit();
  ASSERT_TRUE(model.ok()) << model.status();
  const int64_t before = ProportionalMib();
  RunnerOptions small;
  small.threads = 1;
  small.local_pattern = sim::LocalPattern::kZero;
  std::vector<std::unique_ptr<Runner>> runners;
  for (int i = 0; i < 8; ++i) {
    auto runner = Runner::Create(*model, small);
    ASSERT_TRUE(runner.ok()) << runner.status();
    auto outputs = (*runner)->Run({Input()});
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    runners.push_back(*std::move(runner));
  }
  // Eight copies would take 512 MiB.
  EXPECT_LT(ProportionalMib() - before, 96);
}

TEST(Runner, RunsAsynchronously) {
  auto runner = MakeRunner(Product());
  ASSERT_TRUE(runner.ok()) << runner.status();
  for (int i = 0; i < 20; ++i) {
    auto pending = (*runner)->RunAsync({Input()});
    ASSERT_TRUE(pending.ok()) << pending.status();
    const auto copy = *pending;
    ASSERT_TRUE(copy.Wait().ok()) << copy.Wait().status();
    EXPECT_TRUE(pending->Done());
    EXPECT_EQ(Values((*pending->Wait())[0]), kExpected);
  }
  EXPECT_FALSE((*runner)->RunAsync(std::vector<Tensor>{}).ok());
}

// Holds a run until it is told to go on.
class Gate : public sim::Observer {
 public:
  absl::Status After(const sim::Program::Step&, sim::Memory&) override {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    return absl::OkStatus();
  }
  void AwaitArrival() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return arrived_; });
  }
  void Open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool arrived_ = false, open_ = false;
};

TEST(Runner, DoesOneRunAtATimeAndItsEndWaits) {
  auto runner = MakeRunner(Product());
  ASSERT_TRUE(runner.ok()) << runner.status();
  Gate gate;
  ASSERT_TRUE((*runner)->set_observer(&gate).ok());
  auto pending = (*runner)->RunAsync({Input()});
  ASSERT_TRUE(pending.ok()) << pending.status();
  gate.AwaitArrival();
  EXPECT_FALSE(pending->Done());
  EXPECT_EQ((*runner)->Run({Input()}).status().code(),
            absl::StatusCode::kAborted);
  EXPECT_EQ((*runner)->RunAsync({Input()}).status().code(),
            absl::StatusCode::kAborted);
  std::thread opener([&gate] { gate.Open(); });
  runner->reset();  // waits
  EXPECT_TRUE(pending->Done());
  EXPECT_EQ(Values((*pending->Wait())[0]), kExpected);
  opener.join();
}

TEST(Runner, RunnersOfOneModelRunInParallel) {
  auto model = Load(TwoStages());
  ASSERT_TRUE(model.ok()) << model.status();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&model, t] {
      RunnerOptions options;
      options.threads = 1 + t % 2;
      auto runner = Runner::Create(*model, options);
      ASSERT_TRUE(runner.ok()) << runner.status();
      for (int i = 0; i < 10; ++i) {
        const float value = static_cast<float>(t * 100 + i);
        auto pending = (*runner)->RunAsync(
            {Tensor(DType::kF32, {2, 2}, std::vector<float>(4, value))});
        ASSERT_TRUE(pending.ok()) << pending.status();
        const Runner::Outputs& outputs = pending->Wait();
        ASSERT_TRUE(outputs.ok()) << outputs.status();
        EXPECT_EQ(Values((*outputs)[0]),
                  (std::vector<float>{value, 2 * value, 3 * value, 4 * value}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tpuc::runtime
