// SPDX-License-Identifier: Apache-2.0
// The arithmetic of 8-bit operations against integers of any size.
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/interpreter/tpu/network_running.h"
#include "compiler/numerics/float_format.h"
#include "gtest/gtest.h"

namespace tpuc::interpreter {
namespace {

// !quant.uniform<i8:f32, 1:zero>, in which f32 numbers are stored as
// themselves, plus `zero`.
std::string Signed(int zero) {
  return absl::StrCat("!quant.uniform<i8:f32, 1.0:", zero, ">");
}
constexpr char kUnsigned[] = "!quant.uniform<u8:f32, 1.0>";

int64_t Limit(int64_t value, int64_t low, int64_t high) {
  return std::min(std::max(value, low), high);
}
int64_t Saturated(int64_t value, bool is_signed) {
  return is_signed ? Limit(value, -128, 127) : Limit(value, 0, 255);
}

// a * m shifted by s, halves rounded up, plus Z, saturated.
int64_t Requant(int64_t a, int64_t m, int64_t s, int64_t zero, bool is_signed) {
  const int64_t product = a * m;
  const int64_t shifted =
      s < 0 ? (product + (int64_t{1} << (-s - 1))) >> -s : product << s;
  return Saturated(shifted + zero, is_signed);
}

Tensor Numbers(const std::vector<int64_t>& shape,
               const std::vector<float>& values) {
  Tensor tensor(DType::kF32, shape);
  std::copy(values.begin(), values.end(), tensor.data<float>());
  return tensor;
}

// Every value of 8 bits as the number q - zero.
std::vector<float> AllNumbers(bool is_signed, int zero) {
  std::vector<float> numbers;
  for (int i = 0; i < 256; ++i)
    numbers.push_back(static_cast<float>(i - (is_signed ? 128 : 0) - zero));
  return numbers;
}

int64_t Element(const Tensor& tensor, int64_t i) {
  return tensor.dtype() == DType::kI8 ? int64_t{tensor.data<int8_t>()[i]}
                                      : int64_t{tensor.data<uint8_t>()[i]};
}

// %q is %x, f32 of `shape`, quantized; `body` makes %y of it.
Tensor OfQuantized(const std::string& shape, const std::string& type,
                   const std::string& result, const std::string& body,
                   const Tensor& x, const TensorMap& weights = {}) {
  const std::string q = absl::StrCat("tensor<", shape, "x", type, ">");
  Network network(absl::StrCat(
      "func.func @main(%a: tensor<", shape, "xf32>) -> tensor<", result,
      "> {\n%x = top.Input %a : tensor<", shape,
      "xf32> loc(\"x\")\n%q = tpu.Quantize %x : (tensor<", shape, "xf32>) -> ",
      q, " loc(\"q\")\n", body, " -> tensor<", result,
      "> loc(\"y\")\nfunc.return %y : tensor<", result, ">\n}"));
  for (const auto& [name, weight] : weights) network.AddWeight(name, weight);
  return network.Result({{"x", x}});
}

TEST(QuantizedElementwise, QuantizeRoundsHalvesAwayFromZeroAndSaturates) {
  const std::vector<float> x = {
      0.49f,    0.5f,      -0.5f, 2.5f,   -2.5f,  200.0f, 1e30f,  -1e30f,
      INFINITY, -INFINITY, NAN,   -90.7f, -91.4f, 164.6f, 1e-40f, -0.0f};
  const Tensor input = Numbers({16}, x);
  for (const int zero : {0, -37, 127}) {
    const Tensor y = [&] {
      Network network(absl::StrCat(
          "func.func @main(%a: tensor<16xf32>) -> tensor<16x", Signed(zero),
          "> {\n%x = top.Input %a : tensor<16xf32> loc(\"x\")\n%y = "
          "tpu.Quantize %x : (tensor<16xf32>) -> tensor<16x",
          Signed(zero), "> loc(\"y\")\nfunc.return %y : tensor<16x",
          Signed(zero), ">\n}"));
      return network.Result({{"x", input}});
    }();
    for (int i = 0; i < 16; ++i) {
      const double number = std::isnan(x[i]) ? 0.0 : std::round(double{x[i]});
      const auto rounded =
          static_cast<int64_t>(std::min(std::max(number, -1e9), 1e9));
      EXPECT_EQ(Element(y, i), Saturated(rounded + zero, true)) << x[i];
    }
  }
}

TEST(QuantizedElementwise, QuantizeMultipliesWithTheRoundedReciprocal) {
  Network network(R"(
    func.func @main(%a: tensor<5000xf16>) -> tensor<5000x!quant.uniform<u8:f32, 0.0371>> {
      %x = top.Input %a : tensor<5000xf16> loc("x")
      %y = tpu.Quantize %x : (tensor<5000xf16>) -> tensor<5000x!quant.uniform<u8:f32, 0.0371>> loc("y")
      func.return %y : tensor<5000x!quant.uniform<u8:f32, 0.0371>>
    })");
  Tensor x(DType::kF16, {5000});
  for (int i = 0; i < 5000; ++i)
    x.data<uint16_t>()[i] =
        numerics::F32ToF16(static_cast<float>(i - 1000) * 0.0030517f);
  const Tensor y = network.Result({{"x", x}});
  const auto scale = static_cast<float>(1.0 / 0.0371);
  for (int i = 0; i < 5000; ++i) {
    const float product = numerics::F16ToF32(x.data<uint16_t>()[i]) * scale;
    EXPECT_EQ(Element(y, i),
              Saturated(static_cast<int64_t>(std::round(product)), false));
  }
}

TEST(QuantizedElementwise, DequantizeRoundsOnce) {
  const std::string type = "!quant.uniform<i8:f32, 0.0371:-5>";
  std::vector<float> x;
  for (int q = -128; q < 128; ++q)
    x.push_back(static_cast<float>(0.0371 * (q + 5)));
  for (const std::string result : {"f32", "f16", "bf16"}) {
    const Tensor y =
        OfQuantized("256", type, "256x" + result,
                    "%y = tpu.Dequantize %q : (tensor<256x" + type + ">)",
                    Numbers({256}, x));
    for (int i = 0; i < 256; ++i) {
      const float number =
          static_cast<float>(i - 128 + 5) * static_cast<float>(0.0371);
      if (result == "f32")
        EXPECT_EQ(y.data<float>()[i], number);
      else
        EXPECT_EQ(y.data<uint16_t>()[i], result == "f16"
                                             ? numerics::F32ToF16(number)
                                             : numerics::F32ToBF16(number));
    }
  }
}

TEST(QuantizedElementwise, RequantOfAllValues) {
  const struct {
    int64_t multiplier, shift;
  } scalings[] = {{1385125637, -30}, {3, -1}, {-7, -3}, {1, 1}, {77, -63}};
  for (const bool from_signed : {true, false})
    for (const bool to_signed : {true, false})
      for (const auto& [multiplier, shift] : scalings) {
        const int from_zero = from_signed ? -37 : 0;
        const int to_zero = to_signed ? 11 : 0;
        const std::string from = from_signed ? Signed(from_zero) : kUnsigned;
        const std::string to = to_signed ? Signed(to_zero) : kUnsigned;
        const Tensor y = OfQuantized(
            "256", from, "256x" + to,
            absl::StrCat("%y = tpu.Requant %q {multiplier = ", multiplier,
                         " : i64, shift = ", shift, " : i64} : (tensor<256x",
                         from, ">)"),
            Numbers({256}, AllNumbers(from_signed, from_zero)));
        for (int i = 0; i < 256; ++i) {
          const int64_t q = i - (from_signed ? 128 : 0);
          EXPECT_EQ(Element(y, i), Requant(q - from_zero, multiplier, shift,
                                           to_zero, to_signed))
              << q << " " << multiplier << " " << shift;
        }
      }
}

TEST(QuantizedElementwise, LutIsIndexedByTheByte) {
  Tensor table(DType::kI8, {256});
  for (int i = 0; i < 256; ++i)
    table.data<int8_t>()[i] = static_cast<int8_t>(i * 77 + 5);
  for (const bool is_signed : {true, false}) {
    const std::string type = is_signed ? Signed(0) : kUnsigned;
    const Tensor y = OfQuantized(
        "256", type, "256x" + Signed(3),
        "%t = top.Weight : tensor<256xi8> loc(\"t\")\n%y = tpu.Lut %q, %t : "
        "(tensor<256x" +
            type + ">, tensor<256xi8>)",
        Numbers({256}, AllNumbers(is_signed, 0)), {{"t", table}});
    for (int i = 0; i < 256; ++i) {
      const int byte = is_signed ? (i + 128) % 256 : i;
      EXPECT_EQ(Element(y, i), table.data<int8_t>()[byte]);
    }
  }
}

TEST(QuantizedElementwise, LutOfEachChannel) {
  Tensor table(DType::kI8, {2, 256});
  for (int i = 0; i < 512; ++i)
    table.data<int8_t>()[i] = static_cast<int8_t>(i * 77 + i / 256 * 3);
  const std::string type = Signed(0);
  // [2, 2, 64, 2]: each channel of each image has half of the values.
  const Tensor y = OfQuantized(
      "2x2x64x2", type, "2x2x64x2x" + Signed(3),
      "%t = top.Weight : tensor<2x256xi8> loc(\"t\")\n%y = tpu.Lut %q, %t : "
      "(tensor<2x2x64x2x" +
          type + ">, tensor<2x256xi8>)",
      Numbers({2, 2, 64, 2},
              [] {
                std::vector<float> numbers = AllNumbers(true, 0);
                const std::vector<float> once = numbers;
                numbers.insert(numbers.end(), once.begin(), once.end());
                return numbers;
              }()),
      {{"t", table}});
  for (int i = 0; i < 512; ++i) {
    const int channel = i / 128 % 2, byte = (i + 128) % 256;
    EXPECT_EQ(Element(y, i), table.data<int8_t>()[channel * 256 + byte]) << i;
  }
}

// Each value with each: %q is a column, %w a row of constants.
TEST(QuantizedElementwise, BinariesOfAllPairs) {
  Tensor row(DType::kI8, {256});
  for (int i = 0; i < 256; ++i)
    row.data<int8_t>()[i] = static_cast<int8_t>(i - 128);
  const int zero = -37;
  const auto run = [&](const std::string& attributes, const std::string& to) {
    return OfQuantized(
        "256x1", Signed(zero), "256x256x" + to,
        absl::StrCat("%w = top.Weight : tensor<256xi8> loc(\"w\")\n%y = "
                     "tpu.QuantizedBinary %q, %w {",
                     attributes, "} : (tensor<256x1x", Signed(zero),
                     ">, tensor<256xi8>)"),
        Numbers({256, 1}, AllNumbers(true, zero)), {{"w", row}});
  };
  for (const bool is_signed : {true, false}) {
    const int to_zero = is_signed ? 20 : 0;
    const std::string to = is_signed ? Signed(to_zero) : kUnsigned;
    const Tensor sum =
        run("kind = 0 : i32, multipliers = array<i64: 32767, -9205>, "
            "shift = -15 : i64",
            to);
    const Tensor product = run(
        "kind = 1 : i32, multipliers = array<i64: 1385125637>, shift = -37 : "
        "i64",
        to);
    for (int i = 0; i < 256; ++i)
      for (int j = 0; j < 256; ++j) {
        const int64_t a = i - 128 - zero, b = j - 128, at = i * 256 + j;
        ASSERT_EQ(Element(sum, at),
                  Requant(32767 * a - 9205 * b, 1, -15, to_zero, is_signed));
        ASSERT_EQ(Element(product, at),
                  Requant(a * b, 1385125637, -37, to_zero, is_signed));
      }
  }
}

}  // namespace
}  // namespace tpuc::interpreter
