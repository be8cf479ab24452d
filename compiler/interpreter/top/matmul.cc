// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/interpreter/top/gemm.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

// The flat index of the operand's matrix for batch `index` of `batch` (the
// result's leading dimensions), with broadcasting.
int64_t BatchIndex(int64_t index, llvm::ArrayRef<int64_t> batch,
                   llvm::ArrayRef<int64_t> operand) {
  const int64_t own = static_cast<int64_t>(operand.size()) - 2;
  int64_t flat = 0, scale = 1;
  for (int64_t i = static_cast<int64_t>(batch.size()) - 1, d = own - 1; d >= 0;
       --i, --d) {
    const int64_t at = index % batch[i];
    index /= batch[i];
    if (operand[d] != 1) flat += at * scale;
    scale *= operand[d];
  }
  return flat;
}

class MatMulKernel : public Kernel {
 public:
  explicit MatMulKernel(top::MatMulOp op)
      : left_(top::ShapeOf(op.getInput()).vec()),
        right_(top::ShapeOf(op.getRight()).vec()),
        transposed_(op.getRightTranspose()) {
    const auto shape = top::ShapeOf(op.getOutput());
    batch_ = shape.drop_back(2).vec();
    m_ = shape[shape.size() - 2];
    n_ = shape.back();
    k_ = left_.back();
    const Tensor* right = top::ConstantOf(op.getRight());
    if (right != nullptr) packed_ = Pack(*right);
  }

  void Run(llvm::ArrayRef<TensorView> operands, const TensorView& result,
           const Finish& finish, int threads) const override {
    std::optional<Scratch> own;
    if (!packed_) own = Pack(operands[1]);
    const float* right = (packed_ ? *packed_ : *own).data();
    const float* bias =
        operands.size() > 2 ? operands[2].data<float>() : nullptr;
    const Scratch left(PackedRows(m_) * k_);
    int64_t batches = 1;
    for (int64_t d : batch_) batches *= d;
    for (int64_t b = 0; b < batches; ++b) {
      PackLeft(
          m_, k_,
          operands[0].data<float>() + BatchIndex(b, batch_, left_) * m_ * k_,
          k_, 1, left.data());
      const float* y = right + BatchIndex(b, batch_, right_) * MatrixSize();
      const int64_t at = b * m_ * n_;
      ParallelFor(threads, PackedColumns(n_) / kPanelColumns, 4,
                  [&](int64_t begin, int64_t end) {
                    Columns(left.data(), y, bias, begin * kPanelColumns,
                            std::min(n_, end * kPanelColumns),
                            result.data<float>() + at, at, finish);
                  });
    }
  }

 private:
  int64_t MatrixSize() const { return PackedColumns(n_) * k_; }

  Scratch Pack(const TensorView& right) const {
    const int64_t count = right.NumElements() / (n_ * k_);
    Scratch packed(count * MatrixSize());
    for (int64_t i = 0; i < count; ++i) {
      PackRight(n_, k_, right.data<float>() + i * n_ * k_, transposed_ ? 1 : n_,
                transposed_ ? k_ : 1, packed.data() + i * MatrixSize());
    }
    return packed;
  }

  // Columns [j0, j1) of a product at `z`, element `at` of the result.
  void Columns(const float* left, const float* right, const float* bias,
               int64_t j0, int64_t j1, float* z, int64_t at,
               const Finish& finish) const {
    for (int64_t i = 0; i < m_; ++i) {
      if (bias == nullptr) {
        std::fill(z + i * n_ + j0, z + i * n_ + j1, 0.0f);
      } else {
        std::copy(bias + j0, bias + j1, z + i * n_ + j0);
      }
    }
    for (int64_t t = 0; t < k_; t += kGemmBlock) {
      const int64_t terms = std::min(kGemmBlock, k_ - t);
      AddBlock(m_, j1 - j0, terms, left + t * kTileRows, k_,
               right + t * PackedColumns(n_) + j0 * terms, z + j0, n_);
    }
    for (int64_t i = 0; i < m_ && !finish.empty(); ++i) {
      finish(z + i * n_ + j0, at + i * n_ + j0, j1 - j0);
    }
  }

  std::vector<int64_t> left_, right_, batch_;
  bool transposed_;
  int64_t m_, n_, k_;
  std::optional<Scratch> packed_;
};

}  // namespace

absl::StatusOr<PreparedKernel> PrepareMatMul(top::MatMulOp op) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  return PreparedKernel{std::make_unique<MatMulKernel>(op), FusedRelu(op)};
}

}  // namespace tpuc::interpreter
