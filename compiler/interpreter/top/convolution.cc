// SPDX-License-Identifier: Apache-2.0
// Convolutions as sums of products (gemm.h) over input channels, kernel rows
// and kernel columns, in this order; the padding counts as zeros.
#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/interpreter/top/gemm.h"
#include "compiler/interpreter/top/planes.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

// Output elements whose columns are gathered together: those of a block of
// terms and the results stay in the second-level cache.
constexpr int64_t kBand = 4 * kPanelColumns;

struct ConvShape {
  PlaneWindow window;
  int64_t batch, groups;
  int64_t channels, outputs;  // of a group

  int64_t taps() const { return window.kh * window.kw; }
  int64_t in_plane() const { return window.ih * window.iw; }
  int64_t out_plane() const { return window.oh * window.ow; }
};

template <typename Op>
ConvShape ShapeOfConv(Op op) {
  const auto in = top::ShapeOf(op.getInput()),
             out = top::ShapeOf(op.getOutput());
  const int64_t groups = static_cast<int64_t>(op.getGroup());
  const auto kernel = op.getKernelShape(), strides = op.getStrides(),
             dilations = op.getDilations(), pads = op.getPads();
  return {{in[2], in[3], out[2], out[3], kernel[0], kernel[1], strides[0],
           strides[1], dilations[0], dilations[1], pads[0], pads[1]},
          in[0],
          groups,
          in[1] / groups,
          out[1] / groups};
}

const float* BiasOf(llvm::ArrayRef<TensorView> operands) {
  return operands.size() > 2 ? operands[2].data<float>() : nullptr;
}

// Fills [0, count) of `planes` rows with their bias.
void FillWithBias(const float* bias, int64_t planes, int64_t stride,
                  int64_t count, float* to) {
  for (int64_t i = 0; i < planes; ++i) {
    std::fill(to + i * stride, to + i * stride + count,
              bias == nullptr ? 0.0f : bias[i]);
  }
}

// The filters of all groups, packed one behind the other; made once where they
// are constant.
class PackedFilter {
 public:
  // A group has `rows` rows of `terms` terms.
  template <typename Pack>
  PackedFilter(int64_t groups, int64_t rows, int64_t terms, const float* filter,
               const Pack& pack)
      : group_(PackedRows(rows) * terms), data_(groups * group_) {
    for (int64_t g = 0; g < groups; ++g) {
      pack(filter + g * rows * terms, data_.data() + g * group_);
    }
  }
  const float* Group(int64_t g) const { return data_.data() + g * group_; }

 private:
  int64_t group_;
  Scratch data_;
};

class ConvKernel : public Kernel {
 public:
  ConvKernel(const ConvShape& shape, const Tensor* filter) : s_(shape) {
    if (filter != nullptr) packed_ = Pack(*filter);
  }

  void Run(llvm::ArrayRef<TensorView> operands, const TensorView& result,
           const Finish& finish, int threads) const override {
    std::optional<PackedFilter> own;
    if (!packed_) own = Pack(operands[1]);
    const PackedFilter& filter = packed_ ? *packed_ : *own;
    const float* input = operands[0].data<float>();
    const float* bias = BiasOf(operands);
    const int64_t plane = s_.out_plane();
    const int64_t bands = (plane + kBand - 1) / kBand;
    // Where there are few elements, threads take channels.
    const int64_t parts = s_.batch * s_.groups * bands >= threads
                              ? 1
                              : std::min<int64_t>(threads, Tiles());
    ParallelFor(
        threads, s_.batch * s_.groups * bands * parts, 1,
        [&](int64_t begin, int64_t end) {
          const Scratch columns(kGemmBlock * kBand);
          for (int64_t job = begin; job < end; ++job) {
            const int64_t part = job % parts, band = job / parts % bands;
            const int64_t group = job / parts / bands;  // and image
            const int64_t c0 = Tiles() * part / parts * kTileRows;
            const int64_t c1 =
                std::min(s_.outputs, Tiles() * (part + 1) / parts * kTileRows);
            const int64_t first = group % s_.groups * s_.outputs;
            const int64_t at = (group * s_.outputs + c0) * plane + band * kBand;
            Band(input + group * s_.channels * s_.in_plane(),
                 filter.Group(group % s_.groups) + c0 * Terms(),
                 bias == nullptr ? nullptr : bias + first + c0, c1 - c0,
                 band * kBand, result.data<float>() + at, columns.data());
            for (int64_t c = 0; c < c1 - c0 && !finish.empty(); ++c) {
              finish(result.data<float>() + at + c * plane, at + c * plane,
                     std::min(kBand, plane - band * kBand));
            }
          }
        });
  }

