// SPDX-License-Identifier: Apache-2.0
// Lowering to 8 bits: types from ranges, constants, where conversions stand,
// and what is refused.
#include <cstdlib>
#include <string>

#include "compiler/conversion/top_to_tpu/passes.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/support/file.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

namespace tpuc {
namespace {

constexpr char kNetwork[] = R"(
  func.func @main(%a: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
    %x = top.Input %a : tensor<1x2x4x4xf32> loc("x")
    %w = top.Weight : tensor<2x2x1x1xf32> loc("w")
    %b = top.Weight : tensor<2xf32> loc("b")
    %c = top.Conv %x, %w, %b {kernel_shape = array<i64: 1, 1>,
      strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, do_relu = true}
      : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>)
      -> tensor<1x2x4x4xf32> loc("c")
    %s = top.Add %c, %x : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>)
      -> tensor<1x2x4x4xf32> loc("s")
    %m = top.Softmax %s {axis = 1 : i64} : tensor<1x2x4x4xf32> loc("m")
    %g = top.Sigmoid %m : tensor<1x2x4x4xf32> loc("g")
    func.return %g : tensor<1x2x4x4xf32>
  })";
constexpr char kTable[] =
    "x 1.27 -1 1\nc 2.55 -3 2.55\ns 2.54 -2 3\nm 1 0 1\ng 1 0.5 1\n";

// What kNetwork becomes with the given tables, as text; an error instead.
class Lowered {
 public:
  explicit Lowered(const std::string& table, const std::string& modes = "",
                   bool asymmetric = false, bool quantized_ends = false,
                   const char* network = kNetwork) {
    context_.loadDialect<mlir::func::FuncDialect, top::TopDialect,
                         tpu::TpuDialect, mlir::quant::QuantizationDialect>();
    auto module = mlir::parseSourceString<mlir::ModuleOp>(network, &context_);
    getWeights(&context_).Add(
        "w", Tensor(DType::kF32, {2, 2, 1, 1},
                    std::vector<float>{1.27f, -0.5f, 0.25f, 0.1f}));
    getWeights(&context_).Add(
        "v", Tensor(DType::kF32, {2, 1, 1, 1}, std::vector<float>{0.2f, 5}));
    getWeights(&context_).Add(
        "b", Tensor(DType::kF32, {2}, std::vector<float>{0.1f, 0.2f}));
    mlir::ScopedDiagnosticHandler handler(&context_, [&](mlir::Diagnostic& d) {
      error_ += d.str();
      return llvm::success();
    });
    ConvertTopToTpuOptions options;
    options.mode = "INT8";
    options.asymmetric = asymmetric;
    options.quantInput = options.quantOutput = quantized_ends;
    options.calibrationTable = Write("table.txt", table);
    options.quantizeTable = Write("modes.txt", modes);
    mlir::PassManager passes(&context_);
    passes.addPass(createConvertTopToTpu(options));
    if (failed(passes.run(*module))) return;
    llvm::raw_string_ostream(text_) << *module;
  }

  const std::string& error() const { return error_; }
  bool Has(const std::string& part) const {
    return text_.find(part) != std::string::npos;
  }
  const std::string& text() const { return text_; }
  const Tensor* Find(const std::string& name) {
    return getWeights(&context_).Find(name);
  }

 private:
  // The path of a file with that text; none for an empty one.
  static std::string Write(const std::string& name, const std::string& text) {
    if (text.empty()) return "";
    const std::string path = testing::TempDir() + "/" + name;
    EXPECT_TRUE(WriteFileAtomically(path, text).ok());
    return path;
  }

  mlir::MLIRContext context_;
  std::string error_, text_;
};

TEST(QuantizedLowering, TakesTypesFromTheRanges) {
  Lowered lowered(kTable);
  EXPECT_EQ(lowered.error(), "");
  // The relu makes the convolution's result unsigned: 2.55 / 255.
  EXPECT_TRUE(lowered.Has("tpu.Quantize")) << lowered.text();
  EXPECT_TRUE(
      lowered.Has("-> tensor<1x2x4x4x!quant.uniform<i8:f32, 1.000000e-02>>"))
      << lowered.text();
  EXPECT_TRUE(lowered.Has("!quant.uniform<u8:f32, 0.00999")) << lowered.text();
  // A softmax has no integer form: to f16 and back.
  EXPECT_TRUE(lowered.Has("tpu.Dequantize")) << lowered.text();
  EXPECT_TRUE(lowered.Has("tpu.Lut")) << lowered.text();
  const Tensor* filter = lowered.Find("c_filter_i8");
  ASSERT_NE(filter, nullptr);
  EXPECT_EQ(filter->data<int8_t>()[0], 127);
  EXPECT_EQ(filter->data<int8_t>()[1], -50);
  const Tensor* bias = lowered.Find("c_bias_i32");
  ASSERT_NE(bias, nullptr);
  EXPECT_EQ(bias->data<int32_t>()[0], 1000);  // 0.1 / (0.01 * 0.01)
  const Tensor* table = lowered.Find("g_table");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(static_cast<uint8_t>(table->data<int8_t>()[0]), 128);  // 1/2
}

