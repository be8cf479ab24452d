// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/pool.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/numerics/integer.h"
#include "compiler/numerics/phase_map.h"
#include "compiler/numerics/select.h"
#include "compiler/numerics/simd.h"

namespace tpuc::numerics {
namespace {

constexpr int64_t kChunk = 512;  // results worked on at once

// The lowest finite value of a float type.
float LowestFloat(DType type) {
  return BitsFloat(type == DType::kF32   ? 0xFF7FFFFF
                   : type == DType::kF16 ? 0xC77FE000
                                         : 0xFF7F0000);
}

// acc = round(acc + round(x * factor))
void AddProducts(DType type, int64_t count, const float* x, float factor,
                 float* acc) {
  if (type == DType::kF32) {
    Vectorized([=]() TPUC_INLINE_LOOP {
      for (int64_t i = 0; i < count; ++i) {
        const float product = Multiply(x[i], factor);
        acc[i] = acc[i] + product;
      }
    });
    return;
  }
  float products[kChunk];
  float* const p = products;
  Vectorized([=]() TPUC_INLINE_LOOP {
    for (int64_t i = 0; i < count; ++i) p[i] = Multiply(x[i], factor);
  });
  RoundFloatRow(type, count, products);
  Vectorized([=]() TPUC_INLINE_LOOP {
    for (int64_t i = 0; i < count; ++i) acc[i] = acc[i] + p[i];
  });
  RoundFloatRow(type, count, acc);
}

// Channel by channel: the input as planes of stride phases, where every tap
// reads results' neighbours side by side. Results are counted y * width + x
// with the planes' width; those beyond out_w are made and left unused.
class ChannelPool {
 public:
  ChannelPool(const PoolSpec& spec, const PoolOperands& operands)
      : spec_(spec),
        operands_(operands),
        map_(spec.window),
        count_((spec.window.out_h - 1) * map_.width() + spec.window.out_w) {}

