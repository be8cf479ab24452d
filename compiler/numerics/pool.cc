// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/pool.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/numerics/integer.h"
#include "compiler/numerics/select.h"

namespace tpuc::numerics {
namespace {

constexpr int64_t kTile = 64;  // results worked on at once

// Rounds `count` values to a 16-bit type and back.
void RoundRow(DType type, int64_t count, float* x) {
  if (type == DType::kF32) return;
  uint16_t half[kTile];
  StoreFloatRow(type, x, count, half, 1);
  LoadFloatRow(type, half, 1, count, x);
}

// Fills a row of elements with the type's lowest finite value.
void FillLowest(DType type, int64_t count, void* row) {
  uint32_t bits = 0;
  switch (type) {
    case DType::kF32:
      bits = 0xFF7FFFFF;
      break;
    case DType::kF16:
      bits = 0xFBFF;
      break;
    case DType::kBF16:
      bits = 0xFF7F;
      break;
    case DType::kI8:
    case DType::kI16:
    case DType::kI32:
      bits = 1u << (8 * SizeOf(type) - 1);
      break;
    default:
      break;
  }
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(
        static_cast<char*>(row) + i * static_cast<int64_t>(SizeOf(type)), &bits,
        SizeOf(type));
  }
}

class ChannelPool {
 public:
  ChannelPool(const PoolSpec& spec, const PoolOperands& operands)
      : spec_(spec),
        operands_(operands),
        rows_(RowTaps(spec.window)),
        columns_(ColumnTaps(spec.window)) {}

  void Run(int64_t c) {
    const Window& w = spec_.window;
    for (int64_t n = 0; n < spec_.n; ++n) {
      for (int64_t y = 0; y < w.out_h; ++y) {
        for (int64_t x = 0; x < w.out_w; x += kTile) {
          const int64_t count = std::min(kTile, w.out_w - x);
          if (spec_.op == PoolOp::kMax) {
            Max(n, c, y, x, count);
          } else if (IsFloat(spec_.input)) {
            FloatSums(n, c, y, x, count);
          } else {
            IntegerSums(n, c, y, x, count);
          }
        }
      }
    }
  }

 private:
  int64_t Taps() const { return spec_.window.kernel_h * spec_.window.kernel_w; }

  const void* PadBits(int64_t c) const {
    static const uint32_t kZero = 0;
    const std::vector<uint32_t>& pads = operands_.pad_bits;
    if (pads.empty()) return &kZero;
    return &pads[pads.size() == 1 ? 0 : static_cast<size_t>(c)];
  }

  char* ResultAt(int64_t n, int64_t c, int64_t y, int64_t x) const {
    const MutablePlanes& r = operands_.result;
    return static_cast<char*>(r.channel[static_cast<size_t>(c)]) +
           (n * r.n_stride + y * r.h_stride + x * r.w_stride) *
               static_cast<int64_t>(SizeOf(spec_.result));
  }

  // Copies what tap (kh, kw) reads for results x.. of row y, as raw elements.
  template <typename T>
  void Read(int64_t n, int64_t c, int64_t y, int64_t x, int64_t count,
            int64_t kh, int64_t kw, T* out) const {
    const Window& w = spec_.window;
    const Planes& input = operands_.input;
    T pad;
    std::memcpy(&pad, PadBits(c), sizeof(T));
    const int32_t row = rows_[y * w.kernel_h + kh];
    if (row == kTapPad) {
      std::fill_n(out, count, pad);
      return;
    }
    const T* from =
        static_cast<const T*>(input.channel[static_cast<size_t>(c)]) +
        n * input.n_stride + std::max(row, 0) * input.h_stride;
    const int32_t* taps = columns_.data() + x * w.kernel_w + kw;
    for (int64_t t = 0; t < count; ++t) {
      const int32_t column = taps[t * w.kernel_w];
      out[t] = column == kTapPad       ? pad
               : column < 0 || row < 0 ? T{0}
                                       : from[column * input.w_stride];
    }
  }

