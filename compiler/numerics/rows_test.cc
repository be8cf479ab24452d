// SPDX-License-Identifier: Apache-2.0
// Rows of element-wise, integer and special operations: the same bits at every
// vector level of this machine, for every tail length and for special values;
// and the same as the definitions of single elements.
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "compiler/numerics/elementwise.h"
#include "compiler/numerics/integer.h"
#include "compiler/numerics/special.h"
#include "compiler/numerics/vector_levels.h"
#include "gtest/gtest.h"

namespace tpuc::numerics {
namespace {

constexpr int64_t kCounts[] = {1,  2,  3,  7,  8,  9,  15, 16,  17, 23,
                               31, 32, 33, 47, 63, 64, 65, 300, 513};

const std::vector<uint32_t>& SpecialBits(DType type) {
  static const std::vector<uint32_t> f32 = {
      0,          0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000,
      0x7F7FFFFF, 0x00800000, 0x007FFFFF, 0x807FC000, 1,          0x3F800000,
      0xBF800000, 0x4B000000, 0x3F000000, 0xC0200000, 0x477FE000, 0x477FF000};
  static const std::vector<uint32_t> f16 = {0,      0x8000, 0x7C00, 0xFC00,
                                            0x7E00, 0xFE00, 0x7BFF, 0x0400,
                                            0x03FF, 0x8001, 0x3C00, 0x3800};
  static const std::vector<uint32_t> bf16 = {0,      0x8000, 0x7F80, 0xFF80,
                                             0x7FC0, 0xFFC0, 0x7F7F, 0x0080,
                                             0x007F, 0x8001, 0x3F80, 0x3F00};
  static const std::vector<uint32_t> integers = {
      0,    1,      0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0x80,
      0x7F, 0x8000, 0x7FFF,     0xFF,       0xFFFF};
  switch (type) {
    case DType::kF32:
      return f32;
    case DType::kF16:
      return f16;
    case DType::kBF16:
      return bf16;
    default:
      return integers;
  }
}

// Every fourth value special, others random bits of any size.
std::vector<uint8_t> Values(DType type, int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  const size_t size = SizeOf(type);
  std::vector<uint8_t> bytes(static_cast<size_t>(count) * size);
  const std::vector<uint32_t>& special = SpecialBits(type);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    uint32_t bits = static_cast<uint32_t>(random());
    if (random() % 4 == 0) bits = special[random() % special.size()];
    std::memcpy(&bytes[i * size], &bits, size);
  }
  return bytes;
}

// NaN of f32 results may differ in their payloads.
void UnifyNan(DType type, std::vector<uint8_t>& bytes) {
  for (size_t i = 0; type == DType::kF32 && i + 4 <= bytes.size(); i += 4) {
    float v;
    std::memcpy(&v, &bytes[i], 4);
    if (std::isnan(v)) std::memset(&bytes[i], 0xFF, 4);
  }
}

const DType kTypes[] = {DType::kF32, DType::kF16, DType::kBF16,
                        DType::kI8,  DType::kU8,  DType::kI16,
                        DType::kU16, DType::kI32, DType::kU32};

void CheckElementwise(const ElementwiseSpec& spec) {
  const auto kernel = Elementwise::Create(spec);
  if (!kernel.ok()) return;
  uint32_t seed = 0;
  for (int64_t count : kCounts) {
    for (int64_t stride : {1, 2, 0}) {
      if (stride != 1 && count % 2 == 0) continue;
      const auto a = Values(spec.a, count * 2, ++seed);
      const auto b = Values(spec.b, count * 2, ++seed);
      // A shift of any size for integers, a value for the selects.
      const uint32_t third[2] = {seed * 0x9E3779B9u, 0};
      const auto old = Values(spec.res, count * 2, ++seed);
      ExpectSameAtAllLevels([&] {
        std::vector<uint8_t> out = old;
        kernel->Row(count, out.data(), 1, {a.data(), stride}, {b.data(), 1},
                    {third, 0});
        UnifyNan(spec.res, out);
        return out;
      });
      ASSERT_FALSE(testing::Test::HasFailure())
          << Name(spec.op) << " of " << Name(spec.a) << " and " << Name(spec.b)
          << " to " << Name(spec.res) << ", " << count << " elements, rounding "
          << static_cast<int>(spec.rounding);
    }
  }
}

TEST(Elementwise, EveryLevelGivesTheSameBits) {
  for (int op = 0; op <= 30; ++op) {
    for (DType a : kTypes) {
      for (DType res : kTypes) {
        ElementwiseSpec spec;
        spec.op = static_cast<ArOp>(op);
        spec.a = spec.b = a;
        spec.res = res;
        const bool rounds = !IsFloat(a) || spec.op == ArOp::kCast;
        for (int mode = 0; mode <= (rounds ? 6 : 0); mode += 3) {
          spec.rounding = static_cast<Rounding>(mode);
          spec.has_shift = mode == 3;
          CheckElementwise(spec);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(Elementwise, EveryRoundingOfUniformShifts) {
  for (ArOp op : {ArOp::kMul, ArOp::kAddSaturate, ArOp::kArithmeticShift}) {
    for (int mode = 0; mode <= 6; ++mode) {
      ElementwiseSpec spec;
      spec.op = op;
      spec.a = spec.res = DType::kI16;
      spec.b = DType::kI8;
      spec.has_shift = true;
      spec.rounding = static_cast<Rounding>(mode);
      CheckElementwise(spec);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

// Rows with one shift for all take another way than others.
TEST(Elementwise, UniformShiftsEqualThoseOfEveryElement) {
  for (ArOp op : {ArOp::kMul, ArOp::kMulSaturate, ArOp::kAdd,
                  ArOp::kSubSaturate, ArOp::kArithmeticShift}) {
    for (int shift = -128; shift < 128; ++shift) {
      ElementwiseSpec spec;
      spec.op = op;
      spec.a = spec.res = shift % 2 != 0 ? DType::kI32 : DType::kI16;
      spec.b = DType::kI8;
      spec.has_shift = true;
      spec.rounding = static_cast<Rounding>((shift + 128) % 7);
      const auto kernel = Elementwise::Create(spec);
      ASSERT_TRUE(kernel.ok()) << kernel.status();
      const int64_t count = 20;
      const size_t size = SizeOf(spec.res);
      const auto a = Values(spec.a, count, static_cast<uint32_t>(shift + 500));
      std::vector<int8_t> same(20, static_cast<int8_t>(shift));
      std::vector<int8_t> but_last = same;
      but_last.back() ^= 1;
      std::vector<uint8_t> results[2];
      for (int k = 0; k < 2; ++k) {
        results[k].resize(20 * size);
        const void* shifts = (k == 0 ? same : but_last).data();
        kernel->Row(count, results[k].data(), 1, {a.data(), 1}, {shifts, 1},
                    {shifts, 1});
        results[k].resize(19 * size);
      }
      ASSERT_EQ(results[0], results[1]) << Name(op) << " shift " << shift;
    }
  }
}

TEST(ShiftRow, EqualsTheShiftOfEveryElement) {
  std::mt19937_64 random(3);
  for (int mode = 0; mode <= 6; ++mode) {
    for (int shift : {-70, -62, -61, -33, -32, -9, -2, -1, 0, 1, 5, 20}) {
      std::vector<int64_t> values = {0, 1, -1, 2, -2, 3, -3, 5, -5, 6, -6};
      for (int i = 0; i < 200; ++i) {
        // |value| < 2^62, halves of the shift's unit among them
        int64_t v = static_cast<int64_t>(random()) >> (2 + random() % 50);
        if (shift < 0 && shift > -60 && i % 3 == 0) {
          v = (v >> -shift << -shift) | int64_t{1} << (-shift - 1);
        }
        values.push_back(v);
      }
      std::vector<int64_t> expected;
      for (int64_t v : values) {
        expected.push_back(Shift(v, shift, static_cast<Rounding>(mode)));
      }
      ExpectSameAtAllLevels([&] {
        std::vector<int64_t> row = values;
        ShiftRow(shift, static_cast<Rounding>(mode),
                 static_cast<int64_t>(row.size()), row.data());
        EXPECT_EQ(row, expected) << "shift " << shift << " mode " << mode;
        return row;
      });
    }
  }
}

TEST(FloatToInteger, RowsEqualTheDefinitionOfEveryElement) {
  const int64_t count = 5000;
  std::mt19937 random(31);
  std::vector<float> x(static_cast<size_t>(count));
  const auto bits = Values(DType::kF32, count, 32);
  std::memcpy(x.data(), bits.data(), bits.size());
  // Halves and their neighbours in the range of each type.
  for (size_t i = 0; i < x.size(); i += 2) {
    const float reach = std::ldexp(1.0f, static_cast<int>(random() % 34));
    x[i] = std::round(reach * (static_cast<float>(random()) * 0x1p-31f - 1)) +
           static_cast<float>(random() % 3) * 0.5f;
    if (random() % 2) x[i] = std::nextafter(x[i], i % 4 ? 1e30f : -1e30f);
  }
  x[0] = std::nextafter(0.5f, 0.0f);
  for (DType type : {DType::kI8, DType::kU8, DType::kI16, DType::kU16,
                     DType::kI32, DType::kU32}) {
    for (int mode = 0; mode <= 4; ++mode) {
      const auto rounding = static_cast<Rounding>(mode);
      ExpectSameAtAllLevels([&] {
        std::vector<int64_t> row(x.size());
        FloatToIntegerRow(type, rounding, count, x.data(), row.data());
        for (size_t i = 0; i < x.size(); ++i)
          EXPECT_EQ(row[i], FloatToInteger(x[i], type, rounding))
              << x[i] << " " << mode;
        return row;
      });
    }
  }
}

TEST(Requant, RowsEqualTheDefinitionOfEveryElement) {
  for (DType in : {DType::kI32, DType::kI16, DType::kU16, DType::kI8}) {
    for (DType out : {DType::kI8, DType::kU8, DType::kI16}) {
      for (int mode = 0; mode <= 6; ++mode) {
        const int64_t count = 77;
        const auto x = Values(in, count, static_cast<uint32_t>(mode) + 9);
        const IntegerRequant p{1234567891, -33, -5,
                               static_cast<Rounding>(mode)};
        std::vector<int64_t> expected, expected_dequant;
        for (int64_t i = 0; i < count; ++i) {
          const int64_t v = LoadInteger(in, x.data(), i);
          expected.push_back(Requant1(v, p, out));
          expected_dequant.push_back(Dequant1(v, p, out));
        }
        ExpectSameAtAllLevels([&] {
          std::vector<uint8_t> row(static_cast<size_t>(count) * SizeOf(out));
          Requant1Row(p, in, out, count, x.data(), 1, row.data(), 1);
          std::vector<uint8_t> other(row.size());
          Dequant1Row(p, in, out, count, x.data(), 1, other.data(), 1);
          for (int64_t i = 0; i < count; ++i) {
            EXPECT_EQ(LoadInteger(out, row.data(), i), expected[i]);
            EXPECT_EQ(LoadInteger(out, other.data(), i), expected_dequant[i]);
          }
          row.insert(row.end(), other.begin(), other.end());
          return row;
        });
      }
    }
    const auto x = Values(in, 77, 5);
    ExpectSameAtAllLevels([&] {
      std::vector<float> row(77);
      Dequant0Row(-7, 0.37f, in, 77, x.data(), 1, row.data(), 1);
      for (int64_t i = 0; i < 77; ++i) {
        EXPECT_EQ(row[i], Dequant0(LoadInteger(in, x.data(), i), -7, 0.37f));
      }
      return row;
    });
  }
}

TEST(Special, EveryLevelGivesTheSameBits) {
  for (DType type : {DType::kF32, DType::kF16, DType::kBF16}) {
    for (int64_t count : kCounts) {
      const auto x = Values(type, count, static_cast<uint32_t>(count));
      const auto c = Values(type, 5, 11);
      ExpectSameAtAllLevels([&] {
        std::vector<uint8_t> out(x.size());
        TaylorRow(type, count, x.data(), 1, c.data(), 5, out.data(), 1);
        UnifyNan(type, out);
        std::vector<uint8_t> linear(x.size());
        for (LinOp op : {LinOp::kMultiplyAdd, LinOp::kSquareOfSum,
                         LinOp::kSquareOfDifference}) {
          LinRow(op, type, c.data(), c.data() + SizeOf(type), count, x.data(),
                 1, linear.data(), 1);
          UnifyNan(type, linear);
          out.insert(out.end(), linear.begin(), linear.end());
        }
        return out;
      });
    }
  }
}

}  // namespace
}  // namespace tpuc::numerics
