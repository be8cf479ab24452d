// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/tpu/interpreter.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "compiler/interpreter/tpu/network_running.h"
#include "compiler/numerics/float_format.h"
#include "gtest/gtest.h"

namespace tpuc::interpreter {
namespace {

using Floats = std::vector<float>;

// Numbers with many significant bits, between -2 and 2.
Tensor Noise(std::vector<int64_t> shape, uint32_t seed) {
  Tensor tensor(DType::kF32, std::move(shape));
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    seed = seed * 1664525u + 1013904223u;
    tensor.data<float>()[i] =
        static_cast<float>(static_cast<int32_t>(seed)) / (1u << 30);
  }
  return tensor;
}

Tensor ToF16(const Tensor& from) {
  Tensor tensor(DType::kF16, from.shape());
  for (int64_t i = 0; i < from.NumElements(); ++i)
    tensor.data<uint16_t>()[i] = numerics::F32ToF16(from.data<float>()[i]);
  return tensor;
}

void ExpectSameBits(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.dtype(), b.dtype());
  ASSERT_EQ(a.SizeInBytes(), b.SizeInBytes());
  EXPECT_EQ(std::memcmp(a.raw(), b.raw(), a.SizeInBytes()), 0);
}

// The two alternating accumulators of f32 CONV and PorD.
class TwoAccumulators {
 public:
  void Add(float term) { sum_[count_++ % 2] += term; }
  float Sum() const { return sum_[0] + sum_[1]; }

 private:
  float sum_[2] = {0, 0};
  int count_ = 0;
};

TEST(TpuInterpreter, ConvolutionInF32SumsInTheChipsOrder) {
  Network network(R"(
    func.func @main(%a: tensor<1x3x4x5xf32>) -> tensor<1x2x4x5xf32> {
      %x = top.Input %a : tensor<1x3x4x5xf32> loc("x")
      %w = top.Weight : tensor<2x3x3x3xf32> loc("w")
      %b = top.Weight : tensor<2xf32> loc("b")
      %y = tpu.Conv2D %x, %w, %b {strides = array<i64: 1, 1>,
        pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} :
        (tensor<1x3x4x5xf32>, tensor<2x3x3x3xf32>, tensor<2xf32>)
        -> tensor<1x2x4x5xf32> loc("y")
      func.return %y : tensor<1x2x4x5xf32>
    })");
  const Tensor x = Noise({1, 3, 4, 5}, 1), w = Noise({2, 3, 3, 3}, 2);
  const Tensor b = Noise({2}, 3);
  network.AddWeight("w", w);
  network.AddWeight("b", b);
  Tensor expected(DType::kF32, {1, 2, 4, 5});
  float* out = expected.data<float>();
  for (int oc = 0; oc < 2; ++oc) {
    for (int h = 0; h < 4; ++h) {
      for (int v = 0; v < 5; ++v) {
        TwoAccumulators sum;
        sum.Add(b.data<float>()[oc]);
        for (int t = 0; t < 27; ++t) {
          const int ic = t / 9, ih = h + t / 3 % 3 - 1, iw = v + t % 3 - 1;
          const bool inside = ih >= 0 && ih < 4 && iw >= 0 && iw < 5;
          sum.Add((inside ? x.data<float>()[(ic * 4 + ih) * 5 + iw] : 0.0f) *
                  w.data<float>()[oc * 27 + t]);
        }
        *out++ = sum.Sum();
      }
    }
  }
  ExpectSameBits(network.Result({{"x", x}}), expected);
  ExpectSameBits(network.Result({{"x", x}}, /*threads=*/1), expected);
}

