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

bool IsDense(const std::vector<int64_t>& steps, int64_t size) {
  for (size_t i = 1; i < steps.size(); ++i) {
    if (steps[i] != steps[i - 1] + size) return false;
  }
  return true;
}

// Copies a rows x cols view as dense f32.
std::vector<float> GatherFloats(DType type, const MatrixView& view,
                                const ParallelFor& parallel) {
  const int64_t rows = static_cast<int64_t>(view.row.size());
  const int64_t cols = static_cast<int64_t>(view.col.size());
  std::vector<float> dense(static_cast<size_t>(rows * cols));
  const char* base = static_cast<const char*>(view.base);
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  constexpr int64_t kParallelElements = 16384;
  if (cols > 1 && view.col[1] != view.col[0] + size &&
      IsDense(view.row, size)) {
    parallel(
        cols, kParallelElements / rows + 1, [&](int64_t begin, int64_t end) {
          std::vector<float> column(view.row.size());
          for (int64_t j = begin; j < end; ++j) {
            LoadFloatRow(type,
                         base + view.row[0] + view.col[static_cast<size_t>(j)],
                         1, rows, column.data());
            for (int64_t i = 0; i < rows; ++i) {
              dense[static_cast<size_t>(i * cols + j)] =
                  column[static_cast<size_t>(i)];
            }
          }
        });
    return dense;
  }
  parallel(rows, kParallelElements / cols + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* to = dense.data() + i * cols;
      const char* row = base + view.row[static_cast<size_t>(i)];
      for (size_t j = 0; j < view.col.size();) {
        size_t stop = j + 1;
        while (stop < view.col.size() &&
               view.col[stop] == view.col[stop - 1] + size) {
          ++stop;
        }
        LoadFloatRow(type, row + view.col[j], 1, static_cast<int64_t>(stop - j),
                     to + j);
        j = stop;
      }
    }
  });
  return dense;
}

