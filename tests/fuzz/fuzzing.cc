// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzzing.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tpuc::fuzz {

void Require(bool condition, absl::string_view what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()),
               what.data());
  std::abort();
}

void RequireReason(const absl::Status& status) {
  const absl::string_view reason = status.message();
  bool one_line = !reason.empty();
  for (const char c : reason) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') one_line = false;
  }
  if (one_line) return;
  std::fprintf(stderr, "the reason is not a line of text: \"%.*s\"\n",
               static_cast<int>(reason.size()), reason.data());
  std::abort();
}

namespace {

// Seconds of processor time of all threads.
double ProcessorTime() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) +
         1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

TimeLimit::TimeLimit() : start_(ProcessorTime()) {}
TimeLimit::~TimeLimit() {
  Require(ProcessorTime() - start_ < 2, "an input takes at most 2 seconds");
}

size_t Store(absl::string_view bytes, uint8_t* data, size_t max_size) {
  const size_t size = std::min(bytes.size(), max_size);
  if (size != 0) std::memcpy(data, bytes.data(), size);
  return size;
}

uint64_t Interesting(Random& random, uint64_t old) {
  const uint64_t power = uint64_t{1} << Below(random, 64);
  switch (Below(random, 8)) {
    case 0:
      return Below(random, 20);
    case 1:
      return ~static_cast<uint64_t>(Below(random, 4));
    case 2:
      return power;
    case 3:
      return power - 1;
    case 4:
      return old + 1;
    case 5:
      return old - 1;
    case 6:
      return old ^ power;
    default:
      return random() * 0x9E3779B97F4A7C15u;
  }
}

}  // namespace tpuc::fuzz
