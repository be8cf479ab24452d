// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets share. A target whose checks fail stops the process,
// which libFuzzer reports with the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// libFuzzer's own mutation of bytes; returns the new size.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace tpuc::fuzz {

// Stops unless `condition`; `what` is the fact that should hold.
void Require(bool condition, absl::string_view what);

// A rejected input has a reason: one line of text, not empty.
void RequireReason(const absl::Status& status);

// Stops when the process takes more than 2 seconds of processor time between
// construction and destruction: other than elapsed time, that doesn't depend on
// what else a machine does.
class TimeLimit {
 public:
  TimeLimit();
  ~TimeLimit();

 private:
  double start_;
};

inline absl::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Copies `bytes` to the mutator's buffer; cut where they don't fit.
size_t Store(absl::string_view bytes, uint8_t* data, size_t max_size);

using Random = std::minstd_rand;

// Uniform in [0, bound), bound > 0.
inline size_t Below(Random& random, size_t bound) { return random() % bound; }

// A value that programs tend to get wrong, sometimes near `old`.
uint64_t Interesting(Random& random, uint64_t old);

}  // namespace tpuc::fuzz
