// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/top/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "compiler/interpreter/top/exp.h"
#include "compiler/interpreter/top/planes.h"
#include "compiler/numerics/vector_levels.h"

namespace tpuc::interpreter {
namespace {

// Small, different, both signs.
std::vector<float> Numbers(int64_t count, uint32_t seed) {
  std::vector<float> values(count);
  for (float& v : values) {
    seed = seed * 1664525u + 1013904223u;
    v = static_cast<float>(static_cast<int32_t>(seed) >> 12) / 8192;
  }
  return values;
}

std::vector<float> Product(int64_t m, int64_t n, int64_t k,
                           const std::vector<float>& a,
                           const std::vector<float>& b, float start) {
  const Scratch left(PackedRows(m) * k), right(PackedColumns(n) * k);
  PackLeft(m, k, a.data(), k, 1, left.data());
  PackRight(n, k, b.data(), n, 1, right.data());
  std::vector<float> c(m * n, start);
  AddProduct(m, n, k, left.data(), right.data(), c.data(), n);
  return c;
}

class Products : public ::testing::TestWithParam<std::vector<int64_t>> {};

TEST_P(Products, AreChainsOfFusedMultiplyAddsInBlocks) {
  const int64_t m = GetParam()[0], n = GetParam()[1], k = GetParam()[2];
  const std::vector<float> a = Numbers(m * k, 1), b = Numbers(k * n, 2);
  const std::vector<float> c = Product(m, n, k, a, b, 0.5f);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      float expected = 0.5f;
      for (int64_t t = 0; t < k; t += kGemmBlock) {
        float sum = 0;
        for (int64_t u = t; u < std::min(k, t + kGemmBlock); ++u) {
          sum = std::fma(a[i * k + u], b[u * n + j], sum);
        }
        expected += sum;
      }
      ASSERT_EQ(c[i * n + j], expected) << i << ", " << j;
    }
  }
  numerics::ExpectSameAtAllLevels([&] { return Product(m, n, k, a, b, 0.5f); });
}

INSTANTIATE_TEST_SUITE_P(Shapes, Products,
                         ::testing::Values(std::vector<int64_t>{1, 1, 1},
                                           std::vector<int64_t>{7, 37, 300},
                                           std::vector<int64_t>{8, 48, 128},
                                           std::vector<int64_t>{17, 97, 129},
                                           std::vector<int64_t>{1, 1000, 5},
                                           std::vector<int64_t>{12, 49, 256},
                                           std::vector<int64_t>{33, 17, 64},
                                           std::vector<int64_t>{4, 65, 31}));

TEST(Gemm, TransposedOperandsPackAlike) {
  const int64_t m = 5, n = 50, k = 130;
  const std::vector<float> a = Numbers(m * k, 3), b = Numbers(n * k, 4);
  std::vector<float> at(m * k), bt(n * k);
  for (int64_t t = 0; t < k; ++t) {
    for (int64_t i = 0; i < m; ++i) at[t * m + i] = a[i * k + t];
    for (int64_t j = 0; j < n; ++j) bt[j * k + t] = b[t * n + j];
  }
  const Scratch left(PackedRows(m) * k), right(PackedColumns(n) * k);
  PackLeft(m, k, at.data(), 1, m, left.data());
  PackRight(n, k, bt.data(), 1, k, right.data());
  std::vector<float> c(m * n, 0.0f);
  AddProduct(m, n, k, left.data(), right.data(), c.data(), n);
  EXPECT_EQ(c, Product(m, n, k, a, b, 0));
}

// A depthwise convolution is the product with its gathered columns.
TEST(Gemm, RowsOfDepthwiseConvolutions) {
  for (int64_t stride : {1, 2, 3}) {
    for (int64_t width : {5, 16, 31, 40, 70, 130}) {
      PlaneWindow w{9, width, 0, 0, 3, 5, stride, stride, 2, 1, 1, 2};
      w.oh = (w.ih + 2 - 5) / stride + 1;
      w.ow = (w.iw + 3 - 5) / stride + 1;
      if (w.ow < 1) continue;
      const std::vector<float> x = Numbers(w.ih * w.iw, 5);
      const std::vector<float> taps = Numbers(w.kh * w.kw, 6);
      const int64_t count = w.oh * w.ow;
      std::vector<float> columns(w.kh * w.kw * count);
      for (int64_t t = 0; t < w.kh * w.kw; ++t) {
        // In two parts, that start in the middle of a row.
        const int64_t cut = count / 3;
        GatherTap(w, x.data(), t / w.kw, t % w.kw, 0, cut, &columns[t * count]);
        GatherTap(w, x.data(), t / w.kw, t % w.kw, cut, count,
                  &columns[t * count + cut]);
      }
      const auto rows = [&] {
        SplitPlane plane(w, 0);
        plane.Fill(x.data());
        std::vector<float> out(count);
        for (int64_t y = 0; y < w.oh; ++y) {
          const float* row[3];
          for (int64_t ky = 0; ky < w.kh; ++ky) {
            row[ky] = plane.Row(w.Row(y, ky));
          }
          ConvolveRow({w.kh, w.kw, row, plane.Offsets().data(), taps.data()},
                      0.25f, w.ow, &out[y * w.ow]);
        }
        return out;
      };
      EXPECT_EQ(rows(), Product(1, count, w.kh * w.kw, taps, columns, 0.25f));
      numerics::ExpectSameAtAllLevels(rows);
    }
  }
}

TEST(Exp, RoundsToTheNearestFloat) {
  int64_t different = 0;
  for (int i = -110000; i <= 90000; ++i) {
    const double x = i / 1000.0;
    const float mine = static_cast<float>(Exp(x));
    const float exact = static_cast<float>(std::exp(x));
    if (mine == exact) continue;
    ++different;
    EXPECT_EQ(mine, std::nextafter(exact, mine)) << x;
  }
  EXPECT_LE(different, 2);
  EXPECT_EQ(static_cast<float>(Exp(1000)), HUGE_VALF);
  EXPECT_EQ(static_cast<float>(Exp(-1000)), 0.0f);
  EXPECT_TRUE(std::isnan(Exp(NAN)));
  EXPECT_EQ(Exp(0), 1);
}

}  // namespace
}  // namespace tpuc::interpreter
