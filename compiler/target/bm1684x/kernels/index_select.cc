// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "compiler/target/bm1684x/kernels/movement_kernels.h"

namespace tpuc::bm1684x {
namespace {

// `count` indices that advance by `step`, the first being `first`, each
// `repeat` times in a row, from `start` on.
struct Run {
  int64_t start = 0, count = 1, repeat = 1;
  int64_t first = 0, step = 0;
};

std::vector<Run> RunsOf(const std::vector<int64_t>& indices) {
  const auto size = static_cast<int64_t>(indices.size());
  const auto repeat_at = [&](int64_t i) {
    int64_t n = 1;
    while (i + n < size && indices[i + n] == indices[i]) ++n;
    return n;
  };
  std::vector<Run> runs;
  for (int64_t i = 0; i < size;) {
    Run run;
    run.start = i;
    run.first = indices[i];
    run.repeat = repeat_at(i);
    // Strides of the chip are not negative.
    for (i += run.repeat; i < size; i += run.repeat, ++run.count) {
      const int64_t step = indices[i] - indices[i - 1];
      if (repeat_at(i) != run.repeat || step < 0) break;
      if (run.count > 1 && step != run.step) break;
      run.step = step;
    }
    runs.push_back(run);
  }
  return runs;
}

// Columns first, then rows, each as far as it isn't the identity.
class IndexSelectKernel : public Kernel {
 public:
  explicit IndexSelectKernel(const IndexSelectSpec& spec) : spec_(spec) {
    operands_ = {{spec.dtype, Layout::kAligned}};
    result_ = {spec.dtype, Layout::kAligned};
    const Dims output = {spec.input[kN], spec.input[kC],
                         static_cast<int64_t>(spec.rows.size()),
                         static_cast<int64_t>(spec.columns.size())};
    parts_ = {{{DenseView(spec.input)}, DenseView(output)}};
  }

  Slice OperandSlice(const Part& part, int operand, const Slice& out,
                     int cut) const override {
    Slice slice = out;
    for (int d : {kH, kW}) {
      const auto [least, most] = Range(d, out.start[d], out.size[d]);
      slice.start[d] = least;
      slice.size[d] = most - least + 1;
    }
    return slice;
  }

  // Fields of sizes and of the strides of n and c have 16 bits; rows are
  // counted by n.
  bool IsLegal(const Part& part, const Slice& slice) const override {
    const Slice input = OperandSlice(part, 0, slice, 0);
    if (!Kernel::IsLegal(part, slice) || !Kernel::IsLegal(part, input))
      return false;
    if (slice.size[kC] > isa::kLanes &&
        std::max({Local(slice.size).Strides()[kC],
                  Local(input.size).Strides()[kC],
                  Middle(slice, input, 0).Strides()[kC]}) > isa::kMaxSize)
      return false;
    for (const Run& run : Runs(kH, slice, input))
      if (std::max(run.repeat, run.step) * slice.size[kW] > isa::kMaxSize)
        return false;
    return true;
  }

  int64_t ScratchBytes(const Part& part, const Slice& slice) const override {
    if (IsIdentity(RunsOf(spec_.rows)) || IsIdentity(RunsOf(spec_.columns)))
      return 0;
    // Slices of one size may read different numbers of rows.
    Slice input = OperandSlice(part, 0, slice, 0);
    const int64_t size = slice.size[kH];
    for (int64_t y = 0; y < part.result.shape[kH]; y += size) {
      const auto [least, most] =
          Range(kH, y, std::min(size, part.result.shape[kH] - y));
      input.size[kH] = std::max(input.size[kH], most - least + 1);
    }
    return Middle(slice, input, 0).BytesPerLane();
  }

