// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/parallel.h"

#include <algorithm>

namespace tpuc::sim {

ThreadPool::ThreadPool(int threads) {
  if (threads <= 0) {
    threads =
        std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  for (int i = 1; i < threads; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& t : threads_) t.join();
}

void ThreadPool::For(int64_t count, int64_t grain,
                     const std::function<void(int64_t, int64_t)>& body) {
  if (count <= 0) return;
  const int64_t workers = static_cast<int64_t>(threads_.size()) + 1;
  if (workers == 1 || count <= grain) {
    body(0, count);
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    body_ = &body;
    count_ = count;
    next_ = 0;
    part_ = std::max(grain, (count + 4 * workers - 1) / (4 * workers));
    ++generation_;
  }
  wake_.notify_all();
  Drain();
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [this] { return busy_ == 0; });
  body_ = nullptr;
}

void ThreadPool::Drain() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (body_ != nullptr && next_ < count_) {
    const int64_t begin = next_;
    const int64_t end = std::min(count_, begin + part_);
    const std::function<void(int64_t, int64_t)>& body = *body_;
    next_ = end;
    ++busy_;
    lock.unlock();
    body(begin, end);
    lock.lock();
    --busy_;
  }
  if (busy_ == 0) done_.notify_all();
}

void ThreadPool::Work() {
  uint64_t seen = 0;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
      if (stop_) return;
      seen = generation_;
    }
    Drain();
  }
}

}  // namespace tpuc::sim
