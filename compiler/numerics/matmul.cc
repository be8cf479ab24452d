// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/matmul.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/numerics/gemm.h"
#include "compiler/numerics/integer.h"

namespace tpuc::numerics {
namespace {

// Copies a rows x cols view as dense f32.
std::vector<float> GatherFloats(DType type, const MatrixView& view) {
  std::vector<float> dense(view.row.size() * view.col.size());
  float* to = dense.data();
  const char* base = static_cast<const char*>(view.base);
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  for (int64_t row : view.row) {
    for (size_t j = 0; j < view.col.size();) {
      size_t end = j + 1;
      while (end < view.col.size() &&
             view.col[end] == view.col[end - 1] + size) {
        ++end;
      }
      LoadFloatRow(type, base + row + view.col[j], 1,
                   static_cast<int64_t>(end - j), to);
      to += end - j;
      j = end;
    }
  }
  return dense;
}

class FloatMatMul final : public MatMul, private FloatGemm {
 public:
  FloatMatMul(const MatMulSpec& spec, const MatMulOperands& operands)
      : FloatGemm(
            spec.input == DType::kF32 ? Order::kAlternating : Order::kAligned,
            spec.m, spec.n, spec.k),
        spec_(spec),
        bias_(operands.bias),
        result_(operands.result),
        right_(GatherFloats(spec.input, operands.right)) {
    left_ = GatherFloats(spec.input, operands.left);
    for (int64_t k = 0; k < spec.k && order_ == Order::kAligned;) {
      k = std::min(k + kAlignedGroup, spec.k);
      group_ends_.push_back(k);
    }
  }

  int64_t NumTiles() const override { return FloatGemm::NumTiles(); }
  void Run(int64_t begin, int64_t end) const override { RunTiles(begin, end); }

 private:
  void FillTile(int64_t n0, int64_t columns, float* tile) const override {
    for (int64_t k = 0; k < k_; ++k) {
      const float* from = right_.data() + k * n_ + n0;
      std::copy_n(from, columns, tile + k * kTile);
      std::fill_n(tile + k * kTile + columns, kTile - columns, 0.0f);
    }
  }
  int LeadTerms() const override {
    return (bias_.empty() ? 0 : 1) + (spec_.accumulate ? 1 : 0);
  }
  char* At(int64_t m, int64_t n) const {
    return static_cast<char*>(result_.base) +
           result_.row[static_cast<size_t>(m)] +
           result_.col[static_cast<size_t>(n)];
  }
  void Lead(int index, int64_t m, int64_t n0, int64_t columns,
            float* out) const override {
    for (int64_t t = 0; t < columns; ++t) {
      out[t] = index == 0 && !bias_.empty()
                   ? bias_[static_cast<size_t>(n0 + t)]
                   : LoadFloat(spec_.result, At(m, n0 + t), 0);
    }
  }
  void Store(int64_t m, int64_t n0, int64_t columns,
             const float* row) const override {
    for (int64_t t = 0; t < columns; ++t) {
      StoreFloat(spec_.result, At(m, n0 + t), 0, row[t]);
    }
  }

