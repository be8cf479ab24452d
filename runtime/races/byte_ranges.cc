// SPDX-License-Identifier: Apache-2.0
#include "runtime/races/byte_ranges.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "compiler/isa/codes.h"

namespace tpuc::races {
namespace {

bool IsSet(uint64_t lanes, int lane) { return (lanes >> lane & 1) != 0; }

std::string DescribeLanes(uint64_t lanes) {
  std::string text;
  int64_t count = 0;
  for (int first = 0; first < isa::kLanes; ++first) {
    if (!IsSet(lanes, first)) continue;
    int last = first;
    while (last + 1 < isa::kLanes && IsSet(lanes, last + 1)) ++last;
    absl::StrAppend(&text, text.empty() ? "" : ", ", first);
    if (last > first) absl::StrAppend(&text, "-", last);
    count += last - first + 1;
    first = last;
  }
  return absl::StrCat(count == 1 ? "lane " : "lanes ", text);
}

}  // namespace

std::string Describe(const ByteRange& range) {
  const bool is_static = range.begin >= isa::kLaneBytes;
  const int64_t base = is_static ? isa::kLaneBytes : 0;
  return absl::StrFormat(
      "bytes 0x%x-0x%x of %s", range.begin - base, range.end - 1 - base,
      is_static ? "static memory" : DescribeLanes(range.lanes));
}

std::vector<ByteRange> Joined(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const ByteRange& a, const ByteRange& b) {
              return std::tie(a.lanes, a.begin, a.end) <
                     std::tie(b.lanes, b.begin, b.end);
            });
  std::vector<ByteRange> joined;
  for (const ByteRange& range : ranges) {
    if (range.begin >= range.end || range.lanes == 0) continue;
    if (!joined.empty() && joined.back().lanes == range.lanes &&
        range.begin <= joined.back().end) {
      joined.back().end = std::max(joined.back().end, range.end);
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

std::optional<ByteRange> Common(const std::vector<ByteRange>& a,
                                const std::vector<ByteRange>& b) {
  for (const ByteRange& x : a) {
    for (const ByteRange& y : b) {
      const ByteRange both{x.lanes & y.lanes, std::max(x.begin, y.begin),
                           std::min(x.end, y.end)};
      if (both.lanes != 0 && both.begin < both.end) return both;
    }
  }
  return std::nullopt;
}

void LastTouch::Cut(int64_t at) {
  auto next = segments_.lower_bound(at);
  if (next == segments_.begin()) return;
  auto segment = std::prev(next);
  if (segment->second.end <= at) return;
  segments_.emplace_hint(next, at, segment->second);
  segment->second.end = at;
}

LastTouch::Segments::const_iterator LastTouch::From(int64_t at) const {
  auto segment = segments_.upper_bound(at);
  if (segment == segments_.begin()) return segment;
  auto before = std::prev(segment);
  return before->second.end > at ? before : segment;
}

void LastTouch::Set(const ByteRange& range, uint32_t event) {
  if (range.begin >= range.end || range.lanes == 0) return;
  Cut(range.begin);
  Cut(range.end);
  const Part part{range.lanes, event};
  int64_t at = range.begin;  // everything before is done
  auto segment = segments_.lower_bound(range.begin);
  while (at < range.end) {
    if (segment == segments_.end() || segment->first > at) {  // a gap
      const int64_t end = segment == segments_.end()
                              ? range.end
                              : std::min(range.end, segment->first);
      segments_.emplace_hint(segment, at, Segment{end, {part}});
      at = end;
      continue;
    }
    std::vector<Part>& parts = segment->second.parts;
    for (Part& p : parts) p.lanes &= ~range.lanes;
    parts.erase(std::remove_if(parts.begin(), parts.end(),
                               [](const Part& p) { return p.lanes == 0; }),
                parts.end());
    // Events grow, so that equal segments have equal lists.
    if (!parts.empty() && parts.back().event == event) {
      parts.back().lanes |= range.lanes;
    } else {
      parts.push_back(part);
    }
    at = segment->second.end;
    ++segment;
  }
  Join(range.begin, range.end);
}

void LastTouch::Join(int64_t begin, int64_t end) {
  auto segment = segments_.find(begin);
  if (segment != segments_.begin()) --segment;
  for (auto next = std::next(segment);
       next != segments_.end() && next->first <= end;) {
    if (segment->second.end == next->first &&
        segment->second.parts == next->second.parts) {
      segment->second.end = next->second.end;
      next = segments_.erase(next);
    } else {
      segment = next++;
    }
  }
}

uint32_t LastTouch::Newest(const ByteRange& range) const {
  uint32_t newest = 0;
  if (range.begin >= range.end) return newest;
  for (auto segment = From(range.begin);
       segment != segments_.end() && segment->first < range.end; ++segment) {
    for (const Part& part : segment->second.parts) {
      if ((part.lanes & range.lanes) != 0)
        newest = std::max(newest, part.event);
    }
  }
  return newest;
}

std::optional<ByteRange> LastTouch::Untouched(const ByteRange& range) const {
  int64_t at = range.begin;
  for (auto segment = From(at); at < range.end; ++segment) {
    if (segment == segments_.end() || segment->first > at) {
      const int64_t end = segment == segments_.end()
                              ? range.end
                              : std::min(range.end, segment->first);
      return ByteRange{range.lanes, at, end};
    }
    uint64_t missing = range.lanes;
    for (const Part& part : segment->second.parts) missing &= ~part.lanes;
    const int64_t end = std::min(range.end, segment->second.end);
    if (missing != 0) return ByteRange{missing, at, end};
    at = end;
  }
  return std::nullopt;
}

}  // namespace tpuc::races
