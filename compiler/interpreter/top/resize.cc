// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/top/resize.h"

#include <algorithm>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/interpreter/top/pointwise.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

// Columns first, then rows; each is summed in f64 and rounded.
class ResizeKernel : public Kernel {
 public:
  explicit ResizeKernel(top::ResizeOp op)
      : rows_(top::InterpolationAlong(op, 0)),
        columns_(top::InterpolationAlong(op, 1)) {
    const auto in = top::ShapeOf(op.getInput()),
               out = top::ShapeOf(op.getOutput());
    ih_ = in[2];
    iw_ = in[3];
    oh_ = out[2];
    ow_ = out[3];
  }

  void Run(llvm::ArrayRef<TensorView> operands, const TensorView& result,
           const Finish& finish, int threads) const override {
    ParallelFor(threads, result.NumElements() / (oh_ * ow_), 1,
                [&](int64_t begin, int64_t end) {
                  std::vector<float> wide(ih_ * ow_);
                  std::vector<double> sums(ow_);
                  for (int64_t c = begin; c < end; ++c) {
                    const float* from =
                        operands[0].data<float>() + c * ih_ * iw_;
                    float* to = result.data<float>() + c * oh_ * ow_;
                    for (int64_t y = 0; y < ih_; ++y) {
                      AlongRow(from + y * iw_, &wide[y * ow_]);
                    }
                    for (int64_t y = 0; y < oh_; ++y) {
                      AcrossRows(wide.data(), y, sums, to + y * ow_);
                    }
                    finish(to, c * oh_ * ow_, oh_ * ow_);
                  }
                });
  }

 private:
  void AlongRow(const float* from, float* to) const {
    const size_t taps = columns_.indices.size();
    for (int64_t x = 0; x < ow_; ++x) {
      if (columns_.IsNearest()) {
        to[x] = from[columns_.indices[0][x]];
        continue;
      }
      double sum = 0;
      for (size_t t = 0; t < taps; ++t) {
        sum += double{columns_.weights[t][x]} * from[columns_.indices[t][x]];
      }
      to[x] = static_cast<float>(sum);
    }
  }

  void AcrossRows(const float* wide, int64_t y, std::vector<double>& sums,
                  float* to) const {
    if (rows_.IsNearest()) {
      const float* from = wide + rows_.indices[0][y] * ow_;
      std::copy(from, from + ow_, to);
      return;
    }
    std::fill(sums.begin(), sums.end(), 0.0);
    double* sum = sums.data();
    for (size_t t = 0; t < rows_.indices.size(); ++t) {
      const double weight = rows_.weights[t][y];
      const float* from = wide + rows_.indices[t][y] * ow_;
      numerics::Vectorized([&]() TPUC_INLINE_LOOP {
        for (int64_t x = 0; x < ow_; ++x) sum[x] += weight * from[x];
      });
    }
    for (int64_t x = 0; x < ow_; ++x) to[x] = static_cast<float>(sum[x]);
  }

  top::Interpolation rows_, columns_;
  int64_t ih_, iw_, oh_, ow_;
};

}  // namespace

absl::StatusOr<PreparedKernel> PrepareResize(top::ResizeOp op) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  return PreparedKernel{std::make_unique<ResizeKernel>(op), {}};
}

}  // namespace tpuc::interpreter