  void Run(int64_t c) {
    // Sums of 8-bit products of up to this many taps fit in 32 bits.
    constexpr int64_t kNarrowTaps = 16384;
    for (int64_t n = 0; n < spec_.n; ++n) {
      if (IsFloat(spec_.input)) {
        FillFloats(n, c);
        if (spec_.op == PoolOp::kMax) {
          FloatMax(n, c);
        } else {
          FloatSums(n, c);
        }
      } else if (SizeOf(spec_.input) == 1 && Taps() <= kNarrowTaps) {
        Integers<int32_t>(n, c);
      } else {
        Integers<int64_t>(n, c);
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

  const char* InputRow(int64_t n, int64_t c, int64_t y) const {
    const Planes& p = operands_.input;
    return static_cast<const char*>(p.channel[static_cast<size_t>(c)]) +
           (n * p.n_stride + y * p.h_stride) *
               static_cast<int64_t>(SizeOf(spec_.input));
  }

  void FillFloats(int64_t n, int64_t c) {
    floats_.resize(static_cast<size_t>(map_.size()));
    map_.Fill(
        LoadFloat(spec_.input, PadBits(c), 0),
        [&](int64_t y, float* row) {
          LoadFloatRow(spec_.input, InputRow(n, c, y), operands_.input.w_stride,
                       spec_.window.in_w, row);
        },
        floats_.data());
  }

  // Calls chunk(begin, count) for parts of the results, then
  // store(at, from, length) for the runs of real ones within: `from` counts
  // from `begin`.
  template <typename Chunk, typename Store>
  void ForEachChunk(int64_t n, int64_t c, const Chunk& chunk,
                    const Store& store) const {
    const MutablePlanes& r = operands_.result;
    const int64_t width = map_.width(), out_w = spec_.window.out_w;
    const int64_t size = static_cast<int64_t>(SizeOf(spec_.result));
    for (int64_t begin = 0; begin < count_; begin += kChunk) {
      const int64_t end = std::min(begin + kChunk, count_);
      chunk(begin, end - begin);
      for (int64_t at = begin; at < end;) {
        const int64_t y = at / width, x = at % width;
        const int64_t stop = std::min(end, y * width + out_w);
        if (at < stop) {
          char* to = static_cast<char*>(r.channel[static_cast<size_t>(c)]) +
                     (n * r.n_stride + y * r.h_stride + x * r.w_stride) * size;
          store(to, at - begin, stop - at);
        }
        at = (y + 1) * width;
      }
    }
  }

  // Index of window tap (kh, kw) in the filter.
  int64_t FilterIndex(int64_t kh, int64_t kw) const {
    if (operands_.filter_is_splat) return 0;
    const int64_t tap = kh * spec_.window.kernel_w + kw;
    return spec_.window.rotate_kernel ? Taps() - 1 - tap : tap;
  }

  void FloatSums(int64_t n, int64_t c) const {
    const Window& w = spec_.window;
    const DType type = spec_.input;
    const bool average = spec_.op == PoolOp::kAverage;
    const bool biased = !average && !operands_.bias.empty();
    // Sums of averages start at -0, so that products which are all -0 give it.
    const float start = average ? -0.0f : 0.0f;
    const float bias =
        biased ? LoadFloat(type, operands_.bias[static_cast<size_t>(c)], 0) : 0;
    float acc[2][kChunk];
    ForEachChunk(
        n, c,
        [&](int64_t begin, int64_t count) {
          std::fill_n(acc[0], count, biased ? start + bias : start);
          std::fill_n(acc[1], count, start);
          int term = biased ? 1 : 0;
          for (int64_t kh = 0; kh < w.kernel_h; ++kh) {
            for (int64_t kw = 0; kw < w.kernel_w; ++kw, term ^= 1) {
              const float factor =
                  average ? LoadFloat(type, &spec_.scale_bits, 0)
                          : LoadFloat(type,
                                      operands_.filter[static_cast<size_t>(c)],
                                      FilterIndex(kh, kw));
              AddProducts(type, count,
                          floats_.data() + map_.Offset(kh, kw) + begin, factor,
                          acc[term]);
            }
          }
          for (int64_t t = 0; t < count; ++t) acc[0][t] = acc[0][t] + acc[1][t];
        },
        [&](char* to, int64_t from, int64_t length) {
          StoreFloatRow(spec_.result, acc[0] + from, length, to,
                        operands_.result.w_stride);
        });
  }

  // The lowest finite value comes first; a candidate replaces the maximum
  // unless the maximum is greater, so that NaN survive only where nothing
  // follows. NaN and denormals of 16 bits keep their bits, which are selected
  // besides the values.
  void FloatMax(int64_t n, int64_t c) {
    const Window& w = spec_.window;
    const float lowest = LowestFloat(spec_.input);
    const bool narrow = spec_.input != DType::kF32;
    if (narrow) FillBits(n, c);
    uint16_t lowest_bits;
    StoreFloat(DType::kBF16, &lowest_bits, 0, lowest);
    if (spec_.input == DType::kF16) lowest_bits = F32ToF16(lowest);
    float best[kChunk];
    uint32_t best_bits[kChunk];
    ForEachChunk(
        n, c,
        [&](int64_t begin, int64_t count) {
          std::fill_n(best, count, lowest);
          std::fill_n(best_bits, count, lowest_bits);
          for (int64_t kh = 0; kh < w.kernel_h; ++kh) {
            for (int64_t kw = 0; kw < w.kernel_w; ++kw) {
              const int64_t at = map_.Offset(kh, kw) + begin;
              Replace(count, floats_.data() + at,
                      narrow ? bits_.data() + at : nullptr, best, best_bits);
            }
          }
        },
        [&](char* to, int64_t from, int64_t length) {
          const int64_t stride = operands_.result.w_stride;
          if (!narrow) {
            StoreFloatRow(DType::kF32, best + from, length, to, stride);
            FlushDenormalRow(DType::kF32, length, to, stride);
          } else {
            uint16_t* out = reinterpret_cast<uint16_t*>(to);
            for (int64_t t = 0; t < length; ++t) {
              out[t * stride] = static_cast<uint16_t>(best_bits[from + t]);
            }
          }
        });
  }

  static void Replace(int64_t count, const float* next, const uint32_t* bits,
                      float* best, uint32_t* best_bits) {
    if (bits == nullptr) {
      Vectorized([=]() TPUC_INLINE_LOOP {
        for (int64_t i = 0; i < count; ++i) {
          best[i] = best[i] > next[i] ? best[i] : next[i];
        }
      });
      return;
    }
    Vectorized([=]() TPUC_INLINE_LOOP {
      for (int64_t i = 0; i < count; ++i) {
        const bool keep = best[i] > next[i];
        best[i] = keep ? best[i] : next[i];
        best_bits[i] = keep ? best_bits[i] : bits[i];
      }
    });
  }

  // The raw 16-bit elements, widened.
  void FillBits(int64_t n, int64_t c) {
    bits_.resize(static_cast<size_t>(map_.size()));
    uint16_t pad;
    std::memcpy(&pad, PadBits(c), 2);
    map_.Fill(
        uint32_t{pad},
        [&](int64_t y, uint32_t* row) {
          const uint16_t* from =
              reinterpret_cast<const uint16_t*>(InputRow(n, c, y));
          for (int64_t x = 0; x < spec_.window.in_w; ++x) {
            row[x] = from[x * operands_.input.w_stride];
          }
        },
        bits_.data());
  }

  template <typename T>
  void Integers(int64_t n, int64_t c) {
    const Window& w = spec_.window;
    std::vector<T> plane(static_cast<size_t>(map_.size()));
    std::vector<int64_t> wide(static_cast<size_t>(w.in_w));
    map_.Fill(
        static_cast<T>(LoadInteger(spec_.input, PadBits(c), 0)),
        [&](int64_t y, T* row) {
          LoadIntegerRow(spec_.input, InputRow(n, c, y),
                         operands_.input.w_stride, w.in_w, wide.data());
          for (int64_t x = 0; x < w.in_w; ++x) {
            row[x] = static_cast<T>(wide[static_cast<size_t>(x)]);
          }
        },
        plane.data());
    T acc[kChunk];
    int64_t results[kChunk];
    ForEachChunk(
        n, c,
        [&](int64_t begin, int64_t count) {
          if (spec_.op == PoolOp::kMax) {
            IntegerMax(begin, count, plane.data(), acc);
            std::copy_n(acc, count, results);
          } else {
            IntegerSums(c, begin, count, plane.data(), acc);
            FinishSums(c, count, acc, results);
          }
        },
        [&](char* to, int64_t from, int64_t length) {
          const bool saturate =
              spec_.op != PoolOp::kMax && SizeOf(spec_.result) < 4;
          StoreIntegerRow(spec_.result, saturate, results + from, length, to,
                          operands_.result.w_stride);
        });
  }

  template <typename T>
  void IntegerMax(int64_t begin, int64_t count, const T* plane, T* acc) const {
    std::fill_n(acc, count, static_cast<T>(MinOf(spec_.input)));
    for (int64_t kh = 0; kh < spec_.window.kernel_h; ++kh) {
      for (int64_t kw = 0; kw < spec_.window.kernel_w; ++kw) {
        const T* x = plane + map_.Offset(kh, kw) + begin;
        Vectorized([=]() TPUC_INLINE_LOOP {
          for (int64_t i = 0; i < count; ++i) acc[i] = std::max(acc[i], x[i]);
        });
      }
    }
  }

  template <typename T>
  void IntegerSums(int64_t c, int64_t begin, int64_t count, const T* plane,
                   T* acc) const {
    const bool average = spec_.op == PoolOp::kAverage;
    std::fill_n(acc, count, T{0});
    for (int64_t kh = 0; kh < spec_.window.kernel_h; ++kh) {
      for (int64_t kw = 0; kw < spec_.window.kernel_w; ++kw) {
        const T factor = static_cast<T>(
            average ? LoadInteger(spec_.filter, &spec_.scale_bits, 0)
                    : LoadInteger(spec_.filter,
                                  operands_.filter[static_cast<size_t>(c)],
                                  FilterIndex(kh, kw)));
        const T* x = plane + map_.Offset(kh, kw) + begin;
        Vectorized([=]() TPUC_INLINE_LOOP {
          for (int64_t i = 0; i < count; ++i) acc[i] += x[i] * factor;
        });
      }
    }
  }

  template <typename T>
  void FinishSums(int64_t c, int64_t count, const T* acc,
                  int64_t* results) const {
    const bool average = spec_.op == PoolOp::kAverage;
    const int64_t bias =
        !average && !operands_.bias.empty()
            ? LoadInteger(DType::kI32, operands_.bias[static_cast<size_t>(c)],
                          0)
            : 0;
    for (int64_t t = 0; t < count; ++t) {
      int64_t sum = acc[t] + bias;
      // Averages round half up whatever mode is written.
      if (average) sum = Shift(sum, -spec_.shift, Rounding::kHalfUp);
      if (!average) sum = static_cast<int32_t>(sum);  // sums wrap
      if (spec_.op == PoolOp::kDepthwiseRelu) sum = std::max<int64_t>(sum, 0);
      results[t] = sum;
    }
  }

  const PoolSpec& spec_;
  const PoolOperands& operands_;
  PhaseMap map_;
  int64_t count_;
  std::vector<float> floats_;
  std::vector<uint32_t> bits_;
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
  if (c_begin >= c_end) return absl::OkStatus();
  ChannelPool pool(spec, operands);
  for (int64_t c = c_begin; c < c_end; ++c) pool.Run(c);
  return absl::OkStatus();
}

}  // namespace tpuc::numerics
