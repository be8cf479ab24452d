// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

namespace tpuc {

// A line on the standard error that is kept up to date, when that is a
// terminal and the work takes longer than two seconds; silent otherwise.
class Progress {
 public:
  explicit Progress(std::string what)
      : what_(std::move(what)),
        terminal_(::isatty(STDERR_FILENO) != 0),
        start_(Clock::now()),
        shown_(start_) {}
  ~Progress() {
    if (drawn_) std::fprintf(stderr, "\r\033[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(int64_t done, int64_t total) {
    using std::chrono::milliseconds;
    if (!terminal_) return;
    const Clock::time_point now = Clock::now();
    if (now - start_ < milliseconds(2000) || now - shown_ < milliseconds(100)) {
      return;
    }
    shown_ = now;
    drawn_ = true;
    std::fprintf(stderr, "\r\033[K%s: %lld of %lld", what_.c_str(),
                 static_cast<long long>(done), static_cast<long long>(total));
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  bool terminal_, drawn_ = false;
  Clock::time_point start_, shown_;
};

}  // namespace tpuc
