// SPDX-License-Identifier: Apache-2.0
// Floats with the error that 8 bits give them.
#pragma once

#include <cstdint>

#include "compiler/support/tensor.h"

namespace tpuc::quantization {

// To the multiples of threshold / 127 from -128 to 127, or, with `is_signed`
// false, of threshold / 255 from 0 to 255: the nearest, of two the one further
// from 0.
void FakeQuantize(const float* values, int64_t count, float threshold,
                  bool is_signed, float* result);

// Every slice along `axis` with its own largest magnitude as threshold.
Tensor FakeQuantizeChannels(const Tensor& weights, int64_t axis);

// The sum of squared differences, in one order.
double SquaredDistance(const float* a, const float* b, int64_t count);

}  // namespace tpuc::quantization
