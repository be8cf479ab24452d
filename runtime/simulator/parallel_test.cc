// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/parallel.h"

#include <atomic>
#include <vector>

#include "gtest/gtest.h"

namespace tpuc::sim {
namespace {

TEST(ThreadPool, VisitsEveryItemOnce) {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (int64_t count : {0, 1, 7, 1000}) {
      for (int64_t grain : {1, 3, 2000}) {
        std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
        pool.For(count, grain, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) ++visits[i];
        });
        for (const auto& v : visits) EXPECT_EQ(v, 1);
      }
    }
  }
}

}  // namespace
}  // namespace tpuc::sim