// Each group by itself, on slices.
TEST(TpuInterpreter, GroupsOfAConvolutionAreConvolutions) {
  const std::string window =
      "strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, "
      "dilations = array<i64: 1, 1>";
  Network network(R"(
    func.func @main(%a: tensor<2x6x4x5xf32>) -> tensor<2x4x4x5xf32> {
      %x = top.Input %a : tensor<2x6x4x5xf32> loc("x")
      %w = top.Weight : tensor<4x3x3x3xf32> loc("w")
      %b = top.Weight : tensor<4xf32> loc("b")
      %y = tpu.Conv2D %x, %w, %b {group = 2 : i64, )" +
                  window + R"(} :
        (tensor<2x6x4x5xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>)
        -> tensor<2x4x4x5xf32> loc("y")
      %x0 = tpu.Slice %x {starts = array<i64: 0, 0, 0, 0>,
        steps = array<i64: 1, 1, 1, 1>} :
        (tensor<2x6x4x5xf32>) -> tensor<2x3x4x5xf32> loc("x0")
      %x1 = tpu.Slice %x {starts = array<i64: 0, 3, 0, 0>,
        steps = array<i64: 1, 1, 1, 1>} :
        (tensor<2x6x4x5xf32>) -> tensor<2x3x4x5xf32> loc("x1")
      %w0 = top.Weight : tensor<2x3x3x3xf32> loc("w0")
      %w1 = top.Weight : tensor<2x3x3x3xf32> loc("w1")
      %b0 = top.Weight : tensor<2xf32> loc("b0")
      %b1 = top.Weight : tensor<2xf32> loc("b1")
      %y0 = tpu.Conv2D %x0, %w0, %b0 {)" +
                  window + R"(} :
        (tensor<2x3x4x5xf32>, tensor<2x3x3x3xf32>, tensor<2xf32>)
        -> tensor<2x2x4x5xf32> loc("y0")
      %y1 = tpu.Conv2D %x1, %w1, %b1 {)" +
                  window + R"(} :
        (tensor<2x3x4x5xf32>, tensor<2x3x3x3xf32>, tensor<2xf32>)
        -> tensor<2x2x4x5xf32> loc("y1")
      %z = tpu.Concat %y0, %y1 {axis = 1 : i64} :
        (tensor<2x2x4x5xf32>, tensor<2x2x4x5xf32>)
        -> tensor<2x4x4x5xf32> loc("z")
      %i = tpu.Conv2D %x, %w, %b {group = 2 : i64, interleave = true, )" +
                  window + R"(} :
        (tensor<2x6x4x5xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>)
        -> tensor<2x4x4x5xf32> loc("i")
      %r = tpu.Reshape %z : (tensor<2x4x4x5xf32>) ->
        tensor<2x2x2x20xf32> loc("r")
      %t = tpu.Permute %r {order = array<i64: 0, 2, 1, 3>} :
        (tensor<2x2x2x20xf32>) -> tensor<2x2x2x20xf32> loc("t")
      func.return %y : tensor<2x4x4x5xf32>
    })");
  const Tensor w = Noise({4, 3, 3, 3}, 2), b = Noise({4}, 3);
  network.AddWeight("w", w);
  network.AddWeight("b", b);
  const auto half = [](const Tensor& all, int which) {
    std::vector<int64_t> shape = all.shape();
    shape[0] /= 2;
    const int64_t count = all.NumElements() / 2;
    const float* from = all.data<float>() + which * count;
    return Tensor(DType::kF32, shape, Floats(from, from + count));
  };
  for (int i = 0; i < 2; ++i) {
    network.AddWeight("w" + std::to_string(i), half(w, i));
    network.AddWeight("b" + std::to_string(i), half(b, i));
  }
  auto results = network.Run({{"x", Noise({2, 6, 4, 5}, 1)}});
  ASSERT_TRUE(results.ok()) << results.status();
  ExpectSameBits(results->at("y"), results->at("z"));
  ExpectSameBits(results->at("i"), results->at("t"));
}

std::string MatMulText(const std::string& cuts) {
  return R"(
    func.func @main(%a: tensor<3x100xf16>) -> tensor<3x7xf16> {
      %x = top.Input %a : tensor<3x100xf16> loc("x")
      %w = top.Weight : tensor<100x7xf16> loc("w")
      %b = top.Weight : tensor<7xf32> loc("b")
      %y = tpu.MatMul %x, %w, %b {do_relu = true, relu_limit = 6.0 : f64)" +
         cuts + R"(} :
        (tensor<3x100xf16>, tensor<100x7xf16>, tensor<7xf32>)
        -> tensor<3x7xf16> loc("y")
      func.return %y : tensor<3x7xf16>
    })";
}

TEST(TpuInterpreter, CutsOfASumInF16ChangeNothing) {
  const Tensor x = ToF16(Noise({3, 100}, 1)), w = ToF16(Noise({100, 7}, 2));
  const Tensor b = Noise({7}, 3);
  std::vector<Tensor> results;
  for (const char* cuts :
       {"", ", ic_cuts = array<i64: 32>", ", ic_cuts = array<i64: 32, 96>"}) {
    Network network(MatMulText(cuts));
    network.AddWeight("w", w);
    network.AddWeight("b", b);
    results.push_back(network.Result({{"x", x}}));
  }
  ExpectSameBits(results[0], results[1]);
  ExpectSameBits(results[0], results[2]);
  // Against sums in double: within two roundings to f16, clamped to [0, 6].
  for (int m = 0; m < 3; ++m) {
    for (int n = 0; n < 7; ++n) {
      double sum = b.data<float>()[n];
      for (int k = 0; k < 100; ++k) {
        sum += double{numerics::F16ToF32(x.data<uint16_t>()[m * 100 + k])} *
               numerics::F16ToF32(w.data<uint16_t>()[k * 7 + n]);
      }
      const double value =
          numerics::F16ToF32(results[0].data<uint16_t>()[m * 7 + n]);
      EXPECT_NEAR(value, std::min(std::max(sum, 0.0), 6.0), 0.01);
    }
  }
}

