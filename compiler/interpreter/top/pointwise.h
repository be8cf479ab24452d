// SPDX-License-Identifier: Apache-2.0
// Functions of one element as loops that are compiled for each vector level.
// Products and sums are rounded separately, so all levels give the same bits.
#pragma once

#include <cmath>
#include <utility>

#include "compiler/interpreter/evaluators.h"
#include "compiler/numerics/simd.h"

namespace tpuc::interpreter {

// As the hardware and ONNX do: a NaN passes.
inline float Clamp(float x, float least, float most) {
  x = x < least ? least : x;
  return x > most ? most : x;
}

// y = f(y)
template <typename F>
Pointwise Unary(F f) {
  return [f](float* y, const float*, int64_t count) {
    numerics::Vectorized([&]() TPUC_INLINE_LOOP {
      for (int64_t i = 0; i < count; ++i) y[i] = f(y[i]);
    });
  };
}

// The clamp of operations with do_relu and relu_limit; without it the bounds
// are infinite.
struct ReluBounds {
  float least, most;

  template <typename Op>
  static ReluBounds Of(Op op) {
    if (!op.getDoRelu()) return {-HUGE_VALF, HUGE_VALF};
    const double limit = op.getReluLimit().convertToDouble();
    return {0, limit >= 0 ? static_cast<float>(limit) : HUGE_VALF};
  }
};

// y = clamp(f(y, other)) where the chained operand is the left one, else
// clamp(f(other, y)).
template <typename F>
Pointwise Binary(F f, unsigned chained, ReluBounds relu) {
  if (chained == 0) {
    return [f, relu](float* y, const float* other, int64_t count) {
      numerics::Vectorized([&]() TPUC_INLINE_LOOP {
        for (int64_t i = 0; i < count; ++i) {
          y[i] = Clamp(f(y[i], other[i]), relu.least, relu.most);
        }
      });
    };
  }
  return [f, relu](float* y, const float* other, int64_t count) {
    numerics::Vectorized([&]() TPUC_INLINE_LOOP {
      for (int64_t i = 0; i < count; ++i) {
        y[i] = Clamp(f(other[i], y[i]), relu.least, relu.most);
      }
    });
  };
}

}  // namespace tpuc::interpreter
