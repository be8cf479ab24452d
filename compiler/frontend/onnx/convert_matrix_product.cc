// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_join.h"
#include "compiler/frontend/onnx/registry.h"

namespace tpuc::onnx_import {
namespace {

absl::Status ConvertMatMul(NodeContext& c) {
  absl::StatusOr<mlir::Value> left = c.Operand(0);
  if (!left.ok()) return left.status();
  absl::StatusOr<mlir::Value> right = c.Operand(1);
  if (!right.ok()) return right.status();
  const std::vector<int64_t> a = c.Shape(0), b = c.Shape(1);
  const auto fail = [&](const char* why) {
    return c.node().Error("operands (", absl::StrJoin(a, ", "), ") and (",
                          absl::StrJoin(b, ", "), ") ", why);
  };
  if (a.size() < 2 || b.size() < 2) return fail("must have rank 2 or more");
  if (a.back() != b[b.size() - 2]) return fail("differ in the inner dimension");
  auto shape = top::BroadcastShape(llvm::ArrayRef<int64_t>(a).drop_back(2),
                                   llvm::ArrayRef<int64_t>(b).drop_back(2));
  if (!shape) return fail("do not broadcast");
  shape->push_back(a[a.size() - 2]);
  shape->push_back(b.back());
  c.SetOutput(c.Create<top::MatMulOp>("", *shape, {*left, *right}));
  return absl::OkStatus();
}

Tensor Transposed(const Tensor& from, float factor) {
  const int64_t rows = from.shape()[0], columns = from.shape()[1];
  Tensor to(DType::kF32, {columns, rows});
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = 0; k < columns; ++k) {
      to.data<float>()[k * rows + r] =
          factor * from.data<float>()[r * columns + k];
    }
  }
  return to;
}

// `matrix` times `factor`, as [K, N].
Tensor GemmWeight(const Tensor& matrix, bool transposed, float factor) {
  if (transposed) return Transposed(matrix, factor);
  Tensor scaled = matrix;
  for (int64_t i = 0; i < scaled.NumElements(); ++i) {
    scaled.data<float>()[i] *= factor;
  }
  return scaled;
}

bool IsMatrix(const Tensor* tensor) {
  return tensor != nullptr && tensor->rank() == 2 &&
         tensor->dtype() == DType::kF32;
}

// The bias [N] that `c` is, or nothing when it differs from row to row.
std::optional<Tensor> GemmBias(const Tensor* c, int64_t n, float beta) {
  if (c == nullptr || c->dtype() != DType::kF32) return std::nullopt;
  const bool splat = c->NumElements() == 1;
  if (!splat && (c->NumElements() != n || c->shape().back() != n)) {
    return std::nullopt;
  }
  Tensor bias(DType::kF32, {n});
  for (int64_t i = 0; i < n; ++i) {
    bias.data<float>()[i] = beta * c->data<float>()[splat ? 0 : i];
  }
  return bias;
}

// alpha * op(A) * op(B) + beta * C with matrices A and B. Constant operands
// are transposed and scaled here.
absl::Status ConvertGemm(NodeContext& c) {
  const Node& node = c.node();
  float alpha = node.Float("alpha", 1);
  const float beta = node.Float("beta", 1);
  if (!node.HasInput(1) || c.Rank(0) != 2 || c.Rank(1) != 2) {
    return node.Error("expects two matrices");
  }
  if (node.Int("transA", 0) != 0) {
    return node.Error("transA is not supported");
  }
  bool transposed = node.Int("transB", 0) != 0;
  const std::vector<int64_t> a = c.Shape(0), b = c.Shape(1);
  const int64_t k = transposed ? b[1] : b[0], n = transposed ? b[0] : b[1];
  if (a[1] != k) {
    return node.Error("A has ", a[1], " columns, B has ", k, " rows");
  }
  absl::StatusOr<mlir::Value> left = c.Operand(0);
  if (!left.ok()) return left.status();
  mlir::Value right;
  if (const Tensor* matrix = c.Constant(1); IsMatrix(matrix)) {
    if (transposed || alpha != 1) {
      right = c.Weight(".right", GemmWeight(*matrix, transposed, alpha));
      transposed = false;
      alpha = 1;
    }
  }
  if (!right) {
    absl::StatusOr<mlir::Value> operand = c.Operand(1);
    if (!operand.ok()) return operand.status();
    right = *operand;
  }
  const std::vector<int64_t> shape = {a[0], n};
  mlir::Value bias, addend;
  if (node.HasInput(2) && beta != 0) {
    std::optional<Tensor> row = GemmBias(c.Constant(2), n, beta);
    if (row && alpha == 1) {
      bias = c.Weight(".bias", *std::move(row));
    } else {
      absl::StatusOr<mlir::Value> operand = c.Operand(2);
      if (!operand.ok()) return operand.status();
      const auto together = top::BroadcastShape(shape, c.Shape(2));
      if (!together || *together != shape) {
        return node.Error("C (", absl::StrJoin(c.Shape(2), ", "),
                          ") does not broadcast to (",
                          absl::StrJoin(shape, ", "), ")");
      }
      addend = *operand;
      if (beta != 1) {
        addend =
            c.Create<top::MulConstOp>(".beta", c.Shape(2), addend,
                                      c.Attribute("const_val", double{beta}));
      }
    }
  }
  std::vector<mlir::Value> operands = {*left, right};
  if (bias) operands.push_back(bias);
  mlir::Value result = c.Create<top::MatMulOp>(
      alpha != 1 ? ".product" : (addend ? ".scaled" : ""), shape, operands,
      c.Attribute("right_transpose", transposed));
  if (alpha != 1) {
    result = c.Create<top::MulConstOp>(addend ? ".scaled" : "", shape, result,
                                       c.Attribute("const_val", double{alpha}));
  }
  if (addend) result = c.Create<top::AddOp>("", shape, {result, addend});
  c.SetOutput(result);
  return absl::OkStatus();
}

}  // namespace

void RegisterMatrixProducts(Registry& registry) {
  registry["Gemm"] = ConvertGemm;
  registry["MatMul"] = ConvertMatMul;
}

}  // namespace tpuc::onnx_import
