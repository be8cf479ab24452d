// SPDX-License-Identifier: Apache-2.0
// Products of 8 bits against the sentences that define them (TpuOps.td).
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "compiler/dialect/top/TopOps.h"
#include "compiler/dialect/tpu/TpuOps.h"
#include "compiler/interpreter/tpu/interpreter.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

namespace tpuc::interpreter {
namespace {

using Shape = std::vector<int64_t>;

// The result `y` of an operation of %x, the input, and weights.
Tensor Evaluate(const std::string& body, const Tensor& x,
                const TensorMap& weights) {
  mlir::MLIRContext context;
  context
      .loadDialect<mlir::func::FuncDialect, top::TopDialect, tpu::TpuDialect>();
  for (const auto& [name, tensor] : weights)
    getWeights(&context).Add(name, tensor);
  // Not verified, as inputs of the dialect top have no quantized types.
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      body, mlir::ParserConfig(&context, /*verifyAfterParse=*/false));
  EXPECT_TRUE(module);
  if (!module) return {};
  auto results = RunTpu(*module, {{"x", x}});
  EXPECT_TRUE(results.ok()) << results.status();
  return results.ok() ? results->at("y") : Tensor();
}

std::string Function(const std::string& in, const std::string& out,
                     const std::string& body) {
  return absl::StrCat("func.func @main(%a: tensor<", in, ">) -> tensor<", out,
                      "> {\n%x = top.Input %a : tensor<", in, "> loc(\"x\")\n",
                      body, "\nreturn %y : tensor<", out, ">\n}");
}

Tensor RandomBytes(DType dtype, const Shape& shape, std::mt19937& g) {
  Tensor tensor(dtype, shape);
  std::generate_n(static_cast<uint8_t*>(tensor.raw()), tensor.SizeInBytes(),
                  [&] { return static_cast<uint8_t>(g() >> 8); });
  return tensor;
}

int64_t At(const Tensor& tensor, int64_t i) {
  return tensor.dtype() == DType::kU8 ? int64_t{tensor.data<uint8_t>()[i]}
                                      : int64_t{tensor.data<int8_t>()[i]};
}

// saturate(floor(sum * m / 2^s + 1/2) + zero), in extended precision.
int64_t Requantised(int64_t sum, int32_t m, int shift, int64_t zero,
                    DType type) {
  const __int128 product = static_cast<__int128>(sum) * m;
  const __int128 half = static_cast<__int128>(1) << (shift - 1);
  const auto rounded = static_cast<int64_t>((product + half) >> shift);
  return type == DType::kU8 ? std::clamp<int64_t>(rounded + zero, 0, 255)
                            : std::clamp<int64_t>(rounded + zero, -128, 127);
}

struct Quantized {
  std::string type;
  DType dtype;
  int64_t zero;
};
const Quantized kTypes[] = {
    {"!quant.uniform<u8:f32, 2.0e-02>", DType::kU8, 0},
    {"!quant.uniform<i8:f32, 3.0e-02:-128>", DType::kI8, -128},
    {"!quant.uniform<i8:f32, 5.0e-02:37>", DType::kI8, 37}};

// Biases and a requant table for a result.
struct Scaling {
  Tensor bias, table;

  Scaling(int64_t channels, int64_t zero, std::mt19937& g)
      : bias(DType::kI32, {channels}), table(DType::kI32, {channels, 3}) {
    for (int64_t c = 0; c < channels; ++c) {
      bias.data<int32_t>()[c] = static_cast<int32_t>(g() % 20001) - 10000;
      int32_t* row = table.data<int32_t>() + 3 * c;
      row[0] = static_cast<int32_t>((1u << 30) + g() % (1u << 30));
      row[1] = -40;
      row[2] = static_cast<int32_t>(zero);
    }
  }
  int64_t operator()(int64_t sum, int64_t c, DType type) const {
    const int32_t* row = table.data<int32_t>() + 3 * c;
    return Requantised(sum + bias.data<int32_t>()[c], row[0], -row[1], row[2],
                       type);
  }
};

constexpr char kWeights[] = R"(
  %w = top.Weight : tensor<$0> loc("w")
  %b = top.Weight : tensor<$1xi32> loc("b")
  %r = top.Weight : tensor<$1x3xi32> loc("r")
)";

