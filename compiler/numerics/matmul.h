// SPDX-License-Identifier: Apache-2.0
// MM and MM2 (docs/isa/bm1684x.md, c.4 and c.5). result[m][n] =
// sum over k of left[m][k] * right[k][n]; transposed operands are views.
//
// f32 (MM): terms [bias][old result], then products with k ascending, two
// alternating accumulators. f16/bf16 (MM2): groups of 32 along k through the
// truncating aligned adder, accumulated in f32. Integers: see IntegerMatMul.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/numerics/float_format.h"
#include "compiler/numerics/parallel_for.h"
#include "compiler/numerics/view.h"
#include "compiler/support/dtype.h"

namespace tpuc::numerics {

struct MatMulSpec {
  DType input = DType::kF32;  // both operands: f32, f16 or bf16
  DType result = DType::kF32;
  int64_t m = 1, k = 1, n = 1;
  bool accumulate = false;  // res_add (f32 result)
};

// Fails for types and extents that the chip lacks.
absl::Status Validate(const MatMulSpec& spec);

struct MatMulOperands {
  MatrixView left;          // m x k
  MatrixView right;         // k x n
  std::vector<float> bias;  // n values (MM, f32), or empty
  MutableMatrixView result;
};

// As Convolution: operands are copied, tiles are independent.
class MatMul {
 public:
  static absl::StatusOr<std::unique_ptr<MatMul>> Prepare(
      const MatMulSpec& spec, const MatMulOperands& operands,
      const ParallelFor& parallel = Serially);
  virtual ~MatMul() = default;
  virtual int64_t NumTiles() const = 0;
  virtual void Run(int64_t tile_begin, int64_t tile_end) const = 0;
};

absl::Status Multiply(const MatMulSpec& spec, const MatMulOperands& operands);

// Integer products: sum of left * (right - zero_point), exact.
struct IntegerMatMulSpec {
  DType left = DType::kI8, right = DType::kI8, result = DType::kI32;
  int64_t m = 1, k = 1, n = 1;
  bool accumulate = false;  // adds old result << old_shift
  DType old = DType::kI32;  // the old result's type
  int old_shift = 0;
  int shift = 0;  // of sum + bias + old result; right shifts round half up
  // Then clamps to the range of `saturate_to`, else wraps to the result type.
  bool saturate = false;
  DType saturate_to = DType::kI32;
};
struct IntegerMatMulOperands {
  MatrixView left, right;
  std::vector<int32_t> bias;        // n values, or empty
  std::vector<int32_t> zero_point;  // of right: n values, or empty
  MutableMatrixView result;
};
// Fails for types that are no integers.
absl::Status Validate(const IntegerMatMulSpec& spec);

// Any integer types; the result must not overlap the operands.
std::unique_ptr<MatMul> PrepareIntegerMatMul(
    const IntegerMatMulSpec& spec, const IntegerMatMulOperands& operands);

// The scalar definition: rows [m_begin, m_end).
void MultiplyIntegerRows(const IntegerMatMulSpec& spec,
                         const IntegerMatMulOperands& operands, int64_t m_begin,
                         int64_t m_end);

}  // namespace tpuc::numerics