 private:
  int64_t Terms() const { return s_.channels * s_.taps(); }
  int64_t Tiles() const { return PackedRows(s_.outputs) / kTileRows; }

  PackedFilter Pack(const TensorView& filter) const {
    return PackedFilter(s_.groups, s_.outputs, Terms(), filter.data<float>(),
                        [&](const float* from, float* to) {
                          PackLeft(s_.outputs, Terms(), from, Terms(), 1, to);
                        });
  }

  // Elements from `begin` on of `outputs` channels of one group.
  void Band(const float* input, const float* filter, const float* bias,
            int64_t outputs, int64_t begin, float* to, float* columns) const {
    const int64_t plane = s_.out_plane();
    const int64_t count = std::min(kBand, plane - begin);
    FillWithBias(bias, outputs, plane, count, to);
    for (int64_t t = 0; t < Terms(); t += kGemmBlock) {
      const int64_t terms = std::min(kGemmBlock, Terms() - t);
      Gather(input, t, terms, begin, count, columns);
      AddBlock(outputs, count, terms, filter + t * kTileRows, Terms(), columns,
               to, plane);
    }
  }

  // Packs what the terms meet at the elements.
  void Gather(const float* input, int64_t first, int64_t terms, int64_t begin,
              int64_t count, float* columns) const {
    const PlaneWindow& w = s_.window;
    const bool whole = s_.taps() == 1 && w.stride_h == 1 && w.stride_w == 1 &&
                       s_.in_plane() == s_.out_plane() && w.top == 0 &&
                       w.left == 0;
    float line[kBand];
    for (int64_t t = 0; t < terms; ++t) {
      const int64_t tap = (first + t) % s_.taps();
      const float* plane = input + (first + t) / s_.taps() * s_.in_plane();
      const float* from = line;
      if (whole) {
        from = plane + begin;
      } else {
        GatherTap(w, plane, tap / w.kw, tap % w.kw, begin, begin + count, line);
      }
      for (int64_t j = 0; j < count; j += kPanelColumns) {
        float* to = columns + j * terms + t * kPanelColumns;
        const int64_t n = std::min(kPanelColumns, count - j);
        if (n == kPanelColumns) {
          std::memcpy(to, from + j, kPanelColumns * sizeof(float));
        } else {
          std::memcpy(to, from + j, n * sizeof(float));
          std::fill(to + n, to + kPanelColumns, 0.0f);
        }
      }
    }
  }

  ConvShape s_;
  std::optional<PackedFilter> packed_;
};

// One channel a group on both sides.
class DepthwiseKernel : public Kernel {
 public:
  explicit DepthwiseKernel(const ConvShape& shape) : s_(shape) {}

  void Run(llvm::ArrayRef<TensorView> operands, const TensorView& result,
           const Finish& finish, int threads) const override {
    const float* input = operands[0].data<float>();
    const float* filter = operands[1].data<float>();
    const float* bias = BiasOf(operands);
    const PlaneWindow& w = s_.window;
    ParallelFor(
        threads, s_.batch * s_.groups, 1, [&](int64_t begin, int64_t end) {
          SplitPlane plane(w, 0.0f);
          std::vector<const float*> rows(w.kh);
          for (int64_t c = begin; c < end; ++c) {
            const int64_t channel = c % s_.groups;
            float* to = result.data<float>() + c * s_.out_plane();
            plane.Fill(input + c * s_.in_plane());
            for (int64_t y = 0; y < w.oh; ++y) {
              for (int64_t ky = 0; ky < w.kh; ++ky) {
                rows[ky] = plane.Row(w.Row(y, ky));
              }
              ConvolveRow({w.kh, w.kw, rows.data(), plane.Offsets().data(),
                           filter + channel * s_.taps()},
                          bias == nullptr ? 0.0f : bias[channel], w.ow,
                          to + y * w.ow);
            }
            finish(to, c * s_.out_plane(), s_.out_plane());
          }
        });
  }

 private:
  ConvShape s_;
};

// What each tap makes of each input element is a sum of products; it is added
// to its output element by input row, tap row and tap column, ascending.
class ConvTransposeKernel : public Kernel {
 public:
  ConvTransposeKernel(const ConvShape& shape, const Tensor* filter)
      : s_(shape) {
    if (filter != nullptr) packed_ = Pack(*filter);
  }

