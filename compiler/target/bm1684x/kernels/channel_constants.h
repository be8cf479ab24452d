// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/support/tensor.h"
#include "compiler/target/bm1684x/cost.h"
#include "compiler/target/bm1684x/layout.h"

// How the constants of a convolution's output channels lie in DDR.
namespace tpuc::bm1684x {

// The filter of a convolution: a row of elements for each output channel, one
// part (group) of channels behind the other; in DDR in whichever order is
// loaded faster.
class FilterRows {
 public:
  // A row is cut at multiples of `unit` only.
  FilterRows(int64_t parts, const ChannelRows& rows, int64_t unit)
      : parts_(parts),
        rows_(rows),
        unit_(unit),
        by_lanes_(PrefersLanes(rows)) {}

  DdrView View(int64_t part) const {
    DdrView view = DenseView(
        by_lanes_ ? Dims{1, rows_.Lanes(), rows_.Groups(), rows_.row}
                  : Dims{1, rows_.channels, rows_.row / unit_, unit_});
    view.offset = part * Elements(view.shape);
    return view;
  }
  // Of the channels of `out`, elements [begin, end) of each row.
  Slice Box(const Slice& out, int64_t begin, int64_t end) const {
    const int64_t first = out.start[kC], count = out.size[kC];
    if (!by_lanes_)
      return {{0, first, begin / unit_, 0},
              {1, count, (end - begin) / unit_, unit_}};
    return {{0, 0, first / isa::kLanes, begin},
            {1, std::min(count, isa::kLanes), CeilDiv(count, isa::kLanes),
             end - begin}};
  }
  std::vector<int64_t> Shape() const {
    if (!by_lanes_) return {parts_, rows_.channels, rows_.row / unit_, unit_};
    return {parts_, rows_.Lanes(), rows_.Groups(), rows_.row};
  }
  // Where the row of a channel, counted through all parts, begins.
  int64_t Begin(int64_t channel) const {
    if (!by_lanes_) return channel * rows_.row;
    const int64_t part = channel / rows_.channels, c = channel % rows_.channels;
    return ((part * rows_.Lanes() + c % isa::kLanes) * rows_.Groups() +
            c / isa::kLanes) *
           rows_.row;
  }
  std::string Packing(const char* plain) const {
    return by_lanes_ ? absl::StrCat(plain, "_lanes", parts_) : plain;
  }

 private:
  int64_t parts_;
  ChannelRows rows_;  // of a part
  int64_t unit_;
  bool by_lanes_;
};

// 32-bit constants of every output channel, [OC, columns], for a convolution of
// 8 bits. In DDR they lie as in the lanes, one part (group) of channels behind
// the other, so that one copy fetches those of all channels of a part. There
// they stay while the part's slices run.
class ChannelConstants {
 public:
  // One column: compact, as biases are; several: aligned, as tables are.
  ChannelConstants(int64_t parts, int64_t channels, int64_t columns)
      : parts_(parts),
        channels_(channels / parts),
        columns_(columns),
        width_(columns == 1 ? 1 : isa::kEuBytes / kBytes) {}

  DdrView View(int64_t part) const {
    DdrView view = DenseView({1, Lanes(), Groups(), width_});
    view.offset = part * Elements(view.shape);
    return view;
  }
  // Where the values of the slice's first channel lie.
  int64_t Address(int64_t address, const Slice& slice) const {
    return address + slice.start[kC] / isa::kLanes * width_ * kBytes;
  }
  Tensor Pack(const Tensor& value) const {
    Tensor packed(value.dtype(), {parts_, Lanes(), Groups(), width_});
    for (int64_t c = 0; c < parts_ * channels_; ++c) {
      const int64_t part = c / channels_, channel = c % channels_;
      const int64_t row = (part * Lanes() + channel % isa::kLanes) * Groups() +
                          channel / isa::kLanes;
      std::copy_n(value.data<int32_t>() + c * columns_, columns_,
                  packed.data<int32_t>() + row * width_);
    }
    return packed;
  }
  std::string Packing() const { return absl::StrCat("lanes", parts_); }

 private:
  static constexpr int64_t kBytes = 4;
  int64_t Lanes() const { return std::min(channels_, isa::kLanes); }
  int64_t Groups() const { return CeilDiv(channels_, isa::kLanes); }

  int64_t parts_, channels_, columns_, width_;
};

}  // namespace tpuc::bm1684x
