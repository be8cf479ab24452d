// SPDX-License-Identifier: Apache-2.0
// What the tpu dialect means and what the compiled program does are one and the
// same: every tensor of random networks has equal bits in the interpreter of
// the tpu dialect and in the simulator that runs the encoded instructions. And
// in F32 the tpu dialect means what the top dialect does, but for rounding.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/bmodel/bmodel.h"
#include "compiler/conversion/tpu_to_isa/encode.h"
#include "compiler/deploy/compile.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/interpreter/top/interpreter.h"
#include "compiler/interpreter/tpu/interpreter.h"
#include "compiler/isa/codes.h"
#include "compiler/quantization/calibration_table.h"
#include "compiler/support/similarity.h"
#include "gtest/gtest.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "runtime/runtime.h"
#include "tests/operators/random_network.h"

namespace tpuc {
namespace {

constexpr uint32_t kNetworks = 100;

// Number of elements that differ; two NaNs are equal.
int64_t CountDifferences(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.SizeInBytes() != b.SizeInBytes()) return -1;
  if (std::memcmp(a.raw(), b.raw(), a.SizeInBytes()) == 0) return 0;
  if (a.dtype() != DType::kF32) return 1;
  int64_t count = 0;
  for (int64_t i = 0; i < a.NumElements(); ++i) {
    const float x = a.data<float>()[i], y = b.data<float>()[i];
    const bool same = std::memcmp(&x, &y, 4) == 0;
    count += !same && !(std::isnan(x) && std::isnan(y));
  }
  return count;
}

// Little local memory makes many slices, but isn't enough for some operations.
absl::StatusOr<runtime::NamedTensors> RunOnSimulator(mlir::ModuleOp module,
                                                     const TensorMap& inputs,
                                                     uint32_t seed) {
  MemoryOptions options;
  options.separate = seed % 4 == 0;
  if (seed % 2 == 1) options.lane_bytes = 4096;
  absl::Status status = AssignMemory(module, options);
  for (; !status.ok() && options.lane_bytes < isa::kLaneBytes;
       options.lane_bytes *= 2)
    status = AssignMemory(module, options);
  if (!status.ok()) return status;
  auto program = GenerateProgram(module);
  if (!program.ok()) return program.status();
  auto encoded = EncodeProgram(*program, getWeights(module.getContext()));
  if (!encoded.ok()) return encoded.status();
  auto bytes = bmodel::Serialize(*encoded);
  if (!bytes.ok()) return bytes.status();
  runtime::LoadOptions on_simulator;
  on_simulator.device = "simulator";
  auto model = runtime::Model::FromBytes(*bytes, "random", on_simulator);
  if (!model.ok()) return model.status();
  auto runner = runtime::Runner::Create(*model, {});
  if (!runner.ok()) return runner.status();
  status = (*runner)->DumpAllTensors();
  if (!status.ok()) return status;
  if (auto outputs = (*runner)->Run(inputs); !outputs.ok()) {
    return outputs.status();
  }
  return (*runner)->dumped();
}

// Whether rounding leaves a tensor alike: nothing near overflow, as after some
// exponentials.
bool IsTame(const Tensor& tensor) {
  const float* data = tensor.data<float>();
  return std::all_of(data, data + tensor.NumElements(),
                     [](float x) { return std::fabs(x) < 1e6f; });
}

void ExpectAlike(const TensorMap& top, const TensorMap& tpu,
                 const std::string& text) {
  for (const auto& [name, tensor] : top) {
    const auto it = tpu.find(name);
    if (it == tpu.end() || !IsTame(tensor)) continue;
    auto similarity = Compare(tensor, it->second);
    ASSERT_TRUE(similarity.ok()) << similarity.status();
    EXPECT_TRUE(similarity->Within(0.9999, 0.999))
        << "tensor '" << name << "' has cosine " << similarity->cosine
        << " and euclidean " << similarity->euclidean << " in\n"
        << text;
  }
}

// Without the other tensors, on one thread, outputs have the same bits.
void ExpectOutputsAlone(mlir::ModuleOp module, const RandomNetwork& network,
                        const TensorMap& all) {
  interpreter::RunOptions options;
  options.keep_all = false;
  options.threads = 1;
  auto outputs = interpreter::RunTop(module, network.inputs, options);
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  for (const auto& [name, tensor] : *outputs) {
    EXPECT_EQ(CountDifferences(tensor, all.at(name)), 0)
        << "output '" << name << "' of\n"
        << network.text;
  }
}

// The ranges of the given tensors.
quantization::CalibrationTable RangesOf(const TensorMap& tensors) {
  quantization::CalibrationTable table;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.dtype() != DType::kF32) continue;
    const float* data = tensor.data<float>();
    quantization::TensorRange range;
    for (int64_t i = 0; i < tensor.NumElements(); ++i) {
      // Networks of chance overflow here and there.
      const double x = std::isfinite(data[i]) ? data[i] : 0;
      range.min = i == 0 ? x : std::min(range.min, x);
      range.max = i == 0 ? x : std::max(range.max, x);
    }
    range.threshold =
        std::max({std::abs(range.min), std::abs(range.max), 1e-3});
    table.ranges[name] = range;
    if (tensor.rank() == 4) {
      // Of other ranges for each, as good for comparisons.
      for (int64_t c = 0; c < tensor.shape()[1]; ++c) {
        const double part = 1.0 / static_cast<double>(c % 5 + 1);
        table.channels[name].min.push_back(range.min * part);
        table.channels[name].max.push_back(range.max * part);
      }
    }
    table.order.push_back(name);
  }
  return table;
}

