// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/target/bm1684x/kernel.h"

// Kernels that compute each element of the result from one element of each
// operand.
namespace tpuc::bm1684x {

// Views of a result of `shape` and of operands that broadcast to it in the
// manner of numpy. Neighbouring dimensions that all operands treat alike are
// merged; what remains is spread over the lanes. Tensors without broadcast are
// taken flat, in pieces that fill all lanes, with a short rest. Broadcast
// dimensions have size 1 in n, h and w; along c the operand repeats by
// a stride of 0 in DDR.
//
// With Views::kNatural: one part whose n, c, h, w are the dimensions of a
// result of rank 4, as windows take and leave it, or c, h, w those of one of
// rank 3, as reductions do; none for other ranks.
std::vector<Part> ElementwiseParts(
    const std::vector<int64_t>& shape,
    const std::vector<std::vector<int64_t>>& operand_shapes, DType dtype,
    Views views);

enum class BinaryKind : uint8_t { kAdd, kSub, kMul, kMax, kMin, kDiv };

struct BinarySpec {
  std::vector<int64_t> shape, lhs, rhs;
  DType dtype = DType::kF32;
  BinaryKind kind = BinaryKind::kAdd;
  Relu relu;
  Views views = Views::kFlat;
};
std::unique_ptr<Kernel> MakeBinaryKernel(const BinarySpec& spec);

struct UnarySpec {
  std::vector<int64_t> shape;
  DType input = DType::kF32, output = DType::kF32;
  Views views = Views::kFlat;
};
// Rounds half to even between floats.
std::unique_ptr<Kernel> MakeCastKernel(const UnarySpec& spec);
// x op c, or c op x when reversed.
std::unique_ptr<Kernel> MakeBinaryConstKernel(const UnarySpec& spec,
                                              BinaryKind kind, double value,
                                              bool is_reversed);
std::unique_ptr<Kernel> MakeClipKernel(const UnarySpec& spec, double min,
                                       double max);
std::unique_ptr<Kernel> MakeAbsKernel(const UnarySpec& spec);
// 1 / sqrt(x) of f32, SFU.
std::unique_ptr<Kernel> MakeRsqrtKernel(const UnarySpec& spec);
// exp of f32 by compiler/numerics/exp_recipe.h.
std::unique_ptr<Kernel> MakeExpKernel(const UnarySpec& spec);
// ln of f32, and the polynomial of erf, by compiler/numerics/log_recipe.h.
std::unique_ptr<Kernel> MakeLogKernel(const UnarySpec& spec);
std::unique_ptr<Kernel> MakeErfSeriesKernel(const UnarySpec& spec);

}  // namespace tpuc::bm1684x
