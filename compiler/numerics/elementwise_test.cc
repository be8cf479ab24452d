// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/elementwise.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace tpuc::numerics {
namespace {

// One element of each operand; result bits.
template <typename R, typename A>
R One(ElementwiseSpec spec, A a, A b, int8_t shift = 0, R old = 0) {
  auto kernel = Elementwise::Create(spec);
  EXPECT_TRUE(kernel.ok()) << kernel.status();
  R result = old;
  kernel->Row(1, &result, 1, {&a, 1}, {&b, 1}, {&shift, 0});
  return result;
}

uint16_t F16(ArOp op, uint16_t a, uint16_t b) {
  return One<uint16_t>({op, DType::kF16, DType::kF16, DType::kF16}, a, b);
}
uint32_t F32(ArOp op, uint32_t a, uint32_t b) {
  return One<uint32_t>({op, DType::kF32, DType::kF32, DType::kF32}, a, b);
}

// Observed on the chip's functional model (docs/isa/bm1684x.md, c.1).
TEST(MaxMin, NanAndZeros) {
  EXPECT_EQ(F16(ArOp::kMax, 0x7E01, 0x3C00), 0x3C00);
  EXPECT_EQ(F16(ArOp::kMax, 0x3C00, 0x7E55), 0x7E55);
  EXPECT_EQ(F16(ArOp::kMin, 0xFE01, 0x3C00), 0xFE01);
  EXPECT_EQ(F16(ArOp::kMin, 0x3C00, 0x7E55), 0x3C00);
  EXPECT_EQ(F16(ArOp::kMax, 0x0000, 0x8000), 0x8000);
  EXPECT_EQ(F16(ArOp::kMin, 0x0000, 0x8000), 0x8000);
  EXPECT_EQ(F32(ArOp::kMax, 0x00000001, 0), 0u);  // denormals are flushed
}

TEST(Arithmetic, GeneratedNanAndDenormals) {
  EXPECT_EQ(F16(ArOp::kAdd, 0xFE01, 0x3C00), 0x7FFF);
  EXPECT_EQ(F16(ArOp::kAdd, 0x7C00, 0xFC00), 0x7FFF);
  EXPECT_EQ(F16(ArOp::kAdd, 0x0001, 0x0000), 0x0001);
  EXPECT_EQ(F32(ArOp::kAdd, 0x000116C2, 0x000116C2), 0u);
  EXPECT_EQ(F32(ArOp::kMul, 0x80000001, 0x3F800000), 0x80000000u);
  EXPECT_EQ(F16(ArOp::kAbs, 0xFE01, 0), 0x7E01);
  EXPECT_EQ(F16(ArOp::kAbsDifference, 0x0000, 0x8000), 0x8000);
}

TEST(Select, LessIsTrueWhenOneSideIsNan) {
  const uint32_t one = 0x3F800000, nan = 0x7FC00000, chosen = 0x1234;
  const auto select = [&](ArOp op, uint32_t a, uint32_t b) {
    auto kernel =
        Elementwise::Create({op, DType::kF32, DType::kF32, DType::kF32});
    uint32_t result = 7;
    kernel->Row(1, &result, 1, {&a, 1}, {&b, 1}, {&chosen, 0});
    return result;
  };
  EXPECT_EQ(select(ArOp::kSelectGreater, one, nan), 0u);
  EXPECT_EQ(select(ArOp::kSelectLess, one, nan), chosen);
  EXPECT_EQ(select(ArOp::kSelectLess, nan, nan), 0u);
  EXPECT_EQ(select(ArOp::kSelectEqual, nan, nan), chosen);
  EXPECT_EQ(select(ArOp::kSelectEqual, 0, 0x80000000u), 0u);
  EXPECT_EQ(select(ArOp::kSelectLess, 0x80000000u, 0), 0u);
}

TEST(Integers, WrapSaturateAndShift) {
  ElementwiseSpec add{ArOp::kAdd, DType::kI8, DType::kI8, DType::kI8};
  EXPECT_EQ(One<int8_t>(add, int8_t{100}, int8_t{100}), -56);
  add.op = ArOp::kAddSaturate;
  EXPECT_EQ(One<int8_t>(add, int8_t{100}, int8_t{100}), 127);
  ElementwiseSpec mul{ArOp::kMulSaturate, DType::kI8, DType::kI8,
                      DType::kI8,         true,       Rounding::kHalfUp};
  EXPECT_EQ(One<int8_t>(mul, int8_t{10}, int8_t{5}, -2), 13);  // 12.5
  ElementwiseSpec sub{ArOp::kSubSaturate, DType::kU8, DType::kU8, DType::kU8};
  EXPECT_EQ(One<uint8_t>(sub, uint8_t{3}, uint8_t{250}), 0x80);  // signed limit
  ElementwiseSpec high{ArOp::kMulDoubledHigh, DType::kI16, DType::kI16,
                       DType::kI16};
  EXPECT_EQ(One<int16_t>(high, int16_t{-32768}, int16_t{-32768}), 32767);
}

TEST(Integers, BitOperations) {
  ElementwiseSpec s{ArOp::kLogicShift, DType::kU8, DType::kU8, DType::kI8};
  EXPECT_EQ(One<uint8_t>(s, uint8_t{0x81}, uint8_t{1}), 0x02);
  EXPECT_EQ(One<uint8_t>(s, uint8_t{0x83}, uint8_t{0xFF}), 0x42);  // 65.5
  s.op = ArOp::kRotate;
  EXPECT_EQ(One<uint8_t>(s, uint8_t{0x81}, uint8_t{1}), 0x03);
  EXPECT_EQ(One<uint8_t>(s, uint8_t{0x81}, uint8_t{0xFF}), 0xC0);
  s = {ArOp::kFirstOne, DType::kU8, DType::kU8};
  EXPECT_EQ(One<uint8_t>(s, uint8_t{0x10}, uint8_t{0}), 3);
  EXPECT_EQ(One<uint8_t>(s, uint8_t{0}, uint8_t{0}), 8);
}

TEST(Cast, DenormalsAndNan) {
  const auto cast = [](uint32_t bits, Rounding mode) {
    ElementwiseSpec s{ArOp::kCast, DType::kF16, DType::kF32};
    s.rounding = mode;
    auto kernel = Elementwise::Create(s);
    uint16_t result = 0;
    kernel->Row(1, &result, 1, {&bits, 1}, {}, {});
    return result;
  };
  EXPECT_EQ(cast(0xFFC00000, Rounding::kHalfToEven), 0xFFFF);
  EXPECT_EQ(cast(0x00000001, Rounding::kUp), 0x0000);
  EXPECT_EQ(cast(0x477FFFFF, Rounding::kTowardZero), 0x7BFF);
}

TEST(Create, NamesWhatTheChipLacks) {
  const auto status =
      Elementwise::Create({ArOp::kDiv, DType::kF16, DType::kF16, DType::kF16})
          .status();
  EXPECT_EQ(status.message(),
            "element-wise div of f16 and f16 to f16: f32 only");
  EXPECT_FALSE(
      Elementwise::Create({ArOp::kAdd, DType::kF32, DType::kF16, DType::kF16})
          .ok());
}

TEST(Run, BroadcastsByStrides) {
  // [1, 2, 2, 3] + row [1, 1, 1, 3]
  std::vector<float> a = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
                     b = {10, 20, 30};
  std::vector<float> r(12);
  const Shape4 shape{1, 2, 2, 3};
  auto add =
      Elementwise::Create({ArOp::kAdd, DType::kF32, DType::kF32, DType::kF32});
  add->Run(shape, DensePlanes(static_cast<void*>(r.data()), DType::kF32, shape),
           DensePlanes(static_cast<const void*>(a.data()), DType::kF32, shape),
           BroadcastPlanes(b.data(), DType::kF32, {1, 1, 1, 3}, shape), {}, 0,
           2);
  EXPECT_EQ(
      r, (std::vector<float>{10, 21, 32, 13, 24, 35, 16, 27, 38, 19, 30, 41}));
}

}  // namespace
}  // namespace tpuc::numerics