// 2x12x7x9, windows of 3x2 with strides 2, 1, pads 1, 0, 2, 1 (top, left,
// bottom, right), dilations 1, 2.
void CheckConvolution(int64_t group, int64_t oc, bool depthwise,
                      const Quantized& from, const Quantized& to) {
  std::mt19937 g(5);
  const int64_t n = 2, ic = 12, h = 7, w = 9, oh = 4, ow = 8;
  const int64_t depth = ic / group;
  const Tensor x = RandomBytes(from.dtype, {n, ic, h, w}, g);
  const Tensor filter = RandomBytes(DType::kI8, {oc, depth, 3, 2}, g);
  const Scaling scaling(oc, to.zero, g);
  const std::string in = absl::StrCat("2x12x7x9x", from.type);
  const std::string out = absl::StrCat("2x", oc, "x4x8x", to.type);
  const std::string f = absl::StrCat(oc, "x", depth, "x3x2xi8");
  const Tensor y = Evaluate(
      Function(
          in, out,
          absl::Substitute(kWeights, f, oc) +
              absl::StrCat(
                  "%y = \"tpu.QuantizedConv2D\"(%x, %w, %b, %r) <{strides = "
                  "array<i64: 2, 1>, pads = array<i64: 1, 0, 2, 1>, dilations "
                  "= array<i64: 1, 2>, group = ",
                  group, " : i64, form = ", depthwise ? 1 : 0,
                  " : i32}> : (tensor<", in, ">, tensor<", f, ">, tensor<", oc,
                  "xi32>, tensor<", oc, "x3xi32>) -> tensor<", out,
                  "> loc(\"y\")")),
      x, {{"w", filter}, {"b", scaling.bias}, {"r", scaling.table}});
  ASSERT_EQ(y.shape(), (Shape{n, oc, oh, ow}));
  for (int64_t i = 0; i < y.NumElements(); ++i) {
    const int64_t ox = i % ow, oy = i / ow % oh, o = i / ow / oh % oc;
    const int64_t image = i / ow / oh / oc, first = o / (oc / group) * depth;
    int64_t sum = 0;
    for (int64_t k = 0; k < depth * 6; ++k) {
      const int64_t c = first + k / 6, iy = 2 * oy - 1 + k / 2 % 3;
      const int64_t ix = ox + k % 2 * 2;
      const bool is_pad = iy < 0 || iy >= h || ix >= w;
      sum += At(filter, o * depth * 6 + k) *
             (is_pad ? from.zero : At(x, ((image * ic + c) * h + iy) * w + ix));
    }
    ASSERT_EQ(At(y, i), scaling(sum, o, to.dtype)) << i;
  }
}

TEST(QuantizedProducts, Convolutions) {
  for (const Quantized& from : kTypes)
    for (const Quantized& to : kTypes) {
      CheckConvolution(1, 5, false, from, to);
      CheckConvolution(3, 6, false, from, to);
      CheckConvolution(12, 12, true, from, to);
    }
}

