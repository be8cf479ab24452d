// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/interpreter/top/pointwise.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

struct AddOf {
  float operator()(float a, float b) const { return a + b; }
};
struct SubOf {
  float operator()(float a, float b) const { return a - b; }
};
struct MulOf {
  float operator()(float a, float b) const { return a * b; }
};
struct DivOf {
  float operator()(float a, float b) const { return a / b; }
};

struct MaxOf {
  float operator()(float a, float b) const { return a > b ? a : b; }
};
struct MinOf {
  float operator()(float a, float b) const { return a > b ? b : a; }
};
struct PReluOf {
  float operator()(float x, float slope) const { return x < 0 ? x * slope : x; }
};

// Elements between neighbours along each of the result's dimensions; 0 where
// the operand is broadcast.
std::vector<int64_t> BroadcastStrides(llvm::ArrayRef<int64_t> operand,
                                      llvm::ArrayRef<int64_t> result) {
  std::vector<int64_t> strides(result.size(), 0);
  int64_t stride = 1;
  for (size_t i = 0; i < operand.size(); ++i) {
    const size_t from = operand.size() - 1 - i, to = result.size() - 1 - i;
    if (operand[from] != 1) strides[to] = stride;
    stride *= operand[from];
  }
  return strides;
}

// A dimension of the result, and how the operands move along it.
struct Axis {
  int64_t extent, left, right;
};

// The result's dimensions, those merged that both operands move along alike.
// The last one is there always.
std::vector<Axis> MergedAxes(llvm::ArrayRef<int64_t> left,
                             llvm::ArrayRef<int64_t> right,
                             llvm::ArrayRef<int64_t> result) {
  const std::vector<int64_t> ls = BroadcastStrides(left, result);
  const std::vector<int64_t> rs = BroadcastStrides(right, result);
  std::vector<Axis> axes;
  for (size_t i = 0; i < result.size(); ++i) {
    if (result[i] == 1) continue;
    const Axis axis{result[i], ls[i], rs[i]};
    if (!axes.empty() && axes.back().left == axis.left * axis.extent &&
        axes.back().right == axis.right * axis.extent) {
      axes.back() = {axes.back().extent * axis.extent, axis.left, axis.right};
    } else {
      axes.push_back(axis);
    }
  }
  if (axes.empty()) axes.push_back({1, 0, 0});
  return axes;
}

// f of the elements of two operands that broadcast to the result.
template <typename F>
class BroadcastKernel : public Kernel {
 public:
  BroadcastKernel(llvm::ArrayRef<int64_t> left, llvm::ArrayRef<int64_t> right,
                  llvm::ArrayRef<int64_t> result)
      : axes_(MergedAxes(left, right, result)),
        whole_{left == result, right == result} {}

  bool MayOverwrite(size_t operand) const override { return whole_[operand]; }

  void Run(llvm::ArrayRef<TensorView> operands, const TensorView& result,
           const Finish& finish, int threads) const override {
    const Axis row = axes_.back();
    const int64_t rows = result.NumElements() / row.extent;
    const int64_t grain = std::max<int64_t>(1, (1 << 14) / row.extent);
    ParallelFor(threads, rows, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float* l = operands[0].data<float>();
        const float* r = operands[1].data<float>();
        int64_t index = i;
        for (size_t d = axes_.size() - 1; d-- > 0;) {
          l += index % axes_[d].extent * axes_[d].left;
          r += index % axes_[d].extent * axes_[d].right;
          index /= axes_[d].extent;
        }
        float* y = result.data<float>() + i * row.extent;
        Row(l, r, y);
        finish(y, i * row.extent, row.extent);
      }
    });
  }

 private:
  void Row(const float* l, const float* r, float* y) const {
    const Axis row = axes_.back();
    const int64_t n = row.extent;
    const F f;
    numerics::Vectorized([&]() TPUC_INLINE_LOOP {
      if (row.left == 1 && row.right == 1) {
        for (int64_t j = 0; j < n; ++j) y[j] = f(l[j], r[j]);
      } else if (row.left == 1 && row.right == 0) {
        const float b = *r;
        for (int64_t j = 0; j < n; ++j) y[j] = f(l[j], b);
      } else if (row.left == 0 && row.right == 1) {
        const float a = *l;
        for (int64_t j = 0; j < n; ++j) y[j] = f(a, r[j]);
      } else {
        for (int64_t j = 0; j < n; ++j) {
          y[j] = f(l[j * row.left], r[j * row.right]);
        }
      }
    });
  }

  std::vector<Axis> axes_;
  bool whole_[2];
};

