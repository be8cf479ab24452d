// SPDX-License-Identifier: Apache-2.0
// Arguments: .bmodel files whose instructions are tried; see race_test.bzl.
#include <gtest/gtest.h>

#include <cstring>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/isa/codes.h"
#include "compiler/isa/instruction.h"
#include "runtime/races/byte_ranges.h"
#include "runtime/simulator/simulator.h"
#include "tests/races/programs.h"

namespace tpuc::races {
namespace {

// Instructions of a kind that are tried.
constexpr int kMostOfAKind = 3;

// Local and static memory one behind the other.
constexpr size_t kBytes = isa::kLocalBytes + isa::kStaticBytes;

size_t PlaceOf(int lane, int64_t byte) {
  return byte < isa::kLaneBytes
             ? static_cast<size_t>(lane * isa::kLaneBytes + byte)
             : static_cast<size_t>(isa::kLocalBytes + byte - isa::kLaneBytes);
}

template <typename Visit>
void ForEachRun(const std::vector<ByteRange>& ranges, const Visit& visit) {
  for (const ByteRange& range : ranges) {
    for (int lane = 0; lane < isa::kLanes; ++lane) {
      if ((range.lanes >> lane & 1) == 0) continue;
      visit(PlaceOf(lane, range.begin),
            static_cast<size_t>(range.end - range.begin));
    }
  }
}

// A simulator and what its local and static memory held at first.
class Device {
 public:
  explicit Device(std::vector<uint8_t> contents)
      : contents_(std::move(contents)), simulator_(LargeDdr()) {
    local_ = simulator_.memory().local();
    static_ = *simulator_.memory().Range(isa::kStaticBase, isa::kStaticBytes);
    std::memcpy(local_, contents_.data(), isa::kLocalBytes);
    std::memcpy(static_, contents_.data() + isa::kLocalBytes,
                isa::kStaticBytes);
  }

  sim::Simulator& simulator() { return simulator_; }
  uint8_t* At(size_t place) {
    return place < isa::kLocalBytes ? local_ + place
                                    : static_ + (place - isa::kLocalBytes);
  }
  void Restore(const std::vector<ByteRange>& ranges) {
    ForEachRun(ranges, [this](size_t at, size_t size) {
      std::memcpy(At(at), &contents_[at], size);
    });
  }
  bool IsRestored() const {
    return std::memcmp(local_, contents_.data(), isa::kLocalBytes) == 0 &&
           std::memcmp(static_, contents_.data() + isa::kLocalBytes,
                       isa::kStaticBytes) == 0;
  }

 private:
  std::vector<uint8_t> contents_;
  sim::Simulator simulator_;
  uint8_t *local_, *static_;
};

// Two devices that differ in every byte of local and static memory.
class Twins {
 public:
  Twins() : a_(Random(0)), b_(Random(0xFF)) {}

  // Whether the instruction, given equal bytes where it reads, gives equal
  // bytes where it writes, all of them, and touches no other. False when it
  // refuses the data.
  bool Try(const sim::Program::Step& source, const Step& step) {
    SCOPED_TRACE(sim::Describe(source));
    ForEachRun(step.reads, [this](size_t at, size_t size) {
      std::memcpy(b_.At(at), a_.At(at), size);
    });
    const auto in_a = a_.simulator().Prepare(source, /*record_accesses=*/true);
    const auto in_b = b_.simulator().Prepare(source);
    EXPECT_TRUE(in_a.ok() && in_b.ok());
    const absl::Status status = a_.simulator().Run(*in_a);
    EXPECT_EQ(status, b_.simulator().Run(*in_b));
    if (status.ok()) {
      ForEachRun(step.writes, [this](size_t at, size_t size) {
        EXPECT_EQ(std::memcmp(a_.At(at), b_.At(at), size), 0)
            << "written bytes depend on others than those read, or are not "
               "written";
      });
      CompareOutside(in_a->accesses);
    }
    a_.Restore(step.writes);
    b_.Restore(step.writes);
    b_.Restore(step.reads);
    EXPECT_TRUE(a_.IsRestored() && b_.IsRestored())
        << "other bytes are written";
    return status.ok();
  }

 private:
  static std::vector<uint8_t> Random(uint8_t flip) {
    std::vector<uint8_t> bytes(kBytes);
    std::mt19937 random(3);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random()) ^ flip;
    return bytes;
  }

  // What is written to L2 and DDR, which are equal at first.
  void CompareOutside(const std::vector<sim::Access>& accesses) {
    for (const sim::Access& access : accesses) {
      if (access.use == sim::Use::kRead) continue;
      sim::ForEachRange(access, [this](const uint8_t* at, int64_t size) {
        const uint64_t address = a_.simulator().memory().AddressOf(at);
        if (address < isa::kL2Base) return;
        const auto other =
            b_.simulator().memory().Range(address, static_cast<uint64_t>(size));
        EXPECT_EQ(std::memcmp(at, *other, static_cast<size_t>(size)), 0)
            << "bytes stored depend on others than those read";
      });
    }
  }

  Device a_, b_;
};

// Format, operation, types, layouts and flags: what decides which operands an
// instruction has. Extents and strides differ within a kind.
std::string KindOf(const isa::Instruction& i) {
  std::string kind = i.info().name;
  for (int f = 0; f < static_cast<int>(i.info().fields.size()); ++f) {
    const isa::FieldInfo& field = i.info().fields[f];
    if (field.width <= 5) absl::StrAppend(&kind, ",", i.Get(f));
  }
  return kind;
}

TEST(Accesses, AreThoseOfTheEffect) {
  Twins twins;
  std::map<std::string, int> tried;
  int refused = 0;
  for (const Group& group : AllGroups()) {
    SCOPED_TRACE(group.name);
    for (const bool is_tiu : {true, false}) {
      const auto& sources = is_tiu ? group.program.tiu : group.program.gdma;
      const auto& steps = is_tiu ? group.streams.tiu : group.streams.gdma;
      for (size_t i = 0; i < sources.size(); ++i) {
        int& count = tried[KindOf(sources[i].instruction)];
        if (count == kMostOfAKind) continue;
        if (twins.Try(sources[i], steps[i])) {
          ++count;
        } else {
          ++refused;
        }
        ASSERT_FALSE(HasFailure());
      }
    }
  }
  std::cout << tried.size() << " kinds of instructions; " << refused
            << " instructions refused random data\n";
  EXPECT_GT(tried.size(), 10u);
}

}  // namespace
}  // namespace tpuc::races
