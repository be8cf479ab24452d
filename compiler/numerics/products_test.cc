// SPDX-License-Identifier: Apache-2.0
// CONV, MM and MM2 arithmetic: hand-computed examples, and the vector
// kernels against the scalar definition.
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "compiler/numerics/conv.h"
#include "compiler/numerics/gemm.h"
#include "compiler/numerics/matmul.h"
#include "compiler/numerics/vector_levels.h"
#include "gtest/gtest.h"

namespace tpuc::numerics {
namespace {

std::vector<uint16_t> Halves(DType type, const std::vector<float>& values) {
  std::vector<uint16_t> out(values.size());
  StoreFloatRow(type, values.data(), static_cast<int64_t>(values.size()),
                out.data(), 1);
  return out;
}

TEST(AlignedSum, CutsProductsBelowTheLargest) {
  const ScopedFlushDenormals flush;
  // e = 0: products count as multiples of 2^-24, cut toward zero.
  const std::vector<float> ones(4, 1.0f);
  const std::vector<float> w = {1.0f, std::ldexp(1.0f, -24),
                                std::ldexp(1.9f, -25), -std::ldexp(1.9f, -25)};
  // The middle terms: 2^-24 stays, both others vanish. 1 + 2^-24 rounds to 1.
  EXPECT_EQ(AlignedSum(ones.data(), 1, w.data(), 4), 1.0f);
  const std::vector<float> v = {1.0f, std::ldexp(1.0f, -24),
                                std::ldexp(1.0f, -24), 0.0f};
  EXPECT_EQ(AlignedSum(ones.data(), 1, v.data(), 4),
            1.0f + std::ldexp(1.0f, -23));
}

TEST(Convolution, F32UsesTwoAlternatingAccumulators) {
  // Terms: bias 2^24, products 1, 1, 1: even 2^24 + 1 + .., odd 1 + 1.
  std::vector<float> x = {1, 1, 1}, w = {1, 1, 1}, y(1);
  ConvSpec spec;
  spec.ic = 3;
  ConvOperands o;
  const float bias = 16777216.0f;
  o.input = DensePlanes(static_cast<const void*>(x.data()), DType::kF32,
                        {1, 3, 1, 1});
  o.filter = {w.data()};
  o.bias = {bias};
  o.result =
      DensePlanes(static_cast<void*>(y.data()), DType::kF32, {1, 1, 1, 1});
  ASSERT_TRUE(Convolve(spec, o).ok());
  // even: (2^24 + 1 -> 2^24), odd: 1 + 1 = 2; one running sum would lose all.
  EXPECT_EQ(y[0], bias + 2.0f);
}

TEST(Convolution, Int8SubtractsTheZeroPointAndPadsWithTheValue) {
  std::vector<int8_t> x = {-128, 5}, w = {3, -4}, z = {1};
  std::vector<int32_t> y(3);
  ConvSpec spec;
  spec.input = spec.filter = DType::kI8;
  spec.result = DType::kI32;
  spec.window.in_w = 2;
  spec.window.out_w = 3;
  spec.window.kernel_w = 2;
  spec.window.pad_left = spec.window.pad_right = 1;
  ConvOperands o;
  o.input =
      DensePlanes(static_cast<const void*>(x.data()), DType::kI8, {1, 1, 1, 2});
  o.filter = {w.data()};
  o.zero_point = {1};
  o.pad_bits = {7};
  o.result =
      DensePlanes(static_cast<void*>(y.data()), DType::kI32, {1, 1, 1, 3});
  ASSERT_TRUE(Convolve(spec, o).ok());
  EXPECT_EQ(y, (std::vector<int32_t>{7 * 2 - 5 * -128, -128 * 2 - 5 * 5,
                                     5 * 2 - 5 * 7}));
}

std::vector<uint8_t> RandomConvolution(DType type, DType result, uint32_t seed,
                                       bool tiny, bool special) {
  std::mt19937 random(seed);
  const int64_t ic = 1 + random() % 70, oc = 1 + random() % 20;
  ConvSpec spec;
  spec.input = spec.filter = type;
  spec.result = result;
  spec.n = 2;
  spec.ic = ic;
  spec.oc = oc;
  Window& w = spec.window;
  w.in_h = 5;
  w.in_w = 9;
  w.kernel_h = 1 + random() % 3;
  w.kernel_w = 1 + random() % 3;
  w.stride_w = 1 + random() % 2;
  w.pad_left = w.pad_top = random() % 2;
  w.out_h = WindowOutput(5, 0, w.pad_top, 0, w.kernel_h, 1, 1);
  w.out_w = WindowOutput(9, 0, w.pad_left, 0, w.kernel_w, 1, w.stride_w);
  const auto fill = [&](int64_t count) {
    std::vector<uint8_t> bytes(static_cast<size_t>(count) * SizeOf(type));
    for (int64_t i = 0; i < count; ++i) {
      if (!IsFloat(type)) {
        bytes[i] = static_cast<uint8_t>(random());
        continue;
      }
      float v = static_cast<float>(static_cast<int32_t>(random())) *
                std::ldexp(1.0f, -static_cast<int>(random() % 40));
      if (tiny) v *= std::ldexp(1.0f, -90);
      if (special && random() % 500 == 0) v = INFINITY;
      if (special && random() % 500 == 0) v = NAN;
      StoreFloat(type, bytes.data(), i, v);
    }
    return bytes;
  };
  const int64_t taps = w.kernel_h * w.kernel_w;
  const std::vector<uint8_t> x = fill(2 * ic * 45), f = fill(oc * ic * taps);
  const Shape4 out{2, oc, w.out_h, w.out_w};
  std::vector<uint8_t> y(static_cast<size_t>(out.NumElements()) *
                         SizeOf(result));
  ConvOperands o;
  o.input =
      DensePlanes(static_cast<const void*>(x.data()), type, {2, ic, 5, 9});
  for (int64_t i = 0; i < oc; ++i) {
    o.filter.push_back(f.data() +
                       i * ic * taps * static_cast<int64_t>(SizeOf(type)));
  }
  o.result = DensePlanes(static_cast<void*>(y.data()), result, out);
  EXPECT_TRUE(Convolve(spec, o).ok());
  for (int64_t i = 0; result == DType::kF32 && i < out.NumElements(); ++i) {
    float v;
    std::memcpy(&v, y.data() + i * 4, 4);
    if (std::isnan(v)) std::memset(y.data() + i * 4, 0xFF, 4);
  }
  return y;
}

TEST(Convolution, VectorKernelsEqualTheScalarDefinition) {
  const struct {
    DType type, result;
  } kinds[] = {{DType::kF32, DType::kF32}, {DType::kF16, DType::kF16},
               {DType::kF16, DType::kF32}, {DType::kBF16, DType::kBF16},
               {DType::kI8, DType::kI32},  {DType::kU8, DType::kI32}};
  for (const auto& kind : kinds) {
    for (uint32_t seed = 0; seed < 40; ++seed) {
      ExpectSameAtAllLevels([&] {
        return RandomConvolution(kind.type, kind.result, seed, seed % 4 == 0,
                                 seed % 2 == 0);
      });
      ASSERT_FALSE(testing::Test::HasFailure())
          << Name(kind.type) << " seed " << seed;
    }
  }
}

TEST(MatMul, TransposedViewsGiveTheSameProduct) {
  const std::vector<uint16_t> a = Halves(DType::kF16, {1, 2, 3, 4, 5, 6});
  const std::vector<uint16_t> b = Halves(DType::kF16, {1, 0, 2, 1, 0, 3});
  std::vector<float> y(4), z(4);
  MatMulSpec spec;
  spec.input = DType::kF16;
  spec.m = spec.n = 2;
  spec.k = 3;
  MatMulOperands o;
  o.left = DenseMatrix(static_cast<const void*>(a.data()), DType::kF16, 2, 3);
  o.right = DenseMatrix(static_cast<const void*>(b.data()), DType::kF16, 3, 2);
  o.result = DenseMatrix(static_cast<void*>(y.data()), DType::kF32, 2, 2);
  ASSERT_TRUE(Multiply(spec, o).ok());
  EXPECT_EQ(y, (std::vector<float>{5, 11, 14, 23}));
  const std::vector<uint16_t> bt = Halves(DType::kF16, {1, 2, 0, 0, 1, 3});
  o.right = Transposed(
      DenseMatrix(static_cast<const void*>(bt.data()), DType::kF16, 2, 3));
  o.result = DenseMatrix(static_cast<void*>(z.data()), DType::kF32, 2, 2);
  ASSERT_TRUE(Multiply(spec, o).ok());
  EXPECT_EQ(y, z);
}

TEST(MatMul, IntegersWithZeroPointAndShift) {
  const std::vector<int8_t> a = {1, 2, 3, 4}, b = {5, 6, 7, 8};
  std::vector<int32_t> y(4);
  IntegerMatMulSpec spec;
  spec.m = spec.k = spec.n = 2;
  spec.shift = -1;
  IntegerMatMulOperands o;
  o.left = DenseMatrix(static_cast<const void*>(a.data()), DType::kI8, 2, 2);
  o.right = DenseMatrix(static_cast<const void*>(b.data()), DType::kI8, 2, 2);
  o.zero_point = {1, 1};
  o.result = DenseMatrix(static_cast<void*>(y.data()), DType::kI32, 2, 2);
  const auto product = PrepareIntegerMatMul(spec, o);
  product->Run(0, product->NumTiles());
  // (4 + 12)/2, (5 + 14)/2 half up, (12 + 24)/2, (15 + 28)/2 half up
  EXPECT_EQ(y, (std::vector<int32_t>{8, 10, 18, 22}));
}

TEST(MatMul, BytesEqualTheScalarDefinition) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    IntegerMatMulSpec spec;
    spec.left = random() % 2 != 0 ? DType::kI8 : DType::kU8;
    spec.right = random() % 2 != 0 ? DType::kI8 : DType::kU8;
    spec.result = random() % 2 != 0 ? DType::kI32 : DType::kI16;
    spec.m = 1 + random() % 20;
    spec.k = 1 + random() % 70;
    spec.n = 1 + random() % 40;
    spec.accumulate = random() % 2 != 0;
    spec.old = spec.result;
    spec.old_shift = static_cast<int>(random() % 5) - 2;
    spec.saturate = random() % 2 != 0;
    spec.saturate_to = spec.result;
    spec.shift = -static_cast<int>(random() % 9);
    const auto bytes = [&](int64_t count) {
      std::vector<uint8_t> data(static_cast<size_t>(count));
      for (uint8_t& x : data) x = static_cast<uint8_t>(random());
      return data;
    };
    const bool transposed = random() % 2 != 0;
    const auto left = bytes(spec.m * spec.k), right = bytes(spec.k * spec.n);
    const auto old = bytes(spec.m * spec.n * 4);
    IntegerMatMulOperands o;
    o.left = DenseMatrix(static_cast<const void*>(left.data()), spec.left,
                         spec.m, spec.k);
    o.right =
        DenseMatrix(static_cast<const void*>(right.data()), spec.right,
                    transposed ? spec.n : spec.k, transposed ? spec.k : spec.n);
    if (transposed) o.right = Transposed(o.right);
    for (int64_t n = 0; n < spec.n; ++n) {
      o.zero_point.push_back(static_cast<int32_t>(random() % 256) -
                             (spec.right == DType::kI8 ? 128 : 0));
      o.bias.push_back(static_cast<int32_t>(random() % 20000) - 10000);
    }
    std::vector<uint8_t> expected = old;
    o.result = DenseMatrix(static_cast<void*>(expected.data()), spec.result,
                           spec.m, spec.n);
    MultiplyIntegerRows(spec, o, 0, spec.m);
    ExpectSameAtAllLevels([&] {
      std::vector<uint8_t> result = old;
      o.result = DenseMatrix(static_cast<void*>(result.data()), spec.result,
                             spec.m, spec.n);
      const auto product = PrepareIntegerMatMul(spec, o);
      product->Run(0, product->NumTiles());
      EXPECT_EQ(result, expected) << "seed " << seed;
      return result;
    });
  }
}

}  // namespace
}  // namespace tpuc::numerics
