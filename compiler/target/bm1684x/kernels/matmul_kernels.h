// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "compiler/target/bm1684x/kernel.h"

namespace tpuc::bm1684x {

// Products of the matrices of two batches, of which either may be repeated.
struct BatchMatMulSpec {
  int64_t left_batches = 1, right_batches = 1;  // one of them may be 1
  int64_t m = 1, k = 1, n = 1;
  bool right_transpose = false;
  DType dtype = DType::kF32;
  DType result = DType::kF32;  // f32 or as dtype
  std::vector<int64_t> cuts;   // of K, 16-bit types only
  Relu relu;

  int64_t batches() const { return std::max(left_batches, right_batches); }
};

// left [B, M, K], right [B, K, N] or, transposed, [B, N, K]; by MM2 (c.5), in
// f32 by CONV (c.2).
std::unique_ptr<Kernel> MakeBatchMatMulKernel(const BatchMatMulSpec& spec);

}  // namespace tpuc::bm1684x
