// SPDX-License-Identifier: Apache-2.0
// Bytes of the memories that both engines see: local and static memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tpuc::races {

// Bytes [begin, end) of every lane in `lanes`. Static memory counts as a
// continuation of lane 0: its byte k is byte isa::kLaneBytes + k there.
struct ByteRange {
  uint64_t lanes = 0;
  int64_t begin = 0;
  int64_t end = 0;

  bool operator==(const ByteRange& o) const {
    return lanes == o.lanes && begin == o.begin && end == o.end;
  }
};

// "bytes 0x40-0x7f of lanes 0-3, 8", "bytes 0x0-0x3 of static memory".
std::string Describe(const ByteRange& range);

// The same bytes in fewer ranges: those of equal lanes are sorted and joined.
std::vector<ByteRange> Joined(std::vector<ByteRange> ranges);

// Some bytes that two lists have in common; nothing when they have none.
std::optional<ByteRange> Common(const std::vector<ByteRange>& a,
                                const std::vector<ByteRange>& b);

// For every byte the newest of a growing sequence of events. Time and space
// grow with the number of ranges, not of bytes.
class LastTouch {
 public:
  // `event` is greater than 0 and no smaller than those before.
  void Set(const ByteRange& range, uint32_t event);

  // The newest event at any of the bytes; 0 when there was none.
  uint32_t Newest(const ByteRange& range) const;

  // Some of the bytes without event; nothing when all have one.
  std::optional<ByteRange> Untouched(const ByteRange& range) const;

 private:
  // Lanes without event are in no part; parts have no lane in common.
  struct Part {
    uint64_t lanes;
    uint32_t event;
    bool operator==(const Part& o) const {
      return lanes == o.lanes && event == o.event;
    }
  };
  struct Segment {
    int64_t end;
    std::vector<Part> parts;
  };
  using Segments = std::map<int64_t, Segment>;  // by first byte, disjoint

  // Makes `at` a border between segments.
  void Cut(int64_t at);
  // The first segment that ends behind `at`.
  Segments::const_iterator From(int64_t at) const;
  // Joins neighbours that are equal, from the one at `begin` to `end`.
  void Join(int64_t begin, int64_t end);

  Segments segments_;
};

}  // namespace tpuc::races