  void Run(llvm::ArrayRef<TensorView> operands, const TensorView& result,
           const Finish& finish, int threads) const override {
    std::optional<PackedFilter> own;
    if (!packed_) own = Pack(operands[1]);
    const PackedFilter& filter = packed_ ? *packed_ : *own;
    const float* input = operands[0].data<float>();
    const float* bias = BiasOf(operands);
    const int64_t plane = s_.out_plane();
    const int64_t parts = (s_.outputs + kTileRows - 1) / kTileRows;
    ParallelFor(
        threads, s_.batch * s_.groups * parts, 1,
        [&](int64_t begin, int64_t end) {
          const int64_t rows = Rows();
          const Scratch right(PackedColumns(rows * s_.window.iw) * kGemmBlock);
          const Scratch products(kTileRows * s_.taps() * rows * s_.window.iw);
          for (int64_t job = begin; job < end; ++job) {
            const int64_t c0 = job % parts * kTileRows, group = job / parts;
            const int64_t count = std::min(kTileRows, s_.outputs - c0);
            const int64_t at = (group * s_.outputs + c0) * plane;
            const int64_t first = group % s_.groups * s_.outputs + c0;
            float* to = result.data<float>() + at;
            FillWithBias(bias == nullptr ? nullptr : bias + first, count, plane,
                         plane, to);
            for (int64_t y = 0; y < s_.window.ih; y += rows) {
              AddRows(input + group * s_.channels * s_.in_plane(),
                      filter.Group(group % s_.groups) +
                          c0 * s_.taps() * s_.channels,
                      count, y, std::min(rows, s_.window.ih - y), right.data(),
                      products.data(), to);
            }
            finish(to, at, count * plane);
          }
        });
  }

 private:
  // Input rows that are taken together.
  int64_t Rows() const {
    return std::clamp<int64_t>(kBand / s_.window.iw, 1, s_.window.ih);
  }

  // Rows are output channel, tap row, tap column; terms are input channels.
  PackedFilter Pack(const TensorView& filter) const {
    const int64_t rows = s_.outputs * s_.taps();
    return PackedFilter(s_.groups, rows, s_.channels, filter.data<float>(),
                        [&](const float* from, float* to) {
                          PackLeft(rows, s_.channels, from, 1, rows, to);
                        });
  }

  void AddRows(const float* input, const float* filter, int64_t outputs,
               int64_t y0, int64_t rows, float* right, float* products,
               float* to) const {
    const PlaneWindow& w = s_.window;
    const int64_t count = rows * w.iw, m = outputs * s_.taps();
    std::fill(products, products + m * count, 0.0f);
    for (int64_t t = 0; t < s_.channels; t += kGemmBlock) {
      const int64_t terms = std::min(kGemmBlock, s_.channels - t);
      PackRight(count, terms, input + t * s_.in_plane() + y0 * w.iw,
                s_.in_plane(), 1, right);
      AddBlock(m, count, terms, filter + t * kTileRows, s_.channels, right,
               products, count);
    }
    for (int64_t c = 0; c < outputs; ++c) {
      for (int64_t y = 0; y < rows; ++y) {
        for (int64_t k = 0; k < s_.taps(); ++k) {
          const int64_t row = w.Row(y0 + y, k / w.kw);
          if (row < 0 || row >= w.oh) continue;
          Spread(products + (c * s_.taps() + k) * count + y * w.iw,
                 k % w.kw * w.dilation_w - w.left,
                 to + c * s_.out_plane() + row * w.ow);
        }
      }
    }
  }

  // line[x * stride + shift] += from[x] where that is inside.
  void Spread(const float* from, int64_t shift, float* line) const {
    const PlaneWindow& w = s_.window;
    const int64_t stride = w.stride_w;
    int64_t x = 0, end = w.iw;
    while (x < end && x * stride + shift < 0) ++x;
    while (end > x && (end - 1) * stride + shift >= w.ow) --end;
    if (stride == 1) {
      for (; x < end; ++x) line[x + shift] += from[x];
    } else if (stride == 2) {
      for (; x < end; ++x) line[x * 2 + shift] += from[x];
    } else {
      for (; x < end; ++x) line[x * stride + shift] += from[x];
    }
  }

  ConvShape s_;
  std::optional<PackedFilter> packed_;
};

}  // namespace

absl::StatusOr<PreparedKernel> PrepareConv(top::ConvOp op) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const ConvShape shape = ShapeOfConv(op);
  PreparedKernel prepared{nullptr, FusedRelu(op)};
  if (shape.channels == 1 && shape.outputs == 1 && shape.taps() <= kGemmBlock) {
    prepared.kernel = std::make_unique<DepthwiseKernel>(shape);
  } else {
    prepared.kernel =
        std::make_unique<ConvKernel>(shape, top::ConstantOf(op.getFilter()));
  }
  return prepared;
}

absl::StatusOr<PreparedKernel> PrepareConvTranspose(top::ConvTransposeOp op) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  return PreparedKernel{std::make_unique<ConvTransposeKernel>(
                            ShapeOfConv(op), top::ConstantOf(op.getFilter())),
                        FusedRelu(op)};
}

}  // namespace tpuc::interpreter