  void ReadFloats(int64_t n, int64_t c, int64_t y, int64_t x, int64_t count,
                  int64_t kh, int64_t kw, float* out) const {
    if (spec_.input == DType::kF32) {
      Read<float>(n, c, y, x, count, kh, kw, out);
      return;
    }
    uint16_t half[kTile];
    Read<uint16_t>(n, c, y, x, count, kh, kw, half);
    LoadFloatRow(spec_.input, half, 1, count, out);
  }

  void ReadIntegers(int64_t n, int64_t c, int64_t y, int64_t x, int64_t count,
                    int64_t kh, int64_t kw, int64_t* out) const {
    uint32_t wide[kTile];
    switch (SizeOf(spec_.input)) {
      case 1:
        Read<uint8_t>(n, c, y, x, count, kh, kw,
                      reinterpret_cast<uint8_t*>(wide));
        break;
      case 2:
        Read<uint16_t>(n, c, y, x, count, kh, kw,
                       reinterpret_cast<uint16_t*>(wide));
        break;
      default:
        Read<uint32_t>(n, c, y, x, count, kh, kw, wide);
        break;
    }
    LoadIntegerRow(spec_.input, wide, 1, count, out);
  }

  // Index of window tap (kh, kw) in the filter.
  int64_t FilterIndex(int64_t kh, int64_t kw) const {
    if (operands_.filter_is_splat) return 0;
    const int64_t tap = kh * spec_.window.kernel_w + kw;
    return spec_.window.rotate_kernel ? Taps() - 1 - tap : tap;
  }

  void FloatSums(int64_t n, int64_t c, int64_t y, int64_t x, int64_t count) {
    const Window& w = spec_.window;
    const DType type = spec_.input;
    float acc[2][kTile] = {};
    float values[kTile];
    int term = 0;
    const bool average = spec_.op == PoolOp::kAverage;
    // Sums of averages start at -0, so that products which are all -0 give it.
    if (average) std::fill_n(acc[0], 2 * kTile, -0.0f);
    if (!average && !operands_.bias.empty()) {
      const float bias =
          LoadFloat(type, operands_.bias[static_cast<size_t>(c)], 0);
      for (int64_t t = 0; t < count; ++t) acc[0][t] = acc[0][t] + bias;
      term = 1;
    }
    for (int64_t kh = 0; kh < w.kernel_h; ++kh) {
      for (int64_t kw = 0; kw < w.kernel_w; ++kw, term ^= 1) {
        ReadFloats(n, c, y, x, count, kh, kw, values);
        const float factor =
            average ? LoadFloat(type, &spec_.scale_bits, 0)
                    : LoadFloat(type, operands_.filter[static_cast<size_t>(c)],
                                FilterIndex(kh, kw));
        for (int64_t t = 0; t < count; ++t) values[t] = values[t] * factor;
        RoundRow(type, count, values);
        float* into = acc[term];
        for (int64_t t = 0; t < count; ++t) into[t] = into[t] + values[t];
        RoundRow(type, count, into);
      }
    }
    for (int64_t t = 0; t < count; ++t) acc[0][t] = acc[0][t] + acc[1][t];
    StoreFloatRow(spec_.result, acc[0], count, ResultAt(n, c, y, x),
                  operands_.result.w_stride);
  }

  void IntegerSums(int64_t n, int64_t c, int64_t y, int64_t x, int64_t count) {
    const Window& w = spec_.window;
    int64_t acc[kTile] = {};
    int64_t values[kTile];
    const bool average = spec_.op == PoolOp::kAverage;
    for (int64_t kh = 0; kh < w.kernel_h; ++kh) {
      for (int64_t kw = 0; kw < w.kernel_w; ++kw) {
        ReadIntegers(n, c, y, x, count, kh, kw, values);
        const int64_t factor =
            average ? LoadInteger(spec_.filter, &spec_.scale_bits, 0)
                    : LoadInteger(spec_.filter,
                                  operands_.filter[static_cast<size_t>(c)],
                                  FilterIndex(kh, kw));
        for (int64_t t = 0; t < count; ++t) acc[t] += values[t] * factor;
      }
    }
    if (!average && !operands_.bias.empty()) {
      const int64_t bias =
          LoadInteger(DType::kI32, operands_.bias[static_cast<size_t>(c)], 0);
      for (int64_t t = 0; t < count; ++t) acc[t] += bias;
    }
    for (int64_t t = 0; t < count; ++t) {
      // Averages round half up whatever mode is written.
      if (average) acc[t] = Shift(acc[t], -spec_.shift, Rounding::kHalfUp);
      if (!average) acc[t] = static_cast<int32_t>(acc[t]);  // sums wrap
      if (spec_.op == PoolOp::kDepthwiseRelu) {
        acc[t] = std::max<int64_t>(acc[t], 0);
      }
    }
    const bool saturate = SizeOf(spec_.result) < 4;
    StoreIntegerRow(spec_.result, saturate, acc, count, ResultAt(n, c, y, x),
                    operands_.result.w_stride);
  }

