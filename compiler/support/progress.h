// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace tpuc {

// A line on the standard error that is kept up to date, with how much is done
// and the time left, when that is a terminal and the work takes longer than two
// seconds; silent otherwise.
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
    if (done <= 0 || done >= total) return;
    // As if what is left went as fast as what is done.
    const double seconds = std::chrono::duration<double>(now - start_).count();
    std::fprintf(stderr, ", %.0f s left",
                 seconds * static_cast<double>(total - done) /
                     static_cast<double>(done));
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  bool terminal_, drawn_ = false;
  Clock::time_point start_, shown_;
};

// The same for work that cannot say how far it is: shows the seconds.
class Waiting {
 public:
  explicit Waiting(std::string what) {
    if (::isatty(STDERR_FILENO) == 0) return;
    thread_ = std::thread([this, what = std::move(what)] {
      std::unique_lock<std::mutex> lock(mutex_);
      for (int second = 1; !stop_; ++second) {
        if (wake_.wait_for(lock, std::chrono::seconds(1),
                           [this] { return stop_; })) {
          break;
        }
        if (second < 2) continue;
        std::fprintf(stderr, "\r\033[K%s: %d s", what.c_str(), second);
        drawn_ = true;
      }
    });
  }
  ~Waiting() {
    if (!thread_.joinable()) return;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
    if (drawn_) std::fprintf(stderr, "\r\033[K");
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false, drawn_ = false;
  std::thread thread_;
};

}  // namespace tpuc