TEST(QuantizedLowering, HasZeroPointsWhereAskedFor) {
  Lowered lowered(kTable, "", true);
  EXPECT_EQ(lowered.error(), "");
  // [-2, 3]: 5 / 255, -128 + 2 / that.
  EXPECT_TRUE(lowered.Has(":-26>")) << lowered.text();
}

TEST(QuantizedLowering, ComputesNamedOperatorsInTheirMode) {
  Lowered lowered(kTable, "c F16\ng F32\n");
  EXPECT_EQ(lowered.error(), "");
  EXPECT_TRUE(lowered.Has("tpu.Conv2D")) << lowered.text();
  EXPECT_FALSE(lowered.Has("tpu.QuantizedConv2D"));
  EXPECT_FALSE(lowered.Has("tpu.Lut"));
}

TEST(QuantizedLowering, GivesTheNetworkIntegerEnds) {
  Lowered lowered(kTable, "", false, true);
  EXPECT_EQ(lowered.error(), "");
  EXPECT_TRUE(
      lowered.Has("@main(%arg0: tensor<1x2x4x4x!quant.uniform<i8:f32, "
                  "1.000000e-02>>) -> tensor<1x2x4x4x!quant.uniform<"
                  "u8:f32, 0.0039215686274509803>>"))
      << lowered.text();
}

// 2 * relu(x) + 1, and x of [-1, 1] in steps of 1/127.
constexpr char kFunctions[] = R"(
  func.func @main(%a: tensor<1x1x1x4xf32>) -> tensor<1x1x1x4xf32> {
    %x = top.Input %a : tensor<1x1x1x4xf32> loc("x")
    %r = top.Relu %x : tensor<1x1x1x4xf32> loc("r")
    %m = top.MulConst %r {const_val = 2.0 : f64} : tensor<1x1x1x4xf32> loc("m")
    %y = top.AddConst %m {const_val = 1.0 : f64} : tensor<1x1x1x4xf32> loc("y")
    func.return %y : tensor<1x1x1x4xf32>
  })";
constexpr char kFunctionsTable[] = "x 1 -1 1\nr 1 0 1\nm 2 0 2\ny 3 1 3\n";

TEST(QuantizedLowering, MakesOneTableOfFunctionsInARow) {
  Lowered lowered(kFunctionsTable, "", false, false, kFunctions);
  EXPECT_EQ(lowered.error(), "");
  EXPECT_EQ(lowered.Find("r_table"), nullptr);
  EXPECT_EQ(lowered.Find("m_table"), nullptr);
  const Tensor* table = lowered.Find("y_table");
  ASSERT_NE(table, nullptr);
  const auto* bytes = static_cast<const uint8_t*>(table->raw());
  EXPECT_EQ(bytes[127], 255);                      // 2 * 1 + 1 = 3
  EXPECT_EQ(bytes[64], 171);                       // 2 * 64 / 127 + 1 = 2.0079
  EXPECT_EQ(bytes[static_cast<uint8_t>(-5)], 85);  // relu: 1
}

TEST(QuantizedLowering, KeepsFunctionsOfOtherModesApart) {
  Lowered lowered(kFunctionsTable, "m F32\n", false, false, kFunctions);
  EXPECT_EQ(lowered.error(), "");
  EXPECT_NE(lowered.Find("r_table"), nullptr);
  EXPECT_NE(lowered.Find("y_table"), nullptr);
}

// x * sigmoid(2 * its mean)
constexpr char kGate[] = R"(
  func.func @main(%a: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
    %x = top.Input %a : tensor<1x2x4x4xf32> loc("x")
    %p = top.AvgPool %x {kernel_shape = array<i64: 4, 4>,
      pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
      : (tensor<1x2x4x4xf32>) -> tensor<1x2x1x1xf32> loc("p")
    %d = top.MulConst %p {const_val = 2.0 : f64} : tensor<1x2x1x1xf32> loc("d")
    %g = top.Sigmoid %d : tensor<1x2x1x1xf32> loc("g")
    %m = top.Mul %x, %g : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>)
      -> tensor<1x2x4x4xf32> loc("m")
    func.return %m : tensor<1x2x4x4xf32>
  })";
constexpr char kGateTable[] =
    "x 1.27 -1 1\np 1 -1 1\nd 2 -2 2\ng 1 0 1\nm 1 -1 1\n";