void CompareStages(uint32_t seed, const std::string& mode,
                   bool asymmetric = false) {
  SCOPED_TRACE(absl::StrCat("seed ", seed, ", ", mode));
  const RandomNetwork network = MakeRandomNetwork(seed);
  mlir::MLIRContext context;
  LoadDialects(&context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(network.text, &context);
  ASSERT_TRUE(module) << network.text;
  for (const auto& [name, tensor] : network.weights) {
    getWeights(&context).Add(name, tensor);
  }
  auto meant = interpreter::RunTop(*module, network.inputs);
  ASSERT_TRUE(meant.ok()) << meant.status();
  ExpectOutputsAlone(*module, network, *meant);
  LoweringOptions options;
  options.mode = mode;
  options.asymmetric = asymmetric;
  options.calibration = RangesOf(*meant);
  const absl::Status lowered = LowerToTpu(*module, std::move(options));
  ASSERT_TRUE(lowered.ok()) << lowered << "\n" << network.text;
  auto expected = interpreter::RunTpu(*module, network.inputs);
  ASSERT_TRUE(expected.ok()) << expected.status();
  if (mode == "F32") ExpectAlike(*meant, *expected, network.text);
  auto found = RunOnSimulator(*module, network.inputs, seed);
  ASSERT_TRUE(found.ok()) << found.status() << "\n" << network.text;
  int compared = 0;
  for (const auto& [name, tensor] : *found) {
    const auto it = expected->find(name);
    if (it == expected->end()) continue;
    ++compared;
    EXPECT_EQ(CountDifferences(tensor, it->second), 0)
        << "tensor '" << name << "' of\n"
        << network.text;
  }
  EXPECT_GE(compared, 1) << "of " << found->size() << " tensors";
}

class Agreement : public testing::TestWithParam<const char*> {};

TEST_P(Agreement, OfInterpreterAndSimulator) {
  for (uint32_t seed = 0; seed < kNetworks && !HasFailure(); ++seed) {
    CompareStages(seed, GetParam());
  }
}

TEST(Quantized, AgreesInInterpreterAndSimulator) {
  for (uint32_t seed = 0; seed < kNetworks && !HasFailure(); ++seed) {
    CompareStages(seed, "INT8", /*asymmetric=*/seed % 2 == 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Agreement,
                         testing::Values("F32", "F16", "BF16"),
                         [](const auto& info) { return info.param; });

TEST(RandomNetworks, CoverTheOperators) {
  std::set<std::string> operators;
  for (uint32_t seed = 0; seed < kNetworks; ++seed) {
    const RandomNetwork network = MakeRandomNetwork(seed);
    operators.insert(network.operators.begin(), network.operators.end());
  }
  const std::set<std::string> all = {
      "Abs",     "Add",       "AddConst",      "AvgPool",     "Clip",
      "Concat",  "Conv",      "ConvTranspose", "Div",         "Elu",
      "Erf",     "Exp",       "Gelu",          "HardSigmoid", "HardSwish",
      "LRN",     "LayerNorm", "LeakyRelu",     "Log",         "MatMul",
      "Max",     "MaxPool",   "Min",           "Mul",         "MulConst",
      "PRelu",   "Pad",       "Permute",       "Reciprocal",  "Reduce",
      "Relu",    "Reshape",   "Resize",        "Scale",       "SiLU",
      "Sigmoid", "Slice",     "Softmax",       "Softplus",    "Sqrt",
      "Sub",     "Tanh"};
  EXPECT_EQ(operators, all);
}

}  // namespace
}  // namespace tpuc
