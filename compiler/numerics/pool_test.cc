// SPDX-License-Identifier: Apache-2.0
// Windows and PorD arithmetic: hand-computed examples, and random operations
// against the definition taken one result at a time.
#include "compiler/numerics/pool.h"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "compiler/numerics/integer.h"
#include "compiler/numerics/vector_levels.h"
#include "gtest/gtest.h"

namespace tpuc::numerics {
namespace {

std::vector<uint16_t> Halves(DType type, const std::vector<float>& values) {
  std::vector<uint16_t> out(values.size());
  StoreFloatRow(type, values.data(), static_cast<int64_t>(values.size()),
                out.data(), 1);
  return out;
}

TEST(Window, TapsOfSpreadAndPaddedInput) {
  Window w;
  w.in_w = 3;
  w.kernel_w = 3;
  w.insert_w = 1;
  w.pad_left = w.pad_right = 1;
  w.out_w = WindowOutput(3, 1, 1, 1, 3, 1, 1);
  EXPECT_EQ(w.out_w, 5);
  const std::vector<int32_t> taps = ColumnTaps(w);
  EXPECT_EQ(std::vector<int32_t>(taps.begin(), taps.begin() + 6),
            (std::vector<int32_t>{kTapPad, 0, kTapZero, 0, kTapZero, 1}));
  w.insert_w = 0;
  w.out_w = 3;
  w.pad_mode = PadMode::kReflect;
  EXPECT_EQ(ColumnTaps(w), (std::vector<int32_t>{1, 0, 1, 0, 1, 2, 1, 2, 1}));
  w.pad_mode = PadMode::kEdge;
  EXPECT_EQ(ColumnTaps(w), (std::vector<int32_t>{0, 0, 1, 0, 1, 2, 1, 2, 2}));
  w.pad_mode = PadMode::kCircular;
  EXPECT_EQ(ColumnTaps(w), (std::vector<int32_t>{2, 0, 1, 0, 1, 2, 1, 2, 0}));
  w.out_w = 4;
  EXPECT_FALSE(Validate(w).ok());
}

TEST(Pool, F16DepthwiseRoundsEveryStep) {
  // 2048 + 1 is 2048 in f16, so both ones of the odd accumulator count, the
  // even accumulator loses its.
  const std::vector<uint16_t> x = Halves(DType::kF16, {2048, 1, 1, 1});
  const std::vector<uint16_t> w = Halves(DType::kF16, {1, 1, 1, 1});
  std::vector<uint16_t> y(1);
  PoolSpec spec;
  spec.op = PoolOp::kDepthwise;
  spec.input = spec.filter = spec.result = DType::kF16;
  spec.window.in_w = spec.window.kernel_w = 4;
  PoolOperands o;
  o.input = DensePlanes(static_cast<const void*>(x.data()), DType::kF16,
                        {1, 1, 1, 4});
  o.filter = {w.data()};
  o.result =
      DensePlanes(static_cast<void*>(y.data()), DType::kF16, {1, 1, 1, 1});
  ASSERT_TRUE(Pool(spec, o, 0, 1).ok());
  EXPECT_EQ(F16ToF32(y[0]), 2050.0f);
}

TEST(Pool, MaxOverPaddedWindow) {
  const std::vector<float> x = {-3, -1, -2};
  std::vector<float> y(3);
  PoolSpec spec;
  spec.window.in_w = spec.window.out_w = spec.window.kernel_w = 3;
  spec.window.pad_left = spec.window.pad_right = 1;
  PoolOperands o;
  o.input = DensePlanes(static_cast<const void*>(x.data()), DType::kF32,
                        {1, 1, 1, 3});
  o.pad_bits = {0xFF7FFFFF};
  o.result =
      DensePlanes(static_cast<void*>(y.data()), DType::kF32, {1, 1, 1, 3});
  ASSERT_TRUE(Pool(spec, o, 0, 1).ok());
  EXPECT_EQ(y, (std::vector<float>{-1, -1, -1}));
}

// One result as docs/isa/bm1684x.md, c.3, has it. `x`: one channel, dense.
class Definition {
 public:
  Definition(const PoolSpec& spec, const uint8_t* x, const uint8_t* filter,
             const void* bias, uint32_t pad)
      : spec_(spec),
        x_(x),
        filter_(filter),
        bias_(bias),
        pad_(pad),
        rows_(RowTaps(spec.window)),
        columns_(ColumnTaps(spec.window)) {}