  // The lowest finite value comes first; a candidate replaces the maximum
  // unless the maximum is greater, so that NaN survive only where nothing
  // follows.
  void Max(int64_t n, int64_t c, int64_t y, int64_t x, int64_t count) {
    const Window& w = spec_.window;
    const DType type = spec_.input;
    uint32_t best[kTile], next[kTile];
    uint8_t mask[kTile];
    FillLowest(type, count, best);
    for (int64_t kh = 0; kh < w.kernel_h; ++kh) {
      for (int64_t kw = 0; kw < w.kernel_w; ++kw) {
        switch (SizeOf(type)) {
          case 1:
            Read(n, c, y, x, count, kh, kw, reinterpret_cast<uint8_t*>(next));
            break;
          case 2:
            Read(n, c, y, x, count, kh, kw, reinterpret_cast<uint16_t*>(next));
            break;
          default:
            Read(n, c, y, x, count, kh, kw, next);
            break;
        }
        CompareMask(Relation::kGreater, type, count, {best, 1}, {next, 1},
                    mask);
        SelectRow(mask, type, count, {best, 1}, {next, 1}, best, 1);
      }
    }
    if (type == DType::kF32) {
      for (int64_t t = 0; t < count; ++t) {
        if ((best[t] & 0x7F800000u) == 0) best[t] &= 0x80000000u;
      }
    }
    std::vector<uint8_t> all(static_cast<size_t>(count), 0xFF);
    SelectRow(all.data(), type, count, {best, 1}, {best, 1},
              ResultAt(n, c, y, x), operands_.result.w_stride);
  }

  const PoolSpec& spec_;
  const PoolOperands& operands_;
  std::vector<int32_t> rows_, columns_;
};

absl::Status Check(const PoolSpec& spec, const PoolOperands& operands) {
  if (absl::Status s = Validate(spec.window); !s.ok()) return s;
  const auto what = [&]() {
    static const char* const kNames[] = {
        "depthwise convolution", "average pool",
        "depthwise convolution with relu", "?", "max pool"};
    return absl::StrCat(kNames[static_cast<int>(spec.op)], " of ",
                        tpuc::Name(spec.input), " to ",
                        tpuc::Name(spec.result));
  };
  const bool same_kind = IsFloat(spec.input) == IsFloat(spec.result);
  const bool same = spec.input == spec.result;
  if (!same_kind ||
      (!same && (IsFloat(spec.input) || spec.op == PoolOp::kMax))) {
    return absl::UnimplementedError(
        absl::StrCat(what(), ": the result has another type"));
  }
  const size_t c = static_cast<size_t>(spec.c);
  const bool depthwise =
      spec.op == PoolOp::kDepthwise || spec.op == PoolOp::kDepthwiseRelu;
  if (operands.input.channel.size() != c ||
      operands.result.channel.size() != c ||
      (depthwise && operands.filter.size() != c) ||
      (!operands.bias.empty() && operands.bias.size() != c) ||
      (operands.pad_bits.size() > 1 && operands.pad_bits.size() != c)) {
    return absl::InvalidArgumentError(
        absl::StrCat(what(), ": operands do not have ", spec.c, " channels"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Pool(const PoolSpec& spec, const PoolOperands& operands,
                  int64_t c_begin, int64_t c_end) {
  if (absl::Status s = Check(spec, operands); !s.ok()) return s;
  const ScopedFlushDenormals flush;
  ChannelPool pool(spec, operands);
  for (int64_t c = c_begin; c < c_end; ++c) pool.Run(c);
  return absl::OkStatus();
}

}  // namespace tpuc::numerics
