// SPDX-License-Identifier: Apache-2.0
// Programs of matrix products of two activations and of functions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "compiler/conversion/tpu_to_isa/program_checking.h"
#include "gtest/gtest.h"

namespace tpuc {
namespace {

struct Batches {
  int64_t left = 1, right = 1;
  int64_t m = 1, k = 1, n = 1;
  bool transposed = false;
};

// %y = %x times a weight, in the form for two activations.
void CheckBatches(const Batches& b, const std::string& type,
                  const std::string& result, const std::string& attributes,
                  int64_t lane_bytes) {
  const auto shape = [](int64_t batch, int64_t rows, int64_t columns,
                        const std::string& element) {
    return absl::StrCat(batch, "x", rows, "x", columns, "x", element);
  };
  const std::string x = shape(b.left, b.m, b.k, type);
  const std::string w = b.transposed ? shape(b.right, b.n, b.k, type)
                                     : shape(b.right, b.k, b.n, type);
  const std::string y = shape(std::max(b.left, b.right), b.m, b.n, result);
  SCOPED_TRACE(absl::StrCat(x, " ", w, " ", y, " ", attributes));
  Check(x, y,
        absl::StrCat(
            Weight("w", w),
            "%y = \"tpu.MatMul\"(%x, %w) <{form = ", type == "f32" ? 1 : 2,
            " : i32, right_transpose = ", b.transposed ? "true" : "false",
            attributes, "}> : (tensor<", x, ">, tensor<", w, ">) -> tensor<", y,
            "> loc(\"y\")"),
        lane_bytes);
}

TEST(Program, BatchMatMuls) {
  for (const std::string type : {"f32", "f16", "bf16"}) {
    for (const bool transposed : {false, true}) {
      CheckBatches({8, 8, 40, 15, 40, transposed}, type, type, "",
                   isa::kLaneBytes);
      CheckBatches({3, 1, 70, 33, 129, transposed}, type, type,
                   ", do_relu = true, relu_limit = 6.0 : f64", 4096);
      CheckBatches({1, 2, 1, 100, 1, transposed}, type, "f32", "", 8192);
    }
    // Larger than local memory.
    CheckBatches({1, 1, 130, 700, 9000}, type, type, "", isa::kLaneBytes);
  }
  for (const std::string result : {"f16", "f32"}) {
    for (const bool transposed : {false, true}) {
      CheckBatches({2, 2, 66, 100, 35, transposed}, "f16", result,
                   ", ic_cuts = array<i64: 32, 96>, do_relu = true", 4096);
    }
  }
}

TEST(Program, RandomBatchMatMulsInLittleMemory) {
  std::mt19937 g(15);
  const std::string types[] = {"f32", "f16", "bf16"};
  for (int i = 0; i < 60; ++i) {
    const std::string& type = types[i % 3];
    const int64_t batches = Pick(g, 1, 4);
    Batches b;
    b.left = i % 4 == 1 ? 1 : batches;
    b.right = i % 4 == 2 ? 1 : batches;
    b.m = Pick(g, 1, 150);
    b.k = Pick(g, 1, 90);
    b.n = Pick(g, 1, 150);
    b.transposed = i % 2 != 0;
    const bool cut = type != "f32" && b.k > 32 && i % 5 != 0;
    CheckBatches(b, type, i % 7 == 0 ? "f32" : type,
                 cut ? ", ic_cuts = array<i64: 32>" : "",
                 Pick(g, 3, 16) * 4096);
  }
}

TEST(Program, Rsqrt) {
  Check("1003xf32", "1003xf32", Unary("Rsqrt", "", "1003xf32", "1003xf32"));
  Check("2x200000xf32", "2x200000xf32",
        Unary("Rsqrt", "", "2x200000xf32", "2x200000xf32"));
}

TEST(Program, Logarithm) {
  for (const std::string op : {"Log", "ErfSeries"}) {
    Check("1003xf32", "1003xf32", Unary(op, "", "1003xf32", "1003xf32"));
    Check("2x200000xf32", "2x200000xf32",
          Unary(op, "", "2x200000xf32", "2x200000xf32"));
  }
}

TEST(Program, Absolute) {
  for (const std::string type : {"f32", "f16", "bf16"})
    Check("3x77x" + type, "3x77x" + type,
          Unary("Abs", "", "3x77x" + type, "3x77x" + type));
}

}  // namespace
}  // namespace tpuc