  void Emit(Emitter& emitter, const Part& part, const Slice& slice, int cut,
            const Buffers& buffers) const override {
    const Slice input = OperandSlice(part, 0, slice, 0);
    const std::vector<Run> rows = Runs(kH, slice, input);
    const std::vector<Run> columns = Runs(kW, slice, input);
    const bool keeps_rows = IsIdentity(rows),
               keeps_columns = IsIdentity(columns);
    const LocalTensor middle = keeps_columns ? buffers.operands[0]
                               : keeps_rows
                                   ? buffers.result
                                   : Middle(slice, input, buffers.scratch);
    if (!keeps_columns)
      for (const Run& run : columns)
        CopyColumns(emitter, run, buffers.operands[0], middle);
    if (!keeps_rows || keeps_columns)
      for (const Run& run : rows)
        CopyRows(emitter, run, middle, buffers.result);
  }

 private:
  LocalTensor Local(const Dims& shape) const {
    return {0, spec_.dtype, shape, Layout::kAligned};
  }
  // The rows of the input with the columns of the result.
  LocalTensor Middle(const Slice& out, const Slice& in, int64_t address) const {
    return Local({out.size[kN], out.size[kC], in.size[kH], out.size[kW]})
        .At(address);
  }

  const std::vector<int64_t>& Indices(int dimension) const {
    return dimension == kH ? spec_.rows : spec_.columns;
  }
  // Least and largest index.
  std::pair<int64_t, int64_t> Range(int dimension, int64_t start,
                                    int64_t size) const {
    const auto begin = Indices(dimension).begin() + start;
    const auto [least, most] = std::minmax_element(begin, begin + size);
    return {*least, *most};
  }
  // Of a slice, counted from the slice of the input.
  std::vector<Run> Runs(int dimension, const Slice& out,
                        const Slice& in) const {
    const auto begin = Indices(dimension).begin() + out.start[dimension];
    std::vector<int64_t> indices(begin, begin + out.size[dimension]);
    for (int64_t& index : indices) index -= in.start[dimension];
    return RunsOf(indices);
  }
  // Slices begin with their least index.
  static bool IsIdentity(const std::vector<Run>& runs) {
    return runs.size() == 1 && runs[0].repeat == 1 &&
           (runs[0].count == 1 || runs[0].step == 1);
  }

  // The stride between channel groups, 0 where there is one.
  static int64_t GroupStride(const LocalTensor& tensor) {
    return tensor.shape[kC] > isa::kLanes ? tensor.Strides()[kC] : 0;
  }
  int64_t Address(const LocalTensor& tensor, int64_t image,
                  int64_t element) const {
    const auto size = static_cast<int64_t>(SizeOf(spec_.dtype));
    return tensor.address + (image * tensor.Strides()[kN] + element) * size;
  }

  // n counts rows, h the indices, w their repetitions.
  void CopyColumns(Emitter& emitter, const Run& run, const LocalTensor& from,
                   const LocalTensor& to) const {
    const Dims shape = {from.shape[kH], from.shape[kC], run.count, run.repeat};
    for (int64_t n = 0; n < from.shape[kN]; ++n)
      emitter.StridedCopy(spec_.dtype, shape,
                          {Address(to, n, run.start),
                           {to.shape[kW], GroupStride(to), run.repeat, 1}},
                          {Address(from, n, run.first),
                           {from.shape[kW], GroupStride(from), run.step, 0}});
  }

  // n counts the indices, h their repetitions, w columns.
  void CopyRows(Emitter& emitter, const Run& run, const LocalTensor& from,
                const LocalTensor& to) const {
    const int64_t width = from.shape[kW];
    const Dims shape = {run.count, from.shape[kC], run.repeat, width};
    for (int64_t n = 0; n < from.shape[kN]; ++n)
      emitter.StridedCopy(spec_.dtype, shape,
                          {Address(to, n, run.start * width),
                           {run.repeat * width, GroupStride(to), width, 1}},
                          {Address(from, n, run.first * width),
                           {run.step * width, GroupStride(from), 0, 1}});
  }

  IndexSelectSpec spec_;
};

}  // namespace

std::unique_ptr<Kernel> MakeIndexSelectKernel(const IndexSelectSpec& spec) {
  return std::make_unique<IndexSelectKernel>(spec);
}

}  // namespace tpuc::bm1684x
