// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/conv.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/numerics/float_format.h"
#include "compiler/numerics/gemm.h"
#include "compiler/numerics/integer.h"
#include "compiler/numerics/simd.h"

namespace tpuc::numerics {
namespace {

// Reads windows of a widened copy of the input, [n][ic][in_h][in_w].
template <typename T>
class WindowReader {
 public:
  WindowReader(const ConvSpec& spec, std::vector<T> input, std::vector<T> pad)
      : n_(spec.n),
        ic_(spec.ic),
        window_(spec.window),
        input_(std::move(input)),
        pad_(std::move(pad)),
        rows_(RowTaps(spec.window)),
        columns_(ColumnTaps(spec.window)) {}

  int64_t NumPixels() const { return n_ * window_.out_h * window_.out_w; }

  // Calls write(ic, tap, values) with the kTile values that tap
  // (kh * kernel_w + kw) reads at pixels p0.. of [n][out_h][out_w].
  template <typename Write>
  void Read(int64_t p0, int64_t count, const Write& write) const {
    const int64_t plane = window_.in_h * window_.in_w;
    int64_t n[kTile], h[kTile], w[kTile];
    for (int64_t t = 0; t < count; ++t) {
      const int64_t p = p0 + t;
      w[t] = p % window_.out_w;
      h[t] = p / window_.out_w % window_.out_h;
      n[t] = p / window_.out_w / window_.out_h;
    }
    int64_t offset[kTile];
    T values[kTile] = {};
    for (int64_t kh = 0; kh < window_.kernel_h; ++kh) {
      for (int64_t kw = 0; kw < window_.kernel_w; ++kw) {
        bool all = true, run = count == kTile;
        for (int64_t t = 0; t < count; ++t) {
          const int32_t y = rows_[h[t] * window_.kernel_h + kh];
          const int32_t x = columns_[w[t] * window_.kernel_w + kw];
          if (y >= 0 && x >= 0) {
            offset[t] = n[t] * ic_ * plane + y * window_.in_w + x;
          } else {
            offset[t] = y == kTapPad || x == kTapPad ? kTapPad : kTapZero;
            all = false;
          }
          run = run && offset[t] == offset[0] + t;
        }
        const int64_t tap = kh * window_.kernel_w + kw;
        for (int64_t c = 0; c < ic_; ++c) {
          const T* from = input_.data() + c * plane;
          if (all && run) {
            std::memcpy(values, from + offset[0], sizeof(values));
          } else if (all) {
            for (int64_t t = 0; t < count; ++t) values[t] = from[offset[t]];
          } else {
            const T pad = pad_[pad_.size() == 1 ? 0 : c];
            for (int64_t t = 0; t < count; ++t) {
              values[t] = offset[t] >= 0         ? from[offset[t]]
                          : offset[t] == kTapPad ? pad
                                                 : T{0};
            }
          }
          write(c, tap, values);
        }
      }
    }
  }

 private:
  int64_t n_, ic_;
  Window window_;
  std::vector<T> input_;
  std::vector<T> pad_;  // 1 or ic values
  std::vector<int32_t> rows_, columns_;
};

// Position of (ic, tap) among the products of one result.
class TermOrder {
 public:
  TermOrder(const ConvSpec& spec)
      : taps_(spec.window.kernel_h * spec.window.kernel_w),
        ic_(spec.ic),
        grouped_(spec.input == DType::kF16 || spec.input == DType::kBF16) {}

  int64_t Index(int64_t c, int64_t tap) const {
    if (!grouped_) return c * taps_ + tap;
    const int64_t g = c / kAlignedGroup;
    const int64_t length = std::min(kAlignedGroup, ic_ - g * kAlignedGroup);
    return g * kAlignedGroup * taps_ + tap * length + c % kAlignedGroup;
  }
  int64_t Count() const { return ic_ * taps_; }
  std::vector<int64_t> GroupEnds() const {
    std::vector<int64_t> ends;
    int64_t end = 0;
    for (int64_t c = 0; c < ic_; c += kAlignedGroup) {
      for (int64_t t = 0; t < taps_; ++t) {
        end += std::min(kAlignedGroup, ic_ - c);
        ends.push_back(end);
      }
    }
    return ends;
  }

