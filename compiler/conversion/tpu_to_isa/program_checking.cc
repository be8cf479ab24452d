// SPDX-License-Identifier: Apache-2.0
#include "compiler/conversion/tpu_to_isa/program_checking.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/conversion/tpu_to_isa/program.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/interpreter/tpu/interpreter.h"
#include "compiler/isa/encoding.h"
#include "compiler/numerics/float_format.h"
#include "compiler/target/bm1684x/sync.h"
#include "compiler/transforms/tpu/Passes.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/simulator/simulator.h"

namespace tpuc {
namespace {

// Biases of integer products, or tables that requantise them.
void FillWords(Tensor& tensor, std::mt19937& generator) {
  const bool is_table = tensor.shape().size() == 2 && tensor.shape()[1] == 3;
  int32_t* data = tensor.data<int32_t>();
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    if (!is_table)
      data[i] = static_cast<int32_t>(Pick(generator, -30000, 30000));
    if (is_table && i % 3 == 0)
      data[i] = static_cast<int32_t>(Pick(generator, 1 << 30, INT32_MAX));
    if (is_table && i % 3 == 1)
      data[i] = static_cast<int32_t>(Pick(generator, -43, -36));
    if (is_table && i % 3 == 2)
      data[i] = static_cast<int32_t>(Pick(generator, 0, 99));
  }
}

Tensor RandomTensor(DType dtype, const std::vector<int64_t>& shape,
                    std::mt19937& generator) {
  std::normal_distribution<float> normal;
  Tensor tensor(dtype, shape);
  if (dtype == DType::kI32) {
    FillWords(tensor, generator);
    return tensor;
  }
  if (!numerics::IsFloat(dtype)) {
    std::generate_n(static_cast<uint8_t*>(tensor.raw()), tensor.SizeInBytes(),
                    [&] { return static_cast<uint8_t>(generator() >> 8); });
    return tensor;
  }
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    const float value = normal(generator);
    if (dtype == DType::kF32) tensor.data<float>()[i] = value;
    if (dtype == DType::kF16)
      tensor.data<uint16_t>()[i] = numerics::F32ToF16(value);
    if (dtype == DType::kBF16)
      tensor.data<uint16_t>()[i] = numerics::F32ToBF16(value);
  }
  return tensor;
}

// Compares each tensor with its expected value as soon as it is complete.
class Checker : public sim::Observer {
 public:
  Checker(const Program& program, const TensorMap& expected)
      : program_(program), expected_(expected) {}

  absl::Status After(const sim::Program::Step& step,
                     sim::Memory& memory) override {
    if (step.instruction.engine() != isa::Engine::kGdma)
      return absl::OkStatus();
    for (const ProgramTensor& tensor : program_.tensors)
      if (tensor.complete_after ==
          static_cast<int64_t>(step.instruction.cmd_id()))
        Compare(tensor, memory);
    return absl::OkStatus();
  }

  int compared() const { return compared_; }

 private:
  void Compare(const ProgramTensor& tensor, sim::Memory& memory) {
    const auto it = expected_.find(tensor.name);
    ASSERT_NE(it, expected_.end()) << tensor.name;
    ASSERT_EQ(static_cast<int64_t>(it->second.SizeInBytes()), tensor.bytes);
    const auto found = memory.Range(tensor.address, tensor.bytes);
    ASSERT_TRUE(found.ok()) << found.status();
    ++compared_;
    const auto* want = static_cast<const uint8_t*>(it->second.raw());
    if (std::memcmp(*found, want, tensor.bytes) == 0) return;
    const int64_t esize = SizeOf(tensor.dtype);
    int64_t differ = 0, first = -1;
    for (int64_t i = 0; i < it->second.NumElements(); ++i)
      if (std::memcmp(*found + i * esize, want + i * esize, esize) != 0) {
        ++differ;
        if (first < 0) first = i;
      }
    uint32_t a = 0, b = 0;
    std::memcpy(&a, *found + first * esize, esize);
    std::memcpy(&b, want + first * esize, esize);
    ADD_FAILURE() << tensor.name << ": " << differ << " of "
                  << it->second.NumElements() << " differ, first " << first
                  << ": " << std::hex << a << ", expected " << b;
  }

  const Program& program_;
  const TensorMap& expected_;
  int compared_ = 0;
};

absl::StatusOr<sim::Program> Decode(const Program& program) {
  std::vector<isa::Instruction> tiu, gdma;
  for (const isa::Instruction& i : program.instructions)
    (i.engine() == isa::Engine::kTiu ? tiu : gdma).push_back(i);
  const absl::Status status = bm1684x::CheckSync(tiu, gdma);
  if (!status.ok()) return status;
  tiu.push_back(isa::MakeEnd(isa::Engine::kTiu, tiu.size() + 1));
  gdma.push_back(isa::MakeEnd(isa::Engine::kGdma, gdma.size() + 1));
  auto tiu_bytes = isa::EncodeStream(tiu);
  if (!tiu_bytes.ok()) return tiu_bytes.status();
  auto gdma_bytes = isa::EncodeStream(gdma);
  if (!gdma_bytes.ok()) return gdma_bytes.status();
  return sim::DecodeProgram(*tiu_bytes, *gdma_bytes);
}

// Of a network's inputs and weights, which quantized tensors are made from.
std::string GivenType(const std::string& type) {
  const size_t quantized = type.find("!quant");
  return quantized == std::string::npos
             ? type
             : absl::StrCat(type.substr(0, quantized), "f32");
}

