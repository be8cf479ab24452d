// SPDX-License-Identifier: Apache-2.0
// What the tests of programs share.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "compiler/isa/codes.h"

namespace tpuc {

// Compiles a network of the tpu dialect, runs its instructions on the simulator
// in both extreme orders, and compares every tensor bit for bit with the
// interpreter. `body` reads %x, the input of the given type, and ends with %y;
// weights get random values. Inputs and weights of a quantized type are
// quantized from f32. `lane_bytes`: local memory to use; little makes many
// slices. `largest` receives the most operations that run together.
void Check(const std::string& input, const std::string& output,
           const std::string& body, int64_t lane_bytes = isa::kLaneBytes,
           int* largest = nullptr);

// %name, a weight of the type.
std::string Weight(const std::string& name, const std::string& type);

// %y = tpu.op of %x.
std::string Unary(const std::string& op, const std::string& attributes,
                  const std::string& in, const std::string& out);

// A number from `low` to `high`.
int64_t Pick(std::mt19937& generator, int64_t low, int64_t high);

// "2x3xf32"
std::string Shape(const std::vector<int64_t>& shape, const std::string& type);

// "name = array<i64: 1, 2>"
std::string List(const char* name, const std::vector<int64_t>& values);

}  // namespace tpuc
