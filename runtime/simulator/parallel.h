// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tpuc::sim {

// A fixed set of threads that share loops. Idle threads sleep.
class ThreadPool {
 public:
  // `threads` includes the caller of For(); 0 takes the processor's number.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Calls body(begin, end) for disjoint parts of [0, count) of about `grain`
  // items or more, on all threads, and returns when all are done. body must
  // give results that do not depend on the cuts. Not reentrant.
  void For(int64_t count, int64_t grain,
           const std::function<void(int64_t, int64_t)>& body);

 private:
  void Work();
  // Takes parts until none is left; holds no lock while a part runs.
  void Drain();

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int64_t, int64_t)>* body_ = nullptr;
  int64_t count_ = 0, next_ = 0, part_ = 1;
  int busy_ = 0;
  uint64_t generation_ = 0;
  bool stop_ = false;
};

}  // namespace tpuc::sim