 private:
  int64_t taps_, ic_;
  bool grouped_;
};

int64_t InputParallel(DType type) {
  return SizeOf(type) == 1 ? 64 : SizeOf(type) == 2 ? 32 : 1;
}

// Index of W[ic][kh][kw] behind filter[oc].
int64_t FilterIndex(const ConvSpec& spec, int64_t c, int64_t tap) {
  const int64_t taps = spec.window.kernel_h * spec.window.kernel_w;
  if (spec.window.rotate_kernel) tap = taps - 1 - tap;
  switch (spec.filter_order) {
    case FilterOrder::kSplat:
      return 0;
    case FilterOrder::kOihw:
      return c * taps + tap;
    case FilterOrder::kNic:
      break;
  }
  const int64_t k = InputParallel(spec.filter);
  return (c / k * taps + tap) * k + c % k;
}

// Elements that are worth another thread.
constexpr int64_t kParallelElements = 16384;

// Elements behind filter[oc].
int64_t FilterLength(const ConvSpec& spec) {
  const int64_t taps = spec.window.kernel_h * spec.window.kernel_w;
  switch (spec.filter_order) {
    case FilterOrder::kSplat:
      return 1;
    case FilterOrder::kOihw:
      return spec.ic * taps;
    case FilterOrder::kNic:
      break;
  }
  const int64_t k = InputParallel(spec.filter);
  return (spec.ic + k - 1) / k * k * taps;
}

// left[oc][TermOrder]: load(oc, pointer, count, out) widens weights.
template <typename T, typename Load>
std::vector<T> GatherFilter(const ConvSpec& spec, const ConvOperands& operands,
                            const TermOrder& order, int64_t row_length,
                            const ParallelFor& parallel, const Load& load) {
  const int64_t taps = spec.window.kernel_h * spec.window.kernel_w;
  std::vector<T> left(static_cast<size_t>(spec.oc * row_length), T{0});
  std::vector<std::pair<int32_t, int32_t>> moves;  // from, to
  moves.reserve(static_cast<size_t>(spec.ic * taps));
  for (int64_t c = 0; c < spec.ic; ++c) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      moves.emplace_back(static_cast<int32_t>(FilterIndex(spec, c, tap)),
                         static_cast<int32_t>(order.Index(c, tap)));
    }
  }
  const int64_t length = FilterLength(spec);
  parallel(spec.oc, kParallelElements / length + 1,
           [&](int64_t begin, int64_t end) {
             std::vector<T> stored(static_cast<size_t>(length));
             for (int64_t oc = begin; oc < end; ++oc) {
               load(oc, operands.filter[static_cast<size_t>(oc)], length,
                    stored.data());
               T* row = left.data() + oc * row_length;
               for (const auto& [from, to] : moves) row[to] = stored[from];
             }
           });
  return left;
}

// Widens 8-bit integers.
void LoadBytes(DType type, const void* data, int64_t stride, int64_t count,
               int16_t* out) {
  const int8_t* s = static_cast<const int8_t*>(data);
  const uint8_t* u = static_cast<const uint8_t*>(data);
  if (stride == 1) {
    Vectorized([=]() TPUC_INLINE_LOOP {
      if (type == DType::kI8) {
        for (int64_t i = 0; i < count; ++i) out[i] = s[i];
      } else {
        for (int64_t i = 0; i < count; ++i) out[i] = u[i];
      }
    });
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    out[i] = type == DType::kI8 ? int16_t{s[i * stride]}
                                : static_cast<int16_t>(u[i * stride]);
  }
}

const char* InputRow(const ConvSpec& spec, const Planes& input, int64_t n,
                     int64_t c, int64_t h) {
  return static_cast<const char*>(input.channel[static_cast<size_t>(c)]) +
         (n * input.n_stride + h * input.h_stride) *
             static_cast<int64_t>(SizeOf(spec.input));
}

// Copies the input as [n][ic][in_h][in_w]; row(from, count, to) converts.
template <typename T, typename Row>
std::vector<T> GatherInput(const ConvSpec& spec, const Planes& input,
                           const ParallelFor& parallel, const Row& row) {
  const Window& w = spec.window;
  const int64_t plane = w.in_h * w.in_w;
  const bool joined = input.h_stride == w.in_w * input.w_stride;
  std::vector<T> dense(static_cast<size_t>(spec.n * spec.ic * plane));
  parallel(spec.n * spec.ic, kParallelElements / plane + 1,
           [&](int64_t begin, int64_t end) {
             for (int64_t i = begin; i < end; ++i) {
               T* to = dense.data() + i * plane;
               const int64_t n = i / spec.ic, c = i % spec.ic;
               if (joined) {
                 row(InputRow(spec, input, n, c, 0), plane, to);
                 continue;
               }
               for (int64_t h = 0; h < w.in_h; ++h) {
                 row(InputRow(spec, input, n, c, h), w.in_w, to + h * w.in_w);
               }
             }
           });
  return dense;
}

