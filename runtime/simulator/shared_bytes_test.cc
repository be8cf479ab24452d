// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/shared_bytes.h"

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/simulator/memory.h"

namespace tpuc::sim {
namespace {

std::string Pattern(size_t size) {
  std::string bytes(size, 0);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + 1);
  return bytes;
}

// This process's share of the memory that it has touched, in KiB.
int64_t ProportionalKib() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) {
    if (line.rfind("Pss:", 0) == 0) return std::stoll(line.substr(4));
  }
  return -1;
}

class Modes : public testing::TestWithParam<SharedBytes::Sharing> {};

// Sizes around page borders; a start that is no page's and one that is.
TEST_P(Modes, MemoriesShowTheBytesAndKeepTheirOwnChanges) {
  for (size_t size : {1, 4095, 4096, 4097, 70000}) {
    const std::string bytes = Pattern(size);
    const auto shared = SharedBytes::Create(bytes, GetParam());
    for (uint64_t start : {uint64_t{0}, uint64_t{4096}, uint64_t{100}}) {
      const uint64_t address = isa::kDdrBase + start;
      Memory a(1 << 20), b(1 << 20);
      ASSERT_TRUE(a.Show(address, *shared).ok());
      ASSERT_TRUE(b.Show(address, *shared).ok());
      uint8_t* in_a = *a.Range(address, size);
      std::memset(in_a, 0xEE, size);
      EXPECT_EQ(std::memcmp(*b.Range(address, size), bytes.data(), size), 0);
      Memory c(1 << 20);
      ASSERT_TRUE(c.Show(address, *shared).ok());
      EXPECT_EQ(std::memcmp(*c.Range(address, size), bytes.data(), size), 0);
      EXPECT_EQ(in_a[size - 1], 0xEE);
      // What lies behind is untouched.
      EXPECT_EQ(**c.Range(address + size, 1), 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(SharedBytes, Modes,
                         testing::Values(SharedBytes::Sharing::kPages,
                                         SharedBytes::Sharing::kCopies));

TEST(SharedBytes, RefusesAPlaceThatIsTooSmall) {
  Memory memory(4096);
  EXPECT_FALSE(
      memory.Show(isa::kDdrBase, *SharedBytes::Create(Pattern(4097))).ok());
}

TEST(SharedBytes, MemoriesDoNotCostACopyEach) {
  if (ProportionalKib() < 0) GTEST_SKIP() << "no /proc/self/smaps_rollup";
  constexpr size_t kBytes = size_t{16} << 20;
  const auto shared = SharedBytes::Create(Pattern(kBytes));
  if (!shared->shares_pages()) GTEST_SKIP() << "no shared pages here";
  const int64_t before = ProportionalKib();
  std::vector<std::unique_ptr<Memory>> memories;
  for (int i = 0; i < 8; ++i) {
    memories.push_back(std::make_unique<Memory>(kBytes, LocalPattern::kZero));
    ASSERT_TRUE(memories.back()->Show(isa::kDdrBase, *shared).ok());
    const uint8_t* at = *memories.back()->Range(isa::kDdrBase, kBytes);
    uint64_t sum = 0;
    for (size_t j = 0; j < kBytes; j += 64) sum += at[j];
    EXPECT_GT(sum, 0u);
  }
  // Eight copies would take 128 MiB.
  EXPECT_LT(ProportionalKib() - before, 32 << 10);
}

}  // namespace
}  // namespace tpuc::sim
