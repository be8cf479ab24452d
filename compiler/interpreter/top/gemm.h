// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tpuc::interpreter {

// c[i][j] += sum of a[i][t] * b[t][j] for i < m, j < n, t < k; rows lie lda,
// ldb and ldc elements apart. Each element is summed over t in blocks of
// kGemmBlock terms, ascending, without fused multiply-add: the result does not
// depend on m, n, the processor or where the call sits in a larger product.
inline constexpr int64_t kGemmBlock = 256;

void Gemm(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
          const float* b, int64_t ldb, float* c, int64_t ldc);

}  // namespace tpuc::interpreter
