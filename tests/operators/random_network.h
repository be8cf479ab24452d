// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/support/tensor.h"

namespace tpuc {

// A network of the top dialect whose operators, attributes and shapes are drawn
// from a seed: odd sizes, broadcasts, asymmetric pads, dilations, batches.
struct RandomNetwork {
  std::string text;  // a module in state TOP_F32
  TensorMap weights;
  TensorMap inputs;
  std::vector<std::string> operators;  // e.g. "Conv", "MaxPool"
};

// The same for the same seed on every machine.
RandomNetwork MakeRandomNetwork(uint32_t seed);

}  // namespace tpuc
