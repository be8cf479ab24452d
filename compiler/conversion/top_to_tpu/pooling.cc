// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "compiler/conversion/top_to_tpu/geometry.h"
#include "compiler/conversion/top_to_tpu/lowering.h"

namespace tpuc {

using llvm::ArrayRef;
using llvm::FailureOr;
using mlir::Value;

namespace {

// How many elements of the input, not of its padding, each window covers along
// one axis.
std::vector<int64_t> Covered(int64_t in, int64_t out, int64_t kernel,
                             int64_t stride, int64_t before) {
  std::vector<int64_t> counts;
  for (int64_t o = 0; o < out; ++o) {
    const int64_t start = o * stride - before;
    counts.push_back(std::max<int64_t>(
        1, std::min(start + kernel, in) - std::max<int64_t>(start, 0)));
  }
  return counts;
}

FailureOr<Value> LowerMaxPool(top::MaxPoolOp op, Lowering& lowering) {
  // A maximum is exact in any type: stay in the operand's.
  const Value input = lowering.Moved(op.getInput());
  return lowering.Create<tpu::Pool2DOp>(
      Lowering::Shape(op.getOutput()), tpu::ElementTypeOf(input), input,
      tpu::PoolKind::max, op.getKernelShape(), op.getStrides(), op.getPads(),
      llvm::APFloat(1.0));
}

// A sum over all pixels, as one row of the reduction for each channel.
FailureOr<Value> LowerGlobalPool(top::AvgPoolOp op, Lowering& lowering) {
  const auto in = Lowering::Shape(op.getInput());
  const int64_t rows = in[0] * in[1], pixels = in[2] * in[3];
  const mlir::Type type =
      pixels > kMaxTermsIn16Bits ? lowering.f32() : lowering.storage();
  const Value x = lowering.CreateNamed<tpu::ReshapeOp>(
      "pixels", ArrayRef<int64_t>{rows, pixels, 1}, type,
      lowering.As(op.getInput(), type));
  const Value mean = lowering.CreateNamed<tpu::ReduceOp>(
      "mean", ArrayRef<int64_t>{rows, 1, 1}, type, x, tpu::ReduceKind::sum,
      static_cast<uint64_t>(pixels), llvm::APFloat(1.0 / pixels));
  return lowering.Create<tpu::ReshapeOp>(Lowering::Shape(op.getOutput()), type,
                                         mean);
}

// The chip divides by the size of the whole window; where a window reaches into
// the padding that must not count, a factor for each pixel makes up for it.
FailureOr<Value> LowerAvgPool(top::AvgPoolOp op, Lowering& lowering) {
  if (IsGlobal(op)) return LowerGlobalPool(op, lowering);
  const auto out = Lowering::Shape(op.getOutput());
  const auto kernel = op.getKernelShape();
  const int64_t terms = kernel[0] * kernel[1];
  const mlir::Type type =
      terms > kMaxTermsIn16Bits ? lowering.f32() : lowering.storage();
  const Value x = lowering.As(op.getInput(), type);

  std::vector<float> factors = PadFactors(op);
  const bool all_whole = factors.empty();
  const Value mean = lowering.CreateNamed<tpu::Pool2DOp>(
      all_whole ? "" : "window_mean", out, type, x, tpu::PoolKind::avg, kernel,
      op.getStrides(), op.getPads(), llvm::APFloat(1.0 / terms));
  if (all_whole) return mean;
  const Value factor = lowering.Constant(
      "pad_factor", type, Tensor(DType::kF32, {1, 1, out[2], out[3]}, factors));
  return lowering.Create<tpu::BinaryOp>(out, type, mean, factor,
                                        tpu::BinaryKind::mul, false,
                                        llvm::APFloat(-1.0));
}

}  // namespace

bool IsGlobal(top::AvgPoolOp op) {
  const auto in = Lowering::Shape(op.getInput());
  const auto out = Lowering::Shape(op.getOutput());
  return out[2] == 1 && out[3] == 1 && op.getKernelShape()[0] == in[2] &&
         op.getKernelShape()[1] == in[3] &&
         llvm::all_of(op.getPads(), [](int64_t pad) { return pad == 0; });
}

std::vector<float> PadFactors(top::AvgPoolOp op) {
  std::vector<float> factors;
  if (op.getCountIncludePad()) return factors;
  const auto in = Lowering::Shape(op.getInput());
  const auto out = Lowering::Shape(op.getOutput());
  const auto kernel = op.getKernelShape();
  const int64_t terms = kernel[0] * kernel[1];
  const auto rows =
      Covered(in[2], out[2], kernel[0], op.getStrides()[0], op.getPads()[0]);
  const auto cols =
      Covered(in[3], out[3], kernel[1], op.getStrides()[1], op.getPads()[1]);
  bool all_whole = true;
  for (int64_t r : rows) {
    for (int64_t c : cols) {
      factors.push_back(static_cast<float>(terms) / static_cast<float>(r * c));
      all_whole &= r * c == terms;
    }
  }
  if (all_whole) factors.clear();
  return factors;
}

void AddPoolingLowerings(Lowerings& lowerings) {
  lowerings.Add<top::MaxPoolOp>(LowerMaxPool);
  lowerings.Add<top::AvgPoolOp>(LowerAvgPool);
}

}  // namespace tpuc
