// SPDX-License-Identifier: Apache-2.0
// Internal to numerics: one channel of a window operation's input.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "compiler/numerics/window.h"

namespace tpuc::numerics {

// The padded and spread input, split into one plane for each phase of the
// strides, so that what a tap reads for neighbouring results lies side by
// side: result (y, x) reads element Offset(kh, kw) + y * width() + x.
class PhaseMap {
 public:
  explicit PhaseMap(const Window& window);

  int64_t width() const { return width_; }
  // Elements of all phases.
  int64_t size() const {
    return window_.stride_h * window_.stride_w * height_ * width_;
  }
  int64_t Offset(int64_t kh, int64_t kw) const {
    return PhaseRow(kh * window_.dilation_h, kw * window_.dilation_w) +
           kw * window_.dilation_w / window_.stride_w;
  }

  // Fills `data` (size() elements). load(y, row) gives the in_w elements of
  // input row y.
  template <typename T, typename Load>
  void Fill(T pad, const Load& load, T* data) const {
    const int64_t in_w = window_.in_w;
    std::vector<T> row(static_cast<size_t>(in_w) + 2);
    for (int64_t r = 0; r < static_cast<int64_t>(rows_.size()); ++r) {
      if (!row_used_[static_cast<size_t>(r % window_.stride_h)]) continue;
      const int32_t source = rows_[static_cast<size_t>(r)];
      if (source >= 0) {
        load(source, row.data());
        row[static_cast<size_t>(in_w)] = pad;
        row[static_cast<size_t>(in_w) + 1] = T{0};
      } else if (source == kTapPad) {
        std::fill(row.begin(), row.end(), pad);
      } else {
        std::fill(row.begin(), row.end(), T{0});
        row[static_cast<size_t>(in_w)] = pad;
      }
      for (size_t p = 0; p < phases_.size(); ++p) {
        Gather(phases_[p], row.data(),
               data + PhaseRow(r, static_cast<int64_t>(p)));
      }
    }
  }

 private:
  // Where the columns of a phase come from: a column of the input, in_w for
  // padding, in_w + 1 for an inserted zero; [run_begin, run_end) are
  // neighbours. Empty when no tap reads the phase.
  struct Columns {
    std::vector<int32_t> source;
    size_t run_begin = 0, run_end = 0;
  };

  // Start of padded row r in the phase of padded column c.
  int64_t PhaseRow(int64_t r, int64_t c) const {
    const int64_t phase =
        r % window_.stride_h * window_.stride_w + c % window_.stride_w;
    return (phase * height_ + r / window_.stride_h) * width_;
  }

  template <typename T>
  static void Gather(const Columns& columns, const T* row, T* to) {
    const std::vector<int32_t>& from = columns.source;
    for (size_t c = 0; c < columns.run_begin; ++c) to[c] = row[from[c]];
    if (columns.run_end > columns.run_begin) {
      std::memcpy(to + columns.run_begin, row + from[columns.run_begin],
                  (columns.run_end - columns.run_begin) * sizeof(T));
    }
    for (size_t c = columns.run_end; c < from.size(); ++c) to[c] = row[from[c]];
  }

  Window window_;
  std::vector<int32_t> rows_;
  int64_t height_ = 0, width_ = 0;
  std::vector<bool> row_used_;
  std::vector<Columns> phases_;  // by column
};

}  // namespace tpuc::numerics
