// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/top/gemm.h"

#include <algorithm>
#include <cstring>

namespace tpuc::interpreter {
namespace {

constexpr int kRows = 4, kLanes = 8, kVectors = 2, kColumns = 16;

using Vector = float __attribute__((vector_size(kLanes * sizeof(float))));

// The wider clone differs in speed only: lanes are independent sums.
#if defined(__x86_64__)
#define TPUC_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define TPUC_CLONES
#endif

// A tile of 4 rows by 16 columns over one block of terms.
TPUC_CLONES void Tile(int64_t k, const float* a, int64_t lda, const float* b,
                      int64_t ldb, float* c, int64_t ldc) {
  Vector sum[kRows][kVectors] = {};
  for (int64_t t = 0; t < k; ++t) {
    Vector right[kVectors];
    std::memcpy(right, b + t * ldb, sizeof(right));
    for (int i = 0; i < kRows; ++i) {
      const float left = a[i * lda + t];
      for (int v = 0; v < kVectors; ++v) sum[i][v] += left * right[v];
    }
  }
  for (int i = 0; i < kRows; ++i) {
    Vector old[kVectors];
    std::memcpy(old, c + i * ldc, sizeof(old));
    for (int v = 0; v < kVectors; ++v) old[v] += sum[i][v];
    std::memcpy(c + i * ldc, old, sizeof(old));
  }
}

// One row by 16 columns.
TPUC_CLONES void RowTile(int64_t k, const float* a, const float* b, int64_t ldb,
                         float* c) {
  Vector sum[kVectors] = {};
  for (int64_t t = 0; t < k; ++t) {
    Vector right[kVectors];
    std::memcpy(right, b + t * ldb, sizeof(right));
    for (int v = 0; v < kVectors; ++v) sum[v] += a[t] * right[v];
  }
  Vector old[kVectors];
  std::memcpy(old, c, sizeof(old));
  for (int v = 0; v < kVectors; ++v) old[v] += sum[v];
  std::memcpy(c, old, sizeof(old));
}

// What is left at the right edge.
void Edge(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
          const float* b, int64_t ldb, float* c, int64_t ldc) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      float sum = 0;
      for (int64_t t = 0; t < k; ++t) sum += a[i * lda + t] * b[t * ldb + j];
      c[i * ldc + j] += sum;
    }
  }
}

}  // namespace

void Gemm(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
          const float* b, int64_t ldb, float* c, int64_t ldc) {
  for (int64_t t = 0; t < k; t += kGemmBlock) {
    const int64_t terms = std::min(kGemmBlock, k - t);
    const float* left = a + t;
    const float* right = b + t * ldb;
    int64_t j = 0;
    for (; j + kColumns <= n; j += kColumns) {
      int64_t i = 0;
      for (; i + kRows <= m; i += kRows) {
        Tile(terms, left + i * lda, lda, right + j, ldb, c + i * ldc + j, ldc);
      }
      for (; i < m; ++i) {
        RowTile(terms, left + i * lda, right + j, ldb, c + i * ldc + j);
      }
    }
    if (j < n) Edge(m, n - j, terms, left, lda, right + j, ldb, c + j, ldc);
  }
}

}  // namespace tpuc::interpreter