TEST(QuantizedLowering, ComputesGatesIn16Bits) {
  Lowered lowered(kGateTable, "", false, false, kGate);
  EXPECT_EQ(lowered.error(), "");
  EXPECT_TRUE(lowered.Has("tpu.QuantizedAvgPool2D")) << lowered.text();
  EXPECT_TRUE(lowered.Has("tpu.QuantizedBinary")) << lowered.text();
  EXPECT_FALSE(lowered.Has("tpu.Lut")) << lowered.text();
  EXPECT_TRUE(lowered.Has("-> tensor<1x2x1x1xf16>")) << lowered.text();
  Lowered other(kGateTable, "d INT8\ng INT8\n", false, false, kGate);
  EXPECT_TRUE(other.Has("tpu.Lut")) << other.text();
  EXPECT_FALSE(other.Has("xf16>")) << other.text();
}

// A convolution, a hard swish, a depthwise convolution.
constexpr char kChannels[] = R"(
  func.func @main(%a: tensor<1x2x4x4xf32>) -> tensor<1x2x6x6xf32> {
    %x = top.Input %a : tensor<1x2x4x4xf32> loc("x")
    %w = top.Weight : tensor<2x2x1x1xf32> loc("w")
    %b = top.Weight : tensor<2xf32> loc("b")
    %c = top.Conv %x, %w, %b {kernel_shape = array<i64: 1, 1>,
      strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>}
      : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>)
      -> tensor<1x2x4x4xf32> loc("c")
    %h = top.HardSwish %c : tensor<1x2x4x4xf32> loc("h")
    %v = top.Weight : tensor<2x1x1x1xf32> loc("v")
    %d = top.Conv %h, %v, %b {kernel_shape = array<i64: 1, 1>, group = 2 : i64,
      strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
      dilations = array<i64: 1, 1>}
      : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>)
      -> tensor<1x2x6x6xf32> loc("d")
    func.return %d : tensor<1x2x6x6xf32>
  })";
constexpr char kChannelsTable[] =
    "x 1.27 -1 1\nc 40 -60 40\n#channels c 2 -60 -1 2 40 2\n"
    "h 40 -0.375 40\n#channels h 2 -0.375 -0.34 2 40 1.7\nd 10 -9 9\n";

// Of tensors whose channels have scales of their own, with a zero point each,
// or one.
constexpr char kIntegers[] = "!quant.uniform<i8:f32, 1.000000e+00>>";
constexpr char kIntegersWithZero[] = "!quant.uniform<i8:f32, 1.000000e+00:-";

TEST(QuantizedLowering, GivesChannelsScalesWhereNothingElseSeesThem) {
  Lowered lowered(kChannelsTable, "", false, false, kChannels);
  EXPECT_EQ(lowered.error(), "");
  EXPECT_TRUE(lowered.Has(kIntegers)) << lowered.text();
  EXPECT_TRUE(lowered.Has(kIntegersWithZero)) << lowered.text();
  // Channel 0 needs [-3, 40], the function being 0 below; channel 1 [-1, 2], or
  // a third more.
  const Tensor* requant = lowered.Find("c_requant");
  ASSERT_NE(requant, nullptr);
  const int32_t* rows = requant->data<int32_t>();
  EXPECT_NEAR(rows[2], -128 + 3 * 255 / 43.0, 4);
  EXPECT_NEAR(rows[5], -128 + 1.3 * 255 / 3.9, 4);
  const Tensor* table = lowered.Find("h_table");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->shape(), (std::vector<int64_t>{2, 256}));
  // The largest number of each channel is its 127, or next to it.
  EXPECT_GE(table->data<int8_t>()[127], 125);
  EXPECT_GE(table->data<int8_t>()[256 + 127], 100);
}

TEST(QuantizedLowering, ChannelsHaveOneScaleForWhatIsNot8Bits) {
  Lowered lowered(kChannelsTable, "h F16\nd F16\n", false, false, kChannels);
  EXPECT_EQ(lowered.error(), "");
  EXPECT_FALSE(lowered.Has(kIntegers)) << lowered.text();
  EXPECT_FALSE(lowered.Has(kIntegersWithZero)) << lowered.text();
  Lowered last(kChannelsTable, "d F16\n", false, false, kChannels);
  EXPECT_TRUE(last.Has(kIntegers)) << last.text();
  EXPECT_FALSE(last.Has(kIntegersWithZero)) << last.text();
}

TEST(QuantizedLowering, NamesATensorThatTheTableLacks) {
  Lowered lowered("x 1 -1 1\nc 1 0 1\nm 1 0 1\ng 1 0 1\n");
  EXPECT_NE(lowered.error().find(
                "'s' has no range in the calibration table table.txt; "
                "calibrate this network, or give operators another mode in a "
                "quantization table"),
            std::string::npos)
      << lowered.error();
}

TEST(QuantizedLowering, RefusesTablesForOtherNetworks) {
  EXPECT_NE(Lowered(kTable, "other F16\n")
                .error()
                .find("the quantization table names 'other', which no operator "
                      "of the network computes"),
            std::string::npos);
  EXPECT_NE(Lowered("").error().find("8-bit tensors need a calibration table"),
            std::string::npos);
  EXPECT_NE(Lowered("x 0 0 0\n").error().find("table.txt:1"),
            std::string::npos);
}

}  // namespace
}  // namespace tpuc