TEST(TpuInterpreter, ReduceSumsEachChunkWithTwoAccumulators) {
  Network network(R"(
    func.func @main(%a: tensor<3x10x2xf32>) -> tensor<3x3x2xf32> {
      %x = top.Input %a : tensor<3x10x2xf32> loc("x")
      %y = tpu.Reduce %x {chunk = 4 : i64, kind = 1 : i32, scale = 0.1 : f64} :
        (tensor<3x10x2xf32>) -> tensor<3x3x2xf32> loc("y")
      func.return %y : tensor<3x3x2xf32>
    })");
  const Tensor x = Noise({3, 10, 2}, 5);
  Tensor expected(DType::kF32, {3, 3, 2});
  for (int o = 0; o < 3; ++o) {
    for (int part = 0; part < 3; ++part) {
      for (int i = 0; i < 2; ++i) {
        TwoAccumulators sum;
        for (int l = part * 4; l < std::min(part * 4 + 4, 10); ++l)
          sum.Add(x.data<float>()[(o * 10 + l) * 2 + i] * 0.1f);
        expected.data<float>()[(o * 3 + part) * 2 + i] = sum.Sum();
      }
    }
  }
  ExpectSameBits(network.Result({{"x", x}}), expected);
}

TEST(TpuInterpreter, BinaryBroadcastsBothOperands) {
  Network network(R"(
    func.func @main(%a: tensor<2x3x1x5xf32>, %b: tensor<3x4x1xf32>)
        -> tensor<2x3x4x5xf32> {
      %p = top.Input %a : tensor<2x3x1x5xf32> loc("p")
      %q = top.Input %b : tensor<3x4x1xf32> loc("q")
      %y = tpu.Binary %p, %q {kind = 1 : i32, do_relu = true} :
        (tensor<2x3x1x5xf32>, tensor<3x4x1xf32>) -> tensor<2x3x4x5xf32>
        loc("y")
      func.return %y : tensor<2x3x4x5xf32>
    })");
  const Tensor p = Noise({2, 3, 1, 5}, 7), q = Noise({3, 4, 1}, 8);
  const Tensor y = network.Result({{"p", p}, {"q", q}});
  for (int i = 0; i < 120; ++i) {
    const int n = i / 60, c = i / 20 % 3, h = i / 5 % 4, w = i % 5;
    const float expected =
        p.data<float>()[(n * 3 + c) * 5 + w] - q.data<float>()[c * 4 + h];
    EXPECT_EQ(y.data<float>()[i], std::max(expected, 0.0f));
  }
}

TEST(TpuInterpreter, ExpFollowsTheRecipe) {
  Network network(R"(
    func.func @main(%a: tensor<2005xf32>) -> tensor<2005xf32> {
      %x = top.Input %a : tensor<2005xf32> loc("x")
      %y = tpu.Exp %x : (tensor<2005xf32>) -> tensor<2005xf32> loc("y")
      func.return %y : tensor<2005xf32>
    })");
  Tensor x(DType::kF32, {2005});
  for (int i = 0; i < 2001; ++i)
    x.data<float>()[i] = static_cast<float>(i - 1000) * 0.085f;
  x.data<float>()[2001] = -200.0f;
  x.data<float>()[2002] = -INFINITY;
  x.data<float>()[2003] = -2.1126678e12f;
  x.data<float>()[2004] = INFINITY;
  const Tensor y = network.Result({{"x", x}});
  for (int i = 0; i < 2001; ++i) {
    const double expected = std::exp(double{x.data<float>()[i]});
    EXPECT_NEAR(y.data<float>()[i] / expected, 1.0, 1e-5) << x.data<float>()[i];
  }
  EXPECT_EQ(y.data<float>()[1000], 1.0f);
  EXPECT_EQ(y.data<float>()[2001], 0.0f);
  EXPECT_EQ(y.data<float>()[2002], 0.0f);
  EXPECT_EQ(y.data<float>()[2003], 0.0f);
  EXPECT_NEAR(y.data<float>()[2004], 3.4028e38f, 1e34f);
}

TEST(TpuInterpreter, ErrorsNameTheTensor) {
  const std::string head = R"(
    func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
      %x = top.Input %a : tensor<4xf32> loc("x")
)";
  Network inputs(head + "func.return %x : tensor<4xf32>\n}");
  EXPECT_EQ(inputs.Run({}).status().message(),
            "top.Input 'x': no tensor of this name among the inputs");
  EXPECT_EQ(inputs.Run({{"x", Tensor(DType::kF32, {5})}}).status().message(),
            "top.Input 'x': expected f32 [4], found f32 [5]");
  Network unknown(head + R"(%z = top.Relu %x : tensor<4xf32> loc("z")
      func.return %z : tensor<4xf32>
    })");
  EXPECT_EQ(unknown.Run({{"x", Tensor(DType::kF32, {4})}}).status().message(),
            "top.Relu 'z': the interpreter has no evaluator for this "
            "operation");
}

}  // namespace
}  // namespace tpuc::interpreter