  void Store(int64_t y, int64_t x, void* out, int64_t i) const {
    const DType type = spec_.input;
    if (!IsFloat(type)) {
      StoreIntegerWrapped(spec_.result, out, i, Integer(y, x));
    } else if (spec_.op == PoolOp::kMax) {
      std::memcpy(
          static_cast<uint8_t*>(out) + i * static_cast<int64_t>(SizeOf(type)),
          Maximum(y, x), SizeOf(type));
    } else {
      StoreFloat(type, out, i, Sum(y, x));
    }
  }

 private:
  // What tap k reads: a pointer to an element.
  const void* Read(int64_t y, int64_t x, int64_t k) const {
    const Window& w = spec_.window;
    const int32_t row = rows_[y * w.kernel_h + k / w.kernel_w];
    const int32_t column = columns_[x * w.kernel_w + k % w.kernel_w];
    if (row == kTapPad || column == kTapPad) return &pad_;
    if (row == kTapZero || column == kTapZero) return &zero_;
    return x_ +
           (row * w.in_w + column) * static_cast<int64_t>(SizeOf(spec_.input));
  }
  int64_t Taps() const { return spec_.window.kernel_h * spec_.window.kernel_w; }
  int64_t FilterTap(int64_t k) const {
    return spec_.window.rotate_kernel ? Taps() - 1 - k : k;
  }

  float Round(float v) const {
    return spec_.input == DType::kF16    ? RoundToF16(v)
           : spec_.input == DType::kBF16 ? RoundToBF16(v)
                                         : v;
  }
  float Sum(int64_t y, int64_t x) const {
    const bool average = spec_.op == PoolOp::kAverage;
    const float start = average ? -0.0f : 0.0f;
    float acc[2] = {start, start};
    int64_t term = 0;
    if (bias_ != nullptr) {
      acc[term++] += LoadFloat(spec_.input, bias_, 0);
    }
    for (int64_t k = 0; k < Taps(); ++k, ++term) {
      const float factor = average
                               ? LoadFloat(spec_.input, &spec_.scale_bits, 0)
                               : LoadFloat(spec_.input, filter_, FilterTap(k));
      const float product =
          Round(LoadFloat(spec_.input, Read(y, x, k), 0) * factor);
      acc[term & 1] = Round(acc[term & 1] + product);
    }
    return acc[0] + acc[1];
  }
  const void* Maximum(int64_t y, int64_t x) const {
    static const uint32_t kLowest[] = {0xFF7FFFFF, 0xFBFF, 0xFF7F};
    const void* best = &kLowest[spec_.input == DType::kF32   ? 0
                                : spec_.input == DType::kF16 ? 1
                                                             : 2];
    for (int64_t k = 0; k < Taps(); ++k) {
      const void* next = Read(y, x, k);
      if (!(LoadFloat(spec_.input, best, 0) >
            LoadFloat(spec_.input, next, 0))) {
        best = next;
      }
    }
    // f32 denormals become zeros; those of bf16 pass.
    const float value = LoadFloat(spec_.input, best, 0);
    if (spec_.input != DType::kF32 || value != 0) return best;
    static const float kZeros[] = {0.0f, -0.0f};
    return &kZeros[std::signbit(value) ? 1 : 0];
  }
  int64_t Integer(int64_t y, int64_t x) const {
    const DType type = spec_.input;
    if (spec_.op == PoolOp::kMax) {
      int64_t best = MinOf(type);
      for (int64_t k = 0; k < Taps(); ++k) {
        best = std::max(best, LoadInteger(type, Read(y, x, k), 0));
      }
      return best;
    }
    const bool average = spec_.op == PoolOp::kAverage;
    int64_t sum = bias_ == nullptr ? 0 : LoadInteger(DType::kI32, bias_, 0);
    for (int64_t k = 0; k < Taps(); ++k) {
      sum += LoadInteger(type, Read(y, x, k), 0) *
             (average ? LoadInteger(spec_.filter, &spec_.scale_bits, 0)
                      : LoadInteger(spec_.filter, filter_, FilterTap(k)));
    }
    if (!average) return sum;
    return Saturate(Shift(sum, -spec_.shift, Rounding::kHalfUp), spec_.result);
  }

