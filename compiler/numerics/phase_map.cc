// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/phase_map.h"

namespace tpuc::numerics {

PhaseMap::PhaseMap(const Window& w)
    : window_(w),
      rows_(PaddedRows(w)),
      row_used_(static_cast<size_t>(w.stride_h)),
      phases_(static_cast<size_t>(w.stride_w)) {
  const std::vector<int32_t> columns = PaddedColumns(w);
  const int64_t count = static_cast<int64_t>(columns.size());
  height_ = (static_cast<int64_t>(rows_.size()) + w.stride_h - 1) / w.stride_h;
  width_ = (count + w.stride_w - 1) / w.stride_w;
  for (int64_t k = 0; k < w.kernel_h; ++k) {
    row_used_[static_cast<size_t>(k * w.dilation_h % w.stride_h)] = true;
  }
  const int32_t pad = static_cast<int32_t>(w.in_w);
  for (int64_t k = 0; k < w.kernel_w; ++k) {
    const int64_t first = k * w.dilation_w % w.stride_w;
    Columns& phase = phases_[static_cast<size_t>(first)];
    std::vector<int32_t>& source = phase.source;
    if (!source.empty()) continue;
    for (int64_t c = first; c < count; c += w.stride_w) {
      const int32_t s = columns[static_cast<size_t>(c)];
      source.push_back(s >= 0 ? s : s == kTapPad ? pad : pad + 1);
    }
    size_t begin = 0;
    for (size_t c = 1; c <= source.size(); ++c) {
      if (c < source.size() && source[c] == source[c - 1] + 1) continue;
      if (c - begin > phase.run_end - phase.run_begin) {
        phase.run_begin = begin;
        phase.run_end = c;
      }
      begin = c;
    }
  }
}

}  // namespace tpuc::numerics