// %name of a quantized type from %name_f32.
std::string Quantized(const std::string& name, const std::string& type) {
  return absl::StrCat("%", name, " = tpu.Quantize %", name, "_f32 : (tensor<",
                      GivenType(type), ">) -> tensor<", type, "> loc(\"", name,
                      "\")\n");
}

// Operations of the largest group.
int LargestGroup(mlir::ModuleOp module) {
  int largest = 0;
  module.walk([&](tpu::GroupOp group) {
    int count = 0;
    for (mlir::Operation& op : group.getBody().front().without_terminator())
      count += !mlir::isa<tpu::LoadOp, tpu::ReshapeOp>(op);
    largest = std::max(largest, count);
  });
  return largest;
}

}  // namespace

void Check(const std::string& input, const std::string& output,
           const std::string& body, int64_t lane_bytes, int* largest) {
  mlir::MLIRContext context;
  context
      .loadDialect<mlir::func::FuncDialect, top::TopDialect, tpu::TpuDialect>();
  const std::string given = GivenType(input);
  const bool quantizes = given != input;
  const std::string name = quantizes ? "x_f32" : "x";
  const std::string text = absl::StrCat(
      "module attributes {module.name = \"net\"} {\n"
      "func.func @main(%arg: tensor<",
      given, ">) -> tensor<", output, "> {\n", "%", name,
      " = top.Input %arg : tensor<", given, "> loc(\"", name, "\")\n",
      quantizes ? Quantized("x", input) : "", body, "\nreturn %y : tensor<",
      output, ">\n}}");
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  ASSERT_TRUE(module) << text;
  std::mt19937 generator(7);
  const auto random = [&](mlir::Value value) {
    return RandomTensor(*top::DTypeOf(top::ElementTypeOf(value)),
                        top::ShapeOf(value).vec(), generator);
  };
  module->walk([&](top::WeightOp weight) {
    ASSERT_EQ(getWeights(&context).Add(getName(weight), random(weight)),
              getName(weight));
  });
  TensorMap inputs;
  module->walk(
      [&](top::InputOp op) { inputs[getName(op)] = random(op.getOutput()); });
  const auto expected = interpreter::RunTpu(*module, inputs);
  ASSERT_TRUE(expected.ok()) << expected.status();

  mlir::PassManager passes(&context);
  tpu::GroupOpsOptions options;
  options.laneBytes = lane_bytes;
  passes.addPass(tpu::createGroupOps(options));
  passes.addPass(tpu::createAssignLocalMemory());
  passes.addPass(tpu::createAssignGlobalMemory());
  ASSERT_TRUE(mlir::succeeded(passes.run(*module)));
  if (largest != nullptr) *largest = LargestGroup(*module);
  auto program = BuildProgram(*module);
  ASSERT_TRUE(program.ok()) << program.status();
  ASSERT_TRUE(bm1684x::AssignSync(absl::MakeSpan(program->instructions)).ok());
  const auto decoded = Decode(*program);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  for (auto interleaving :
       {sim::Interleaving::kTiuFirst, sim::Interleaving::kGdmaFirst}) {
    sim::Options options;
    options.ddr_bytes = uint64_t{1} << 28;
    options.pattern = sim::LocalPattern::kNan;
    options.interleaving = interleaving;
    sim::Simulator simulator(options);
    const auto write = [&](uint64_t address, const Tensor& tensor) {
      auto memory = simulator.memory().Range(address, tensor.SizeInBytes());
      ASSERT_TRUE(memory.ok());
      std::memcpy(*memory, tensor.raw(), tensor.SizeInBytes());
    };
    for (const ProgramCoefficient& c : program->coefficients)
      write(c.address, *getWeights(&context).Find(c.name));
    write(program->inputs[0].address, inputs.begin()->second);
    Checker checker(*program, *expected);
    simulator.set_observer(&checker);
    const absl::Status status = simulator.Run(*decoded);
    ASSERT_TRUE(status.ok()) << status;
    int computed = 0;
    for (const ProgramTensor& tensor : program->tensors)
      computed += tensor.complete_after > 0;
    EXPECT_EQ(checker.compared(), computed);
  }
}

std::string Weight(const std::string& name, const std::string& type) {
  const std::string given = GivenType(type);
  if (given != type)
    return Weight(absl::StrCat(name, "_f32"), given) + Quantized(name, type);
  return absl::StrCat("%", name, " = top.Weight : tensor<", type, "> loc(\"",
                      name, "\")\n");
}

std::string Unary(const std::string& op, const std::string& attributes,
                  const std::string& in, const std::string& out) {
  const std::string properties =
      attributes.empty() ? "" : absl::StrCat(" <{", attributes, "}>");
  return absl::StrCat("%y = \"tpu.", op, "\"(%x)", properties, " : (tensor<",
                      in, ">) -> tensor<", out, "> loc(\"y\")");
}

int64_t Pick(std::mt19937& generator, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(generator() % (high - low + 1));
}

std::string Shape(const std::vector<int64_t>& shape, const std::string& type) {
  return absl::StrCat(absl::StrJoin(shape, "x"), "x", type);
}

std::string List(const char* name, const std::vector<int64_t>& values) {
  return absl::StrCat(name, " = array<i64: ", absl::StrJoin(values, ", "), ">");
}

}  // namespace tpuc