// Result rows: pixels p0.. of channel oc are stored in runs along out_w.
template <typename Visit>
void ForEachRun(const ConvSpec& spec, const MutablePlanes& result, int64_t oc,
                int64_t p0, int64_t count, const Visit& visit) {
  const Window& w = spec.window;
  const int64_t size = static_cast<int64_t>(SizeOf(spec.result));
  for (int64_t t = 0; t < count;) {
    const int64_t p = p0 + t;
    const int64_t x = p % w.out_w;
    const int64_t y = p / w.out_w % w.out_h;
    const int64_t n = p / w.out_w / w.out_h;
    const int64_t length = std::min(count - t, w.out_w - x);
    char* at =
        static_cast<char*>(result.channel[static_cast<size_t>(oc)]) +
        (n * result.n_stride + y * result.h_stride + x * result.w_stride) *
            size;
    visit(at, t, length);
    t += length;
  }
}

class FloatConvolution final : public Convolution, private FloatGemm {
 public:
  FloatConvolution(const ConvSpec& spec, const ConvOperands& operands,
                   const ParallelFor& parallel)
      : FloatGemm(
            spec.input == DType::kF32 ? Order::kAlternating : Order::kAligned,
            spec.oc, spec.n * spec.window.out_h * spec.window.out_w,
            TermOrder(spec).Count()),
        spec_(spec),
        terms_(spec),
        bias_(operands.bias),
        result_(operands.result),
        reader_(spec,
                GatherInput<float>(
                    spec, operands.input, parallel,
                    [&](const char* from, int64_t count, float* to) {
                      LoadFloatRow(spec.input, from, operands.input.w_stride,
                                   count, to);
                    }),
                Pads(spec, operands)) {
    SetLeft(GatherFilter<float>(
        spec, operands, terms_, k_, parallel,
        [&](int64_t, const void* filter, int64_t count, float* out) {
          LoadFloatRow(spec.filter, filter, 1, count, out);
        }));
    if (order_ == Order::kAligned) group_ends_ = terms_.GroupEnds();
  }

  int64_t NumTiles() const override { return FloatGemm::NumTiles(); }
  void Run(int64_t begin, int64_t end) const override { RunTiles(begin, end); }

 private:
  static std::vector<float> Pads(const ConvSpec& spec,
                                 const ConvOperands& operands) {
    std::vector<float> pads;
    for (uint32_t bits : operands.pad_bits) {
      pads.push_back(LoadFloat(spec.input, &bits, 0));
    }
    if (pads.empty()) pads.push_back(0.0f);
    return pads;
  }

  void FillTile(int64_t n0, int64_t columns, float* tile) const override {
    reader_.Read(n0, columns, [&](int64_t c, int64_t tap, const float* values) {
      std::memcpy(tile + terms_.Index(c, tap) * kTile, values,
                  kTile * sizeof(float));
    });
  }
  int LeadTerms() const override {
    return (bias_.empty() ? 0 : 1) + (spec_.accumulate ? 1 : 0);
  }
  void Lead(int index, int64_t m, int64_t n0, int64_t columns,
            float* out) const override {
    if (index == 0 && !bias_.empty()) {
      std::fill_n(out, columns, bias_[static_cast<size_t>(m)]);
      return;
    }
    ForEachRun(spec_, result_, m, n0, columns,
               [&](char* at, int64_t t, int64_t length) {
                 LoadFloatRow(spec_.result, at, result_.w_stride, length,
                              out + t);
               });
  }
  void Store(int64_t m, int64_t n0, int64_t columns,
             const float* row) const override {
    ForEachRun(spec_, result_, m, n0, columns,
               [&](char* at, int64_t t, int64_t length) {
                 StoreFloatRow(spec_.result, row + t, length, at,
                               result_.w_stride);
               });
  }

  ConvSpec spec_;
  TermOrder terms_;
  std::vector<float> bias_;
  MutablePlanes result_;
  WindowReader<float> reader_;
};

class IntegerConvolution final : public Convolution, private IntegerGemm {
 public:
  IntegerConvolution(const ConvSpec& spec, const ConvOperands& operands,
                     const ParallelFor& parallel)
      : IntegerGemm(spec.oc, spec.n * spec.window.out_h * spec.window.out_w,
                    TermOrder(spec).Count()),
        spec_(spec),
        terms_(spec),
        result_(operands.result),
        reader_(spec,
                GatherInput<int16_t>(
                    spec, operands.input, parallel,
                    [&](const char* from, int64_t count, int16_t* to) {
                      LoadBytes(spec.input, from, operands.input.w_stride,
                                count, to);
                    }),
                Pads(spec, operands)) {
    left_ = GatherFilter<int16_t>(
        spec, operands, terms_, k_pairs_ * 2, parallel,
        [&](int64_t oc, const void* filter, int64_t count, int16_t* out) {
          LoadBytes(spec.filter, filter, 1, count, out);
          if (operands.zero_point.empty()) return;
          const int16_t zero = static_cast<int16_t>(
              operands.zero_point[static_cast<size_t>(oc)]);
          for (int64_t i = 0; i < count; ++i) {
            out[i] = static_cast<int16_t>(out[i] - zero);
          }
        });
  }