TEST(QuantizedProducts, MatMuls) {
  std::mt19937 g(6);
  const int64_t m = 3, k = 150, n = 7;
  const Quantized &from = kTypes[2], &to = kTypes[1];
  const Tensor x = RandomBytes(from.dtype, {m, k}, g);
  const Tensor right = RandomBytes(DType::kI8, {k, n}, g);
  const Scaling scaling(n, to.zero, g);
  const std::string in = absl::StrCat("3x150x", from.type);
  const std::string out = absl::StrCat("3x7x", to.type);
  const Tensor y = Evaluate(
      Function(in, out,
               absl::Substitute(kWeights, "150x7xi8", n) +
                   absl::StrCat("%y = \"tpu.QuantizedMatMul\"(%x, %w, %b, %r) "
                                ": (tensor<",
                                in,
                                ">, tensor<150x7xi8>, tensor<7xi32>, "
                                "tensor<7x3xi32>) -> tensor<",
                                out, "> loc(\"y\")")),
      x, {{"w", right}, {"b", scaling.bias}, {"r", scaling.table}});
  ASSERT_EQ(y.shape(), (Shape{m, n}));
  for (int64_t i = 0; i < m * n; ++i) {
    int64_t sum = 0;
    for (int64_t j = 0; j < k; ++j)
      sum += At(x, i / n * k + j) * At(right, j * n + i % n);
    EXPECT_EQ(At(y, i), scaling(sum, i % n, to.dtype)) << i;
  }
}

// Windows of 3x2 of [1, 5, 6, 7], stride 2, a pad above.
Tensor Pool(const std::string& op, const std::string& attributes,
            const Tensor& x, const Quantized& from, const Quantized& to) {
  const std::string in = absl::StrCat("1x5x6x7x", from.type);
  const std::string out = absl::StrCat("1x5x3x3x", to.type);
  return Evaluate(
      Function(in, out,
               absl::StrCat("%y = \"tpu.", op,
                            "\"(%x) <{kernel_shape = array<i64: 3, 2>, strides "
                            "= array<i64: 2, 2>, pads = array<i64: 1, 0, 0, "
                            "0>, ",
                            attributes, "}> : (tensor<", in, ">) -> tensor<",
                            out, "> loc(\"y\")")),
      x, {});
}

TEST(QuantizedProducts, Pools) {
  std::mt19937 g(7);
  for (const Quantized& from : kTypes)
    for (const Quantized& to : kTypes) {
      const Tensor x = RandomBytes(from.dtype, {1, 5, 6, 7}, g);
      const Tensor average =
          Pool("QuantizedAvgPool2D",
               "multiplier = 1000000007 : i64, shift = -32 : i64", x, from, to);
      const Tensor most = Pool("Pool2D", "kind = 0 : i32", x, from, from);
      for (int64_t i = 0; i < 45; ++i) {
        int64_t sum = 0, best = -1000;
        for (int64_t tap = 0; tap < 6; ++tap) {
          const int64_t y = i / 3 % 3 * 2 - 1 + tap / 2;
          if (y < 0) continue;
          const int64_t value =
              At(x, (i / 9 * 6 + y) * 7 + i % 3 * 2 + tap % 2);
          sum += value - from.zero;
          best = std::max(best, value);
        }
        ASSERT_EQ(At(average, i),
                  Requantised(sum, 1000000007, 32, to.zero, to.dtype));
        ASSERT_EQ(At(most, i), best);
      }
    }
}

// Sums wrap in 32 bits.
TEST(QuantizedProducts, SumsWrap) {
  const Quantized& type = kTypes[2];
  const std::string one = absl::StrCat("1x1x", type.type);
  const Tensor x(DType::kI8, {1, 1}, std::vector<int8_t>{1});
  const TensorMap weights = {
      {"w", Tensor(DType::kI8, {1, 1}, std::vector<int8_t>{1})},
      {"b", Tensor(DType::kI32, {1}, std::vector<int32_t>{INT32_MAX})},
      {"r", Tensor(DType::kI32, {1, 3}, std::vector<int32_t>{1, -26, 37})}};
  const Tensor y = Evaluate(
      Function(one, one,
               absl::Substitute(kWeights, "1x1xi8", 1) +
                   absl::StrCat("%y = \"tpu.QuantizedMatMul\"(%x, %w, %b, %r) "
                                ": (tensor<",
                                one,
                                ">, tensor<1x1xi8>, tensor<1xi32>, "
                                "tensor<1x3xi32>) -> tensor<",
                                one, "> loc(\"y\")")),
      x, weights);
  EXPECT_EQ(At(y, 0), 37 - 32);
}

}  // namespace
}  // namespace tpuc::interpreter
