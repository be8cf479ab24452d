// SPDX-License-Identifier: Apache-2.0
// Programs of elementwise operations with operands or results of 8 bits, and of
// those that move 8-bit elements.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "compiler/conversion/tpu_to_isa/program_checking.h"
#include "compiler/isa/codes.h"
#include "gtest/gtest.h"

namespace tpuc {
namespace {

constexpr char kFloats[3][5] = {"f32", "f16", "bf16"};
// Signed, signed with a zero point, unsigned.
const std::string kQuantized[] = {"!quant.uniform<i8:f32, 1.7e-02>",
                                  "!quant.uniform<i8:f32, 9.1e-03:-37>",
                                  "!quant.uniform<u8:f32, 1.1e-02>"};

// Small, with a rest that doesn't fill the lanes, and larger than local memory.
const struct {
  std::string shape;
  int64_t lane_bytes;
} kSizes[] = {{"1003x", isa::kLaneBytes},
              {"2x70x5x6x", isa::kLaneBytes},
              {"3x70001x", 12288}};

// %y = op of %x, in all sizes.
void CheckUnary(const std::string& op, const std::string& attributes,
                const std::string& from, const std::string& to) {
  for (const auto& [shape, lane_bytes] : kSizes) {
    SCOPED_TRACE(
        absl::StrCat(op, " ", attributes, " ", shape, " ", from, " to ", to));
    Check(shape + from, shape + to,
          Unary(op, attributes, shape + from, shape + to), lane_bytes);
  }
}

TEST(Program, Quantize) {
  for (const std::string from : kFloats)
    for (const std::string& to : kQuantized)
      CheckUnary("Quantize", "", from, to);
}

TEST(Program, Dequantize) {
  for (const std::string& from : kQuantized)
    for (const std::string to : kFloats) CheckUnary("Dequantize", "", from, to);
}

TEST(Program, LargeQuantizeAndDequantize) {
  const std::string x = "3x1700000xf16", q = "3x1700000x" + kQuantized[1];
  Check(x, q, Unary("Quantize", "", x, q));
  Check(q, x, Unary("Dequantize", "", q, x));
}

TEST(Program, Requant) {
  for (const std::string& from : kQuantized)
    for (const std::string& to : kQuantized)
      CheckUnary("Requant", "multiplier = 1385125637 : i64, shift = -30 : i64",
                 from, to);
}

TEST(Program, RandomRequants) {
  constexpr int kSeed = 21;
  std::mt19937 g(kSeed);
  for (int i = 0; i < 40; ++i) {
    const std::string from = absl::StrCat("777x", kQuantized[g() % 3]);
    const std::string to = absl::StrCat("777x", kQuantized[g() % 3]);
    const std::string attributes =
        absl::StrCat("multiplier = ", Pick(g, -1000, 1000),
                     " : i64, shift = ", Pick(g, -12, 3), " : i64");
    SCOPED_TRACE(absl::StrCat("seed ", kSeed, ", case ", i, ": ", from, " ", to,
                              " ", attributes));
    Check(from, to, Unary("Requant", attributes, from, to));
  }
}

TEST(Program, Lut) {
  for (const auto& [shape, lane_bytes] : kSizes)
    for (const std::string& from : kQuantized)
      for (const std::string& to : kQuantized)
        Check(shape + from, shape + to,
              absl::StrCat(Weight("t", "256xi8"),
                           "%y = \"tpu.Lut\"(%x, %t) : (tensor<", shape, from,
                           ">, tensor<256xi8>) -> tensor<", shape, to,
                           "> loc(\"y\")"),
              lane_bytes);
}

TEST(Program, LutOfEachChannel) {
  const struct {
    std::string shape, table;
    int64_t lane_bytes;
  } cases[] = {{"2x70x5x6x", "70x256xi8", isa::kLaneBytes},
               {"1x3x1x1x", "3x256xi8", isa::kLaneBytes},
               {"1x200x70x90x", "200x256xi8", 12288},
               {"2x16x300x301x", "16x256xi8", 12288}};
  for (const auto& [shape, table, lane_bytes] : cases)
    for (const std::string& to : kQuantized)
      Check(shape + kQuantized[0], shape + to,
            absl::StrCat(Weight("t", table),
                         "%y = \"tpu.Lut\"(%x, %t) : (tensor<", shape,
                         kQuantized[0], ">, tensor<", table, ">) -> tensor<",
                         shape, to, "> loc(\"y\")"),
            lane_bytes);
}

// %y = QuantizedBinary of %x and a weight, or of the two exchanged.
struct Binary {
  std::string x, w, y;
  bool adds = true;
  bool swaps = false;
  int64_t multiplier = 1, other = 1, shift = 0;
  int64_t lane_bytes = isa::kLaneBytes;
};
void CheckBinary(const Binary& b) {
  std::string multipliers = absl::StrCat(b.multiplier);
  if (b.adds) absl::StrAppend(&multipliers, ", ", b.other);
  const std::string body = absl::StrCat(
      Weight("w", b.w), "%y = \"tpu.QuantizedBinary\"(",
      b.swaps ? "%w, %x" : "%x, %w", ") <{kind = ", b.adds ? 0 : 1,
      " : i32, multipliers = array<i64: ", multipliers, ">, shift = ", b.shift,
      " : i64}> : (tensor<", b.swaps ? b.w : b.x, ">, tensor<",
      b.swaps ? b.x : b.w, ">) -> tensor<", b.y, "> loc(\"y\")");
  SCOPED_TRACE(absl::StrCat(body, " ", b.lane_bytes));
  Check(b.x, b.y, body, b.lane_bytes);
}

TEST(Program, QuantizedBinaries) {
  const struct {
    std::string x, w, y;
  } shapes[] = {{"2x70x5x6x", "70x1x1x", "2x70x5x6x"},
                {"2x70x5x6x", "2x70x5x6x", "2x70x5x6x"},
                {"1x200x", "1x", "1x200x"},
                {"3x30000x", "1x30000x", "3x30000x"},
                {"2x1x3x1x4x1x", "1x5x1x6x1x7x", "2x5x3x6x4x7x"}};
  for (const auto& shape : shapes)
    for (const std::string& x : kQuantized)
      for (const std::string& w :
           {std::string("i8"), kQuantized[1], kQuantized[2]})
        for (const bool adds : {true, false}) {
          Binary b{shape.x + x, shape.w + w, shape.y + kQuantized[0], adds};
          b.multiplier = adds ? 21407 : 1385125637;
          b.other = -9200;
          b.shift = adds ? -15 : -38;
          b.swaps = w == "i8";
          CheckBinary(b);
        }
}

TEST(Program, RandomQuantizedBinariesInLittleMemory) {
  constexpr int kSeed = 22;
  std::mt19937 g(kSeed);
  for (int i = 0; i < 100; ++i) {
    std::vector<int64_t> x, w, y;
    const int64_t rank = Pick(g, 1, 5);
    for (int64_t d = 0; d < rank; ++d) {
      const int64_t size = Pick(g, 1, d + 1 == rank ? 700 : 9);
      x.push_back(g() % 3 == 0 ? 1 : size);
      w.push_back(g() % 3 == 0 ? 1 : size);
      y.push_back(std::max(x.back(), w.back()));
    }
    Binary b;
    b.x = Shape(x, kQuantized[g() % 3]);
    b.w = Shape(w, g() % 2 ? "i8" : kQuantized[g() % 3]);
    b.y = Shape(y, kQuantized[g() % 3]);
    b.adds = g() % 2;
    b.swaps = g() % 2;
    b.multiplier = b.adds ? Pick(g, -32768, 32767) : Pick(g, -100000, 100000);
    b.other = Pick(g, -32768, 32767);
    b.shift = Pick(g, -26, 2);
    b.lane_bytes = Pick(g, 8, 32) * 1024;
    SCOPED_TRACE(absl::StrCat("seed ", kSeed, ", case ", i));
    CheckBinary(b);
  }
}

}  // namespace
}  // namespace tpuc