  int64_t NumTiles() const override { return IntegerGemm::NumTiles(); }
  void Run(int64_t begin, int64_t end) const override { RunTiles(begin, end); }

 private:
  static std::vector<int16_t> Pads(const ConvSpec& spec,
                                   const ConvOperands& operands) {
    std::vector<int16_t> pads;
    for (uint32_t bits : operands.pad_bits) {
      pads.push_back(static_cast<int16_t>(LoadInteger(spec.input, &bits, 0)));
    }
    if (pads.empty()) pads.push_back(0);
    return pads;
  }

  void FillTile(int64_t n0, int64_t columns, int16_t* tile) const override {
    if ((k_ & 1) != 0) {
      std::memset(tile + (k_pairs_ - 1) * kTile * 2, 0,
                  kTile * 2 * sizeof(int16_t));
    }
    reader_.Read(n0, columns,
                 [&](int64_t c, int64_t tap, const int16_t* values) {
                   const int64_t k = terms_.Index(c, tap);
                   int16_t* to = tile + k / 2 * kTile * 2 + (k & 1);
                   for (int64_t t = 0; t < kTile; ++t) to[2 * t] = values[t];
                 });
  }
  void Store(int64_t m, int64_t n0, int64_t columns,
             const int32_t* row) const override {
    ForEachRun(spec_, result_, m, n0, columns,
               [&](char* at, int64_t t, int64_t length) {
                 uint32_t* to = reinterpret_cast<uint32_t*>(at);
                 for (int64_t i = 0; i < length; ++i) {
                   const uint32_t sum = static_cast<uint32_t>(row[t + i]);
                   uint32_t& out = to[i * result_.w_stride];
                   out = spec_.accumulate ? out + sum : sum;
                 }
               });
  }

  ConvSpec spec_;
  TermOrder terms_;
  MutablePlanes result_;
  WindowReader<int16_t> reader_;
};

bool Is8Bit(DType type) { return type == DType::kI8 || type == DType::kU8; }

std::string Types(const ConvSpec& spec) {
  return absl::StrCat("convolution of ", tpuc::Name(spec.input), " with ",
                      tpuc::Name(spec.filter), " to ", tpuc::Name(spec.result));
}

absl::Status CheckOperands(const ConvSpec& spec, const ConvOperands& operands) {
  const size_t ic = static_cast<size_t>(spec.ic);
  const size_t oc = static_cast<size_t>(spec.oc);
  if (operands.input.channel.size() != ic || operands.filter.size() != oc ||
      operands.result.channel.size() != oc ||
      (!operands.bias.empty() && operands.bias.size() != oc) ||
      (!operands.zero_point.empty() && operands.zero_point.size() != oc) ||
      (operands.pad_bits.size() > 1 && operands.pad_bits.size() != ic)) {
    return absl::InvalidArgumentError(
        absl::StrCat(Types(spec), ": channel counts of operands do not match ",
                     spec.ic, " input and ", spec.oc, " output channels"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const ConvSpec& spec) {
  if (absl::Status s = Validate(spec.window); !s.ok()) return s;
  if (IsFloat(spec.input)) {
    if (spec.filter != spec.input ||
        (spec.result != DType::kF32 && spec.result != spec.input)) {
      return absl::UnimplementedError(
          absl::StrCat(Types(spec), ": types do not match"));
    }
    if (spec.accumulate && spec.result != DType::kF32) {
      return absl::UnimplementedError(
          absl::StrCat(Types(spec), ": accumulating needs an f32 result"));
    }
  } else if (!Is8Bit(spec.input) || !Is8Bit(spec.filter) ||
             (spec.result != DType::kI32 && spec.result != DType::kU32)) {
    return absl::UnimplementedError(
        absl::StrCat(Types(spec), ": 8-bit operands give 32-bit results"));
  }
  if (spec.n < 1 || spec.ic < 1 || spec.oc < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(Types(spec), ": no images or channels"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Convolution>> Convolution::Prepare(
    const ConvSpec& spec, const ConvOperands& operands,
    const ParallelFor& parallel) {
  if (absl::Status s = Validate(spec); !s.ok()) return s;
  if (absl::Status s = CheckOperands(spec, operands); !s.ok()) return s;
  std::unique_ptr<Convolution> result;
  if (IsFloat(spec.input)) {
    result = std::make_unique<FloatConvolution>(spec, operands, parallel);
  } else {
    result = std::make_unique<IntegerConvolution>(spec, operands, parallel);
  }
  return result;
}

absl::Status Convolve(const ConvSpec& spec, const ConvOperands& operands) {
  auto convolution = Convolution::Prepare(spec, operands);
  if (!convolution.ok()) return convolution.status();
  (*convolution)->Run(0, (*convolution)->NumTiles());
  return absl::OkStatus();
}

}  // namespace tpuc::numerics
