// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/bmodel/bmodel.h"

// Small hand-made bmodels for the tests of the runtime.
namespace tpuc::runtime {

inline constexpr uint64_t kTestCoeff = 0x100000000;
inline constexpr uint64_t kTestCtx = 0x140000000;  // a gap behind the weights

struct ProductOptions {
  int64_t size = 8;                     // values, at most 8
  uint64_t store_to = kTestCtx + 4096;  // where the result is written
  uint64_t local_y = 0x08008000;        // where it is before, in lane 0
  bool overwrite_weights = false;       // by the result
  std::vector<float> weights = {1, 2, 3, 4, 5, 6, 7, 8};
};

// y = x * w in f32: x [2, size / 2] at ctx, y [size] at ctx + 4096. The
// intermediate tensor "loaded", a copy of x, is located in the file.
bmodel::Stage ProductStage(const ProductOptions& options = {});

// A net "product" of these stages.
bmodel::Model ProductModel(const std::vector<bmodel::Stage>& stages);

// Serialized; aborts when that fails.
std::string BytesOf(const bmodel::Model& model);

}  // namespace tpuc::runtime