template <typename F, typename Op>
Pointwise MakeBinary(Op op, unsigned chained) {
  const auto shape = top::ShapeOf(op.getOutput());
  if (top::ShapeOf(op.getLhs()) != shape ||
      top::ShapeOf(op.getRhs()) != shape) {
    return nullptr;
  }
  return Binary(F(), chained, ReluBounds::Of(op));
}

template <typename F, typename Op>
absl::StatusOr<PreparedKernel> PrepareBinary(Op op) {
  return PreparedKernel{
      std::make_unique<BroadcastKernel<F>>(top::ShapeOf(op.getLhs()),
                                           top::ShapeOf(op.getRhs()),
                                           top::ShapeOf(op.getOutput())),
      FusedRelu(op)};
}

class ScaleKernel : public Kernel {
 public:
  bool MayOverwrite(size_t operand) const override { return operand == 0; }

  void Run(llvm::ArrayRef<TensorView> operands, const TensorView& result,
           const Finish& finish, int threads) const override {
    const float* scale = operands[1].data<float>();
    const float* bias = operands[2].data<float>();
    const int64_t channels = result.shape()[1];
    const int64_t planes = result.shape()[0] * channels;
    const int64_t inner = result.NumElements() / std::max<int64_t>(1, planes);
    ParallelFor(threads, planes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) {
        const float* x = operands[0].data<float>() + c * inner;
        float* y = result.data<float>() + c * inner;
        const float s = scale[c % channels], b = bias[c % channels];
        numerics::Vectorized([&]() TPUC_INLINE_LOOP {
          for (int64_t i = 0; i < inner; ++i) y[i] = x[i] * s + b;
        });
        finish(y, c * inner, inner);
      }
    });
  }
};

}  // namespace

Pointwise MakeAdd(top::AddOp op, unsigned chained) {
  return MakeBinary<AddOf>(op, chained);
}
Pointwise MakeSub(top::SubOp op, unsigned chained) {
  return MakeBinary<SubOf>(op, chained);
}
Pointwise MakeMul(top::MulOp op, unsigned chained) {
  return MakeBinary<MulOf>(op, chained);
}
Pointwise MakeDiv(top::DivOp op, unsigned chained) {
  return MakeBinary<DivOf>(op, chained);
}

Pointwise MakeMax(top::MaxOp op, unsigned chained) {
  return MakeBinary<MaxOf>(op, chained);
}
Pointwise MakeMin(top::MinOp op, unsigned chained) {
  return MakeBinary<MinOf>(op, chained);
}

absl::StatusOr<PreparedKernel> PrepareAdd(top::AddOp op) {
  return PrepareBinary<AddOf>(op);
}
absl::StatusOr<PreparedKernel> PrepareSub(top::SubOp op) {
  return PrepareBinary<SubOf>(op);
}
absl::StatusOr<PreparedKernel> PrepareMul(top::MulOp op) {
  return PrepareBinary<MulOf>(op);
}
absl::StatusOr<PreparedKernel> PrepareDiv(top::DivOp op) {
  return PrepareBinary<DivOf>(op);
}

absl::StatusOr<PreparedKernel> PrepareMax(top::MaxOp op) {
  return PrepareBinary<MaxOf>(op);
}
absl::StatusOr<PreparedKernel> PrepareMin(top::MinOp op) {
  return PrepareBinary<MinOf>(op);
}

absl::StatusOr<PreparedKernel> PreparePRelu(top::PReluOp op) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  return PreparedKernel{
      std::make_unique<BroadcastKernel<PReluOf>>(top::ShapeOf(op.getInput()),
                                                 top::ShapeOf(op.getSlope()),
                                                 top::ShapeOf(op.getOutput())),
      {}};
}

absl::StatusOr<PreparedKernel> PrepareScale(top::ScaleOp op) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  return PreparedKernel{std::make_unique<ScaleKernel>(), {}};
}

}  // namespace tpuc::interpreter