  MatMulSpec spec_;
  std::vector<float> bias_;
  MutableMatrixView result_;
  std::vector<float> right_;  // [k][n]
};

bool Fits(size_t size, int64_t extent) {
  return size == static_cast<size_t>(extent);
}

std::string Types(const MatMulSpec& spec) {
  return absl::StrCat("matrix product of ", tpuc::Name(spec.input), " to ",
                      tpuc::Name(spec.result));
}

}  // namespace

absl::Status Validate(const MatMulSpec& spec) {
  if (!IsFloat(spec.input) ||
      (spec.result != DType::kF32 && spec.result != spec.input) ||
      (spec.accumulate && spec.result != DType::kF32)) {
    return absl::UnimplementedError(
        absl::StrCat(Types(spec), spec.accumulate ? ", accumulating" : "",
                     ": no such form on this chip"));
  }
  if (spec.m < 1 || spec.n < 1 || spec.k < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(Types(spec), ": an empty matrix"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<MatMul>> MatMul::Prepare(
    const MatMulSpec& spec, const MatMulOperands& operands) {
  if (absl::Status s = Validate(spec); !s.ok()) return s;
  if (!Fits(operands.left.row.size(), spec.m) ||
      !Fits(operands.left.col.size(), spec.k) ||
      !Fits(operands.right.row.size(), spec.k) ||
      !Fits(operands.right.col.size(), spec.n) ||
      !Fits(operands.result.row.size(), spec.m) ||
      !Fits(operands.result.col.size(), spec.n) ||
      (!operands.bias.empty() && !Fits(operands.bias.size(), spec.n))) {
    return absl::InvalidArgumentError(
        absl::StrCat(Types(spec), ": operands do not have extents ", spec.m,
                     ", ", spec.k, ", ", spec.n));
  }
  return std::unique_ptr<MatMul>(new FloatMatMul(spec, operands));
}

absl::Status Multiply(const MatMulSpec& spec, const MatMulOperands& operands) {
  auto product = MatMul::Prepare(spec, operands);
  if (!product.ok()) return product.status();
  (*product)->Run(0, (*product)->NumTiles());
  return absl::OkStatus();
}

absl::Status MultiplyIntegers(const IntegerMatMulSpec& spec,
                              const IntegerMatMulOperands& o, int64_t m_begin,
                              int64_t m_end) {
  if (IsFloat(spec.left) || IsFloat(spec.right) || IsFloat(spec.result)) {
    return absl::UnimplementedError(absl::StrCat(
        "integer matrix product of ", tpuc::Name(spec.left), " and ",
        tpuc::Name(spec.right), " to ", tpuc::Name(spec.result)));
  }
  std::vector<uint64_t> sums(static_cast<size_t>(spec.n));
  std::vector<int64_t> row(static_cast<size_t>(spec.n));
  const bool unsigned_sums =
      spec.left == DType::kU32 && spec.right == DType::kU32;
  const char* left = static_cast<const char*>(o.left.base);
  const char* right = static_cast<const char*>(o.right.base);
  for (int64_t m = m_begin; m < m_end; ++m) {
    std::fill(sums.begin(), sums.end(), 0);
    for (int64_t k = 0; k < spec.k; ++k) {
      const int64_t a =
          LoadInteger(spec.left, left + o.left.row[m] + o.left.col[k], 0);
      if (a == 0) continue;
      for (int64_t n = 0; n < spec.n; ++n) {
        row[n] =
            LoadInteger(spec.right, right + o.right.row[k] + o.right.col[n], 0);
        if (!o.zero_point.empty()) row[n] -= o.zero_point[n];
      }
      for (int64_t n = 0; n < spec.n; ++n) {
        // Sums of 32-bit products wrap.
        sums[n] += static_cast<uint64_t>(a) * static_cast<uint64_t>(row[n]);
      }
    }
    for (int64_t n = 0; n < spec.n; ++n) {
      char* at =
          static_cast<char*>(o.result.base) + o.result.row[m] + o.result.col[n];
      int64_t value = static_cast<int64_t>(sums[n]);
      if (value < 0 && unsigned_sums) {
        value = std::numeric_limits<int64_t>::max();
      }
      if (!o.bias.empty()) value += o.bias[n];
      if (spec.accumulate) {
        value += Shift(LoadInteger(spec.old, at, 0), spec.old_shift,
                       Rounding::kHalfUp);
      }
      value = Shift(value, spec.shift, Rounding::kHalfUp);
      if (spec.saturate) value = Saturate(value, spec.saturate_to);
      StoreIntegerWrapped(spec.result, at, 0, value);
    }
  }
  return absl::OkStatus();
}

}  // namespace tpuc::numerics
