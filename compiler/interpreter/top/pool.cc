// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/interpreter/top/planes.h"
#include "compiler/interpreter/top/pointwise.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

template <typename Op>
PlaneWindow WindowOf(Op op) {
  const auto in = top::ShapeOf(op.getInput()),
             out = top::ShapeOf(op.getOutput());
  const auto kernel = op.getKernelShape(), strides = op.getStrides(),
             pads = op.getPads();
  return {in[2],      in[3],      out[2], out[3], kernel[0], kernel[1],
          strides[0], strides[1], 1,      1,      pads[0],   pads[1]};
}

// Taps that lie inside the plane, of output element `at`.
int64_t Inside(int64_t at, int64_t stride, int64_t pad, int64_t kernel,
               int64_t extent) {
  const int64_t begin = at * stride - pad;
  return std::min(begin + kernel, extent) - std::max<int64_t>(begin, 0);
}

// Calls body(plane, to) for each plane and its result.
template <typename Body>
void ForPlanes(const PlaneWindow& w, const TensorView& input,
               const TensorView& result, const Finish& finish, int threads,
               const Body& body) {
  const int64_t in = w.ih * w.iw, out = w.oh * w.ow;
  ParallelFor(threads, result.NumElements() / out, 1,
              [&](int64_t begin, int64_t end) {
                auto state = body.Begin();
                for (int64_t c = begin; c < end; ++c) {
                  float* to = result.data<float>() + c * out;
                  body(state, input.data<float>() + c * in, to);
                  finish(to, c * out, out);
                }
              });
}

class MaxPoolKernel : public Kernel {
 public:
  explicit MaxPoolKernel(const PlaneWindow& window) : w_(window) {}

  void Run(llvm::ArrayRef<TensorView> operands, const TensorView& result,
           const Finish& finish, int threads) const override {
    ForPlanes(w_, operands[0], result, finish, threads, *this);
  }

  SplitPlane Begin() const {
    return SplitPlane(w_, -std::numeric_limits<float>::infinity());
  }
  void operator()(SplitPlane& rows, const float* plane, float* to) const {
    rows.Fill(plane);
    const int64_t* offsets = rows.Offsets().data();
    for (int64_t y = 0; y < w_.oh; ++y, to += w_.ow) {
      std::fill(to, to + w_.ow, -std::numeric_limits<float>::infinity());
      for (int64_t ky = 0; ky < w_.kh; ++ky) {
        const float* row = rows.Row(w_.Row(y, ky));
        numerics::Vectorized([&]() TPUC_INLINE_LOOP {
          for (int64_t kx = 0; kx < w_.kw; ++kx) {
            const float* from = row + offsets[kx];
            for (int64_t x = 0; x < w_.ow; ++x) {
              to[x] = to[x] < from[x] ? from[x] : to[x];
            }
          }
        });
      }
    }
  }

 private:
  PlaneWindow w_;
};

// Sums in f64, by kernel row and column; that of a whole plane in 16 parts,
// element i in part i modulo 16.
class AvgPoolKernel : public Kernel {
 public:
  AvgPoolKernel(const PlaneWindow& window, bool include_pad)
      : w_(window), include_pad_(include_pad) {}

  void Run(llvm::ArrayRef<TensorView> operands, const TensorView& result,
           const Finish& finish, int threads) const override {
    ForPlanes(w_, operands[0], result, finish, threads, *this);
  }

  struct State {
    SplitPlane rows;
    std::vector<double> sums;
  };
  State Begin() const {
    return {SplitPlane(w_, 0.0f), std::vector<double>(w_.ow)};
  }
  void operator()(State& state, const float* plane, float* to) const {
    const int64_t whole = w_.kh * w_.kw;
    if (w_.oh == 1 && w_.ow == 1 && w_.kh == w_.ih && w_.kw == w_.iw &&
        w_.top == 0 && w_.left == 0) {
      *to =
          static_cast<float>(SumOf(plane, whole) / static_cast<double>(whole));
      return;
    }
    state.rows.Fill(plane);
    for (int64_t y = 0; y < w_.oh; ++y, to += w_.ow) {
      SumRow(state, y);
      const int64_t rows = Inside(y, w_.stride_h, w_.top, w_.kh, w_.ih);
      for (int64_t x = 0; x < w_.ow; ++x) {
        const int64_t columns = Inside(x, w_.stride_w, w_.left, w_.kw, w_.iw);
        to[x] = static_cast<float>(
            state.sums[x] /
            static_cast<double>(include_pad_ ? whole : rows * columns));
      }
    }
  }

 private:
  void SumRow(State& state, int64_t y) const {
    double* sums = state.sums.data();
    const int64_t* offsets = state.rows.Offsets().data();
    std::fill(sums, sums + w_.ow, 0.0);
    for (int64_t ky = 0; ky < w_.kh; ++ky) {
      const float* row = state.rows.Row(w_.Row(y, ky));
      numerics::Vectorized([&]() TPUC_INLINE_LOOP {
        for (int64_t kx = 0; kx < w_.kw; ++kx) {
          const float* from = row + offsets[kx];
          for (int64_t x = 0; x < w_.ow; ++x) sums[x] += double{from[x]};
        }
      });
    }
  }

  static double SumOf(const float* x, int64_t count) {
    constexpr int64_t kParts = 16;
    double parts[kParts] = {};
    int64_t i = 0;
    numerics::Vectorized([&]() TPUC_INLINE_LOOP {
      for (; i + kParts <= count; i += kParts) {
        for (int64_t k = 0; k < kParts; ++k) parts[k] += double{x[i + k]};
      }
    });
    for (int64_t k = 0; i + k < count; ++k) parts[k] += double{x[i + k]};
    double sum = 0;
    for (double part : parts) sum += part;
    return sum;
  }

  PlaneWindow w_;
  bool include_pad_;
};

}  // namespace

absl::StatusOr<PreparedKernel> PrepareMaxPool(top::MaxPoolOp op) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  return PreparedKernel{std::make_unique<MaxPoolKernel>(WindowOf(op)), {}};
}

absl::StatusOr<PreparedKernel> PrepareAvgPool(top::AvgPoolOp op) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  return PreparedKernel{
      std::make_unique<AvgPoolKernel>(WindowOf(op), op.getCountIncludePad()),
      {}};
}

}  // namespace tpuc::interpreter