class FloatMatMul final : public MatMul, private FloatGemm {
 public:
  FloatMatMul(const MatMulSpec& spec, const MatMulOperands& operands,
              const ParallelFor& parallel)
      : FloatGemm(
            spec.input == DType::kF32 ? Order::kAlternating : Order::kAligned,
            spec.m, spec.n, spec.k),
        spec_(spec),
        bias_(operands.bias),
        result_(operands.result),
        right_(GatherFloats(spec.input, operands.right, parallel)) {
    SetLeft(GatherFloats(spec.input, operands.left, parallel));
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

// Writes one result from its sum of products.
void FinishInteger(const IntegerMatMulSpec& spec,
                   const IntegerMatMulOperands& o, int64_t m, int64_t n,
                   int64_t value) {
  const size_t j = static_cast<size_t>(n);
  char* at = static_cast<char*>(o.result.base) +
             o.result.row[static_cast<size_t>(m)] + o.result.col[j];
  if (!o.bias.empty()) value += o.bias[j];
  if (spec.accumulate) {
    value +=
        Shift(LoadInteger(spec.old, at, 0), spec.old_shift, Rounding::kHalfUp);
  }
  value = Shift(value, spec.shift, Rounding::kHalfUp);
  if (spec.saturate) value = Saturate(value, spec.saturate_to);
  StoreIntegerWrapped(spec.result, at, 0, value);
}

// Row by row.
class WideMatMul final : public MatMul {
 public:
  WideMatMul(const IntegerMatMulSpec& spec,
             const IntegerMatMulOperands& operands)
      : spec_(spec), operands_(operands) {}

  int64_t NumTiles() const override { return spec_.m; }
  void Run(int64_t begin, int64_t end) const override {
    MultiplyIntegerRows(spec_, operands_, begin, end);
  }

 private:
  IntegerMatMulSpec spec_;
  IntegerMatMulOperands operands_;
};

// Operands of 8 bits, sums in 32.
class ByteMatMul final : public MatMul, private IntegerGemm {
 public:
  ByteMatMul(const IntegerMatMulSpec& spec,
             const IntegerMatMulOperands& operands)
      : IntegerGemm(spec.m, spec.n, spec.k), spec_(spec), operands_(operands) {
    left_.resize(static_cast<size_t>(m_ * k_pairs_ * 2));
    const MatrixView& left = operands_.left;
    const char* base = static_cast<const char*>(left.base);
    for (int64_t m = 0; m < m_; ++m) {
      int16_t* to = left_.data() + m * k_pairs_ * 2;
      const char* row = base + left.row[static_cast<size_t>(m)];
      for (int64_t k = 0; k < k_; ++k) {
        to[k] = static_cast<int16_t>(
            LoadInteger(spec.left, row + left.col[static_cast<size_t>(k)], 0));
      }
    }
  }

  int64_t NumTiles() const override { return IntegerGemm::NumTiles(); }
  void Run(int64_t begin, int64_t end) const override { RunTiles(begin, end); }

 private:
  void FillTile(int64_t n0, int64_t columns, int16_t* tile) const override {
    if (columns < kTile || (k_ & 1) != 0) {
      std::fill_n(tile, k_pairs_ * kTile * 2, int16_t{0});
    }
    if (spec_.right == DType::kI8) {
      Fill<int8_t>(n0, columns, tile);
    } else {
      Fill<uint8_t>(n0, columns, tile);
    }
  }

  template <typename T>
  void Fill(int64_t n0, int64_t columns, int16_t* tile) const {
    const MatrixView& right = operands_.right;
    const T* base = static_cast<const T*>(right.base);
    int64_t offset[kTile];
    int16_t zero[kTile] = {};
    bool dense = columns == kTile;
    for (int64_t t = 0; t < columns; ++t) {
      const size_t n = static_cast<size_t>(n0 + t);
      offset[t] = right.col[n];
      dense = dense && offset[t] == offset[0] + t;
      if (!operands_.zero_point.empty()) {
        zero[t] = static_cast<int16_t>(operands_.zero_point[n]);
      }
    }
    for (int64_t k = 0; k < k_; ++k) {
      const T* from = base + right.row[static_cast<size_t>(k)];
      int16_t* to = tile + k / 2 * kTile * 2 + (k & 1);
      if (dense) {
        from += offset[0];
        for (int64_t t = 0; t < kTile; ++t) {
          to[2 * t] = static_cast<int16_t>(from[t] - zero[t]);
        }
      } else {
        for (int64_t t = 0; t < columns; ++t) {
          to[2 * t] = static_cast<int16_t>(from[offset[t]] - zero[t]);
        }
      }
    }
  }

  void Store(int64_t m, int64_t n0, int64_t columns,
             const int32_t* row) const override {
    for (int64_t t = 0; t < columns; ++t) {
      FinishInteger(spec_, operands_, m, n0 + t, row[t]);
    }
  }

  IntegerMatMulSpec spec_;
  IntegerMatMulOperands operands_;
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
    const MatMulSpec& spec, const MatMulOperands& operands,
    const ParallelFor& parallel) {
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
  return std::unique_ptr<MatMul>(new FloatMatMul(spec, operands, parallel));
}

absl::Status Multiply(const MatMulSpec& spec, const MatMulOperands& operands) {
  auto product = MatMul::Prepare(spec, operands);
  if (!product.ok()) return product.status();
  (*product)->Run(0, (*product)->NumTiles());
  return absl::OkStatus();
}

absl::Status Validate(const IntegerMatMulSpec& spec) {
  if (IsFloat(spec.left) || IsFloat(spec.right) || IsFloat(spec.result)) {
    return absl::UnimplementedError(absl::StrCat(
        "integer matrix product of ", tpuc::Name(spec.left), " and ",
        tpuc::Name(spec.right), " to ", tpuc::Name(spec.result)));
  }
  return absl::OkStatus();
}

std::unique_ptr<MatMul> PrepareIntegerMatMul(
    const IntegerMatMulSpec& spec, const IntegerMatMulOperands& operands) {
  const auto is_8_bit = [](DType type) { return SizeOf(type) == 1; };
  // Sums of this many products of 8 bits and 9 bits with sign fit in 32 bits;
  // where only the low 32 bits count, all do.
  constexpr int64_t kNarrowDepth = 16000;
  const bool wraps =
      SizeOf(spec.result) == 4 && !spec.saturate && spec.shift == 0;
  if (is_8_bit(spec.left) && is_8_bit(spec.right) &&
      (spec.k <= kNarrowDepth || wraps)) {
    return std::make_unique<ByteMatMul>(spec, operands);
  }
  return std::make_unique<WideMatMul>(spec, operands);
}

void MultiplyIntegerRows(const IntegerMatMulSpec& spec,
                         const IntegerMatMulOperands& o, int64_t m_begin,
                         int64_t m_end) {
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
      int64_t sum = static_cast<int64_t>(sums[n]);
      if (sum < 0 && unsigned_sums) sum = std::numeric_limits<int64_t>::max();
      FinishInteger(spec, o, m, n, sum);
    }
  }
}

}  // namespace tpuc::numerics
