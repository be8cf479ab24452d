// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>

#include "compiler/interpreter/tpu/evaluators.h"
#include "compiler/numerics/elementwise.h"
#include "compiler/numerics/exp_recipe.h"
#include "compiler/numerics/special.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {

using numerics::ArOp;
using numerics::Elementwise;
using numerics::ElementwiseSpec;
using numerics::Rounding;

namespace {

// The instructions of the recipe, with their types resolved.
class ExpRecipe {
 public:
  static absl::StatusOr<ExpRecipe> Create() {
    ExpRecipe recipe;
    const struct {
      std::optional<Elementwise>& step;
      ElementwiseSpec spec;
    } steps[] = {
        {recipe.max_, Float(ArOp::kMax)},
        {recipe.min_, Float(ArOp::kMin)},
        {recipe.mul_, Float(ArOp::kMul)},
        {recipe.sub_, Float(ArOp::kSub)},
        {recipe.floor_, Cast(DType::kF32, Rounding::kDown)},
        {recipe.to_integer_, Cast(DType::kI16, Rounding::kHalfAwayFromZero)},
    };
    for (const auto& [step, spec] : steps) {
      absl::StatusOr<Elementwise> created = Elementwise::Create(spec);
      if (!created.ok()) return created.status();
      step = *created;
    }
    return recipe;
  }

  // y = e^x for at most kRow elements.
  static constexpr int64_t kRow = 1024;
  void Run(int64_t count, const float* x, float* y) const {
    std::array<float, kRow> limited, t, k;
    std::array<int16_t, kRow> exponent;
    std::array<float, kRow> power;
    Apply(*max_, count, limited.data(), x, &numerics::kExpMin);
    Apply(*min_, count, limited.data(), limited.data(), &numerics::kExpMax);
    Apply(*mul_, count, t.data(), limited.data(), &numerics::kLog2E);
    floor_->Row(count, k.data(), 1, {t.data(), 1}, {}, {});
    Apply(*mul_, count, t.data(), k.data(), &numerics::kLn2);
    sub_->Row(count, t.data(), 1, {limited.data(), 1}, {t.data(), 1}, {});
    to_integer_->Row(count, exponent.data(), 1, {k.data(), 1}, {}, {});
    for (int64_t i = 0; i < count; ++i) {
      const int e =
          std::clamp<int>(exponent[i], -numerics::kExpBias, numerics::kExpBias);
      power[i] =
          numerics::BitsFloat(static_cast<uint32_t>(e + numerics::kExpBias)
                              << numerics::kExpMantissaBits);
    }
    numerics::TaylorRow(DType::kF32, count, t.data(), 1, numerics::kExpSeries,
                        numerics::kExpTerms, y, 1);
    mul_->Row(count, y, 1, {y, 1}, {power.data(), 1}, {});
  }

 private:
  static ElementwiseSpec Float(ArOp op) {
    ElementwiseSpec spec;
    spec.op = op;
    return spec;
  }
  static ElementwiseSpec Cast(DType to, Rounding rounding) {
    ElementwiseSpec spec;
    spec.op = ArOp::kCast;
    spec.res = to;
    spec.rounding = rounding;
    return spec;
  }
  static void Apply(const Elementwise& step, int64_t count, float* res,
                    const float* x, const float* constant) {
    step.Row(count, res, 1, {x, 1}, {constant, 0}, {});
  }

  std::optional<Elementwise> max_, min_, mul_, sub_, floor_, to_integer_;
};

}  // namespace

TensorOr EvalExp(tpu::ExpOp op, const Values& values,
                 const RunOptions& options) {
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const Tensor& x = values[op.getInput()];
  const absl::StatusOr<ExpRecipe> recipe = ExpRecipe::Create();
  if (!recipe.ok()) return recipe.status();
  const float* from = x.data<float>();
  float* to = result->data<float>();
  ParallelFor(options.threads, x.NumElements(), ExpRecipe::kRow * 8,
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; i += ExpRecipe::kRow) {
                  recipe->Run(std::min(ExpRecipe::kRow, end - i), from + i,
                              to + i);
                }
              });
  return result;
}

}  // namespace tpuc::interpreter