  const PoolSpec& spec_;
  const uint8_t* x_;
  const uint8_t* filter_;
  const void* bias_;
  uint32_t pad_, zero_ = 0;
  std::vector<int32_t> rows_, columns_;
};

Window RandomWindow(std::mt19937& random) {
  Window w;
  w.in_h = 1 + random() % 9;
  w.in_w = 1 + random() % 70;
  w.stride_h = 1 + random() % 3;
  w.stride_w = 1 + random() % 3;
  w.dilation_h = 1 + random() % 2;
  w.dilation_w = 1 + random() % 2;
  w.insert_h = random() % 4 == 0;
  w.insert_w = random() % 4 == 0;
  w.pad_top = random() % 3;
  w.pad_bottom = random() % 3;
  w.pad_left = random() % 3;
  w.pad_right = random() % 3;
  w.pad_mode = static_cast<PadMode>(random() % 4);
  w.rotate_kernel = random() % 4 == 0;
  do {
    w.kernel_h = 1 + random() % 4;
    w.kernel_w = 1 + random() % 4;
    w.out_h = WindowOutput(w.in_h, w.insert_h, w.pad_top, w.pad_bottom,
                           w.kernel_h, w.dilation_h, w.stride_h);
    w.out_w = WindowOutput(w.in_w, w.insert_w, w.pad_left, w.pad_right,
                           w.kernel_w, w.dilation_w, w.stride_w);
  } while (!Validate(w).ok());
  return w;
}

void CheckRandomPool(PoolOp op, DType type, uint32_t seed) {
  std::mt19937 random(seed);
  PoolSpec spec;
  spec.op = op;
  spec.input = spec.filter = spec.result = type;
  if (!IsFloat(type) && op == PoolOp::kDepthwise) spec.result = DType::kI32;
  spec.window = RandomWindow(random);
  spec.shift = 3;
  spec.scale_bits = type == DType::kF32   ? 0x3EAAAAAB
                    : type == DType::kF16 ? 0x3555
                    : IsFloat(type)       ? 0x3EAB
                                          : 57;
  const Window& w = spec.window;
  const auto fill = [&](int64_t count) {
    std::vector<uint8_t> bytes(static_cast<size_t>(count) * SizeOf(type));
    for (int64_t i = 0; i < count; ++i) {
      const float v = static_cast<float>(static_cast<int32_t>(random())) *
                      std::ldexp(1.0f, -static_cast<int>(random() % 60));
      uint32_t bits = static_cast<uint32_t>(random());
      if (IsFloat(type) && random() % 8 != 0) StoreFloat(type, &bits, 0, v);
      std::memcpy(&bytes[static_cast<size_t>(i) * SizeOf(type)], &bits,
                  SizeOf(type));
    }
    return bytes;
  };
  const auto x = fill(w.in_h * w.in_w), f = fill(w.kernel_h * w.kernel_w);
  const auto pad = fill(1), bias = fill(4);
  uint32_t pad_bits = 0;
  std::memcpy(&pad_bits, pad.data(), SizeOf(type));
  const bool biased = op == PoolOp::kDepthwise && random() % 2 != 0;
  const Shape4 out{1, 1, w.out_h, w.out_w};
  PoolOperands o;
  o.input = DensePlanes(static_cast<const void*>(x.data()), type,
                        {1, 1, w.in_h, w.in_w});
  o.filter = {f.data()};
  if (biased) o.bias = {bias.data()};
  o.pad_bits = {pad_bits};
  std::vector<uint8_t> expected(static_cast<size_t>(out.NumElements()) *
                                SizeOf(spec.result));
  const auto unify = [&](std::vector<uint8_t>& y) {
    for (int64_t i = 0; type == DType::kF32 && i < out.NumElements(); ++i) {
      if (std::isnan(LoadFloat(type, y.data(), i))) {
        StoreFloat(type, y.data(), i, NAN);
      }
    }
  };
  {
    const ScopedFlushDenormals flush;
    const Definition definition(spec, x.data(), f.data(),
                                biased ? bias.data() : nullptr, pad_bits);
    for (int64_t i = 0; i < out.NumElements(); ++i) {
      definition.Store(i / w.out_w, i % w.out_w, expected.data(), i);
    }
  }
  unify(expected);
  ExpectSameAtAllLevels([&] {
    std::vector<uint8_t> y(expected.size());
    o.result = DensePlanes(static_cast<void*>(y.data()), spec.result, out);
    EXPECT_TRUE(Pool(spec, o, 0, 1).ok());
    unify(y);
    EXPECT_EQ(y, expected);
    return y;
  });
}

TEST(Pool, EqualsTheDefinitionAtEveryLevel) {
  for (PoolOp op : {PoolOp::kDepthwise, PoolOp::kAverage, PoolOp::kMax}) {
    for (DType type :
         {DType::kF32, DType::kF16, DType::kBF16, DType::kI8, DType::kU8}) {
      for (uint32_t seed = 0; seed < 60; ++seed) {
        CheckRandomPool(op, type, seed);
        ASSERT_FALSE(testing::Test::HasFailure())
            << static_cast<int>(op) << " of " << Name(type) << ", seed "
            << seed;
      }
    }
  }
}

}  // namespace
}  // namespace tpuc::numerics
