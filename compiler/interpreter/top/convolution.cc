// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"
#include "compiler/interpreter/top/gemm.h"
#include "compiler/support/parallel.h"

namespace tpuc::interpreter {
namespace {

// [N, C, H, W] and the window; one group at a time.
struct ConvShape {
  int64_t ih, iw, oh, ow, kh, kw;
  int64_t channels;  // input channels of a group
  int64_t outputs;   // output channels of a group
  int64_t stride_h, stride_w, dilation_h, dilation_w, top, left;

  int64_t terms() const { return channels * kh * kw; }
};

// columns[c, kh, kw][y, x] for output rows [y0, y1): what each filter tap
// meets, 0 in the padding.
void GatherColumns(const ConvShape& s, const float* input, int64_t y0,
                   int64_t y1, float* columns) {
  for (int64_t c = 0; c < s.channels; ++c) {
    const float* plane = input + c * s.ih * s.iw;
    for (int64_t ky = 0; ky < s.kh; ++ky) {
      for (int64_t kx = 0; kx < s.kw; ++kx) {
        const int64_t shift = kx * s.dilation_w - s.left;
        for (int64_t y = y0; y < y1; ++y, columns += s.ow) {
          const int64_t row = y * s.stride_h + ky * s.dilation_h - s.top;
          if (row < 0 || row >= s.ih) {
            std::fill(columns, columns + s.ow, 0.0f);
            continue;
          }
          const float* line = plane + row * s.iw;
          for (int64_t x = 0; x < s.ow; ++x) {
            const int64_t at = x * s.stride_w + shift;
            columns[x] = at < 0 || at >= s.iw ? 0.0f : line[at];
          }
        }
      }
    }
  }
}

// One input channel a group: a sum over taps for each output channel.
void Depthwise(const ConvShape& s, const float* input, const float* filter,
               int64_t y0, int64_t y1, float* output) {
  for (int64_t y = y0; y < y1; ++y) {
    float* out = output + y * s.ow;
    for (int64_t ky = 0; ky < s.kh; ++ky) {
      const int64_t row = y * s.stride_h + ky * s.dilation_h - s.top;
      if (row < 0 || row >= s.ih) continue;
      const float* line = input + row * s.iw;
      for (int64_t kx = 0; kx < s.kw; ++kx) {
        const int64_t shift = kx * s.dilation_w - s.left;
        const float tap = filter[ky * s.kw + kx];
        for (int64_t x = 0; x < s.ow; ++x) {
          const int64_t at = x * s.stride_w + shift;
          if (at >= 0 && at < s.iw) out[x] += tap * line[at];
        }
      }
    }
  }
}

// The multiples of one tap that an input plane adds to an output plane.
void Spread(const ConvShape& s, const float* input, float tap, int64_t ky,
            int64_t kx, float* output) {
  for (int64_t y = 0; y < s.ih; ++y) {
    const int64_t row = y * s.stride_h + ky * s.dilation_h - s.top;
    if (row < 0 || row >= s.oh) continue;
    float* line = output + row * s.ow;
    for (int64_t x = 0; x < s.iw; ++x) {
      const int64_t at = x * s.stride_w + kx * s.dilation_w - s.left;
      if (at >= 0 && at < s.ow) line[at] += tap * input[y * s.iw + x];
    }
  }
}

template <typename Op>
ConvShape ShapeOfConv(Op op, const std::vector<int64_t>& in,
                      const std::vector<int64_t>& out) {
  const int64_t groups = static_cast<int64_t>(op.getGroup());
  return {in[2],
          in[3],
          out[2],
          out[3],
          op.getKernelShape()[0],
          op.getKernelShape()[1],
          in[1] / groups,
          out[1] / groups,
          op.getStrides()[0],
          op.getStrides()[1],
          op.getDilations()[0],
          op.getDilations()[1],
          op.getPads()[0],
          op.getPads()[1]};
}

}  // namespace

TensorOr EvalConv(top::ConvOp op, const Values& values,
                  const RunOptions& options) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& input = values[op.getInput()];
  const Tensor& filter = values[op.getFilter()];
  const Tensor* bias = values.Find(op.getBias());
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const std::vector<int64_t>&in = input.shape(), &out = result->shape();
  const int64_t groups = static_cast<int64_t>(op.getGroup());
  const ConvShape s = ShapeOfConv(op, in, out);
  // Bands of rows whose columns stay in the second-level cache.
  const int64_t rows = std::clamp<int64_t>(
      (int64_t{1} << 16) / std::max<int64_t>(1, s.terms() * s.ow), 1, s.oh);
  const int64_t bands = (s.oh + rows - 1) / rows;
  const int64_t plane = s.oh * s.ow;
  const auto run = [&](int64_t begin, int64_t end) {
    std::vector<float> columns(s.terms() * rows * s.ow);
    for (int64_t job = begin; job < end; ++job) {
      const int64_t band = job % bands, part = job / bands;  // part: n, group
      const int64_t y0 = band * rows, y1 = std::min(s.oh, y0 + rows);
      const float* from = input.data<float>() + part * s.channels * s.ih * s.iw;
      const int64_t first = part % groups * s.outputs;
      const float* taps = filter.data<float>() + first * s.terms();
      float* to = result->data<float>() + part * s.outputs * plane;
      for (int64_t c = 0; c < s.outputs; ++c) {
        std::fill(to + c * plane + y0 * s.ow, to + c * plane + y1 * s.ow,
                  bias == nullptr ? 0.0f : bias->data<float>()[first + c]);
      }
      if (s.channels == 1 && s.outputs == 1) {
        Depthwise(s, from, taps, y0, y1, to);
      } else {
        GatherColumns(s, from, y0, y1, columns.data());
        Gemm(s.outputs, (y1 - y0) * s.ow, s.terms(), taps, s.terms(),
             columns.data(), (y1 - y0) * s.ow, to + y0 * s.ow, plane);
      }
    }
  };
  ParallelFor(options.threads, in[0] * groups * bands, 1, run);
  ApplyFusedRelu(op, *result);
  return result;
}

TensorOr EvalConvTranspose(top::ConvTransposeOp op, const Values& values,
                           const RunOptions& options) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  const Tensor& input = values[op.getInput()];
  const Tensor& filter = values[op.getFilter()];
  const Tensor* bias = values.Find(op.getBias());
  TensorOr result = MakeResult(op.getOutput());
  if (!result.ok()) return result;
  const ConvShape s = ShapeOfConv(op, input.shape(), result->shape());
  const int64_t all = result->shape()[1];
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t job = begin; job < end; ++job) {  // n, output channel
      const int64_t channel = job % all;
      const int64_t first = (job / s.outputs) * s.channels;  // n, input channel
      float* to = result->data<float>() + job * s.oh * s.ow;
      std::fill(to, to + s.oh * s.ow,
                bias == nullptr ? 0.0f : bias->data<float>()[channel]);
      for (int64_t c = 0; c < s.channels; ++c) {
        const float* from = input.data<float>() + (first + c) * s.ih * s.iw;
        const int64_t row = channel / s.outputs * s.channels + c;
        const float* taps =
            filter.data<float>() +
            (row * s.outputs + channel % s.outputs) * s.kh * s.kw;
        for (int64_t k = 0; k < s.kh * s.kw; ++k) {
          Spread(s, from, taps[k], k / s.kw, k % s.kw, to);
        }
      }
    }
  };
  ParallelFor(options.threads, result->shape()[0] * all, 1, run);
  ApplyFusedRelu(op, *result);
  return result;
}

}  // namespace tpuc::interpreter
