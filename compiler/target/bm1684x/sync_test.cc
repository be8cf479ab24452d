// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/sync.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "compiler/isa/codes.h"
#include "compiler/target/bm1684x/emitter.h"
#include "compiler/target/bm1684x/footprint.h"

namespace tpuc::bm1684x {
namespace {

using isa::Instruction;

// [1, 64, 1, 16] f32: 64 bytes of every lane.
Instruction Add(int64_t result, int64_t a, int64_t b) {
  isa::SAr i;
  i.tsk_eu_typ = isa::SAr::Op::kAdd;
  i.tsk_opd_num = 2;
  i.res0_prec = i.opd0_prec = i.opd1_prec = isa::prec::kF32;
  i.res0_n = i.res0_h = 1;
  i.res0_c = 64;
  i.res0_w = 16;
  i.res0_addr = result;
  i.opd0_addr = a;
  i.opd1_addr = b;
  return i.ToInstruction();
}

Instruction Dma(uint64_t from, uint64_t to) {
  isa::DmaTensor i;
  i.nchw_copy = i.stride_enable = 1;
  i.src_data_format = isa::prec::kF32;
  i.src_nsize = i.src_hsize = 1;
  i.src_csize = 64;
  i.src_wsize = 16;
  i.src_nstride = i.dst_nstride = 1024;
  i.src_cstride = i.dst_cstride = 16;
  i.src_hstride = i.dst_hstride = 16;
  i.src_wstride = i.dst_wstride = 1;
  isa::SetSrcAddress(i, from);
  isa::SetDstAddress(i, to);
  return i.ToInstruction();
}

Instruction Load(int64_t local) {
  return Dma(isa::kDdrBase, isa::kLocalBase + local);
}
Instruction Store(int64_t local) {
  return Dma(isa::kLocalBase + local, isa::kDdrBase + 0x10000);
}

std::vector<Instruction> Stream(const std::vector<Instruction>& program,
                                isa::Engine engine) {
  std::vector<Instruction> stream;
  for (const Instruction& i : program)
    if (i.engine() == engine) stream.push_back(i);
  return stream;
}

absl::Status Check(const std::vector<Instruction>& program) {
  return CheckSync(Stream(program, isa::Engine::kTiu),
                   Stream(program, isa::Engine::kGdma));
}

TEST(AssignSync, LoadComputeStore) {
  std::vector<Instruction> program = {Load(0), Load(64), Add(128, 0, 64),
                                      Store(128)};
  ASSERT_TRUE(AssignSync(absl::MakeSpan(program)).ok());
  EXPECT_EQ(program[0].cmd_id(), 1u);
  EXPECT_EQ(program[1].cmd_id(), 2u);
  EXPECT_EQ(program[2].cmd_id(), 1u);
  EXPECT_EQ(program[3].cmd_id(), 3u);
  EXPECT_EQ(program[0].cmd_id_dep(), 0u);
  EXPECT_EQ(program[2].cmd_id_dep(), 2u);
  EXPECT_EQ(program[3].cmd_id_dep(), 1u);
  EXPECT_TRUE(Check(program).ok());
}

TEST(AssignSync, DropsImpliedWaits) {
  std::vector<Instruction> program = {Load(0), Load(64), Add(128, 64, 64),
                                      Add(192, 0, 0)};
  ASSERT_TRUE(AssignSync(absl::MakeSpan(program)).ok());
  EXPECT_EQ(program[2].cmd_id_dep(), 2u);
  EXPECT_EQ(program[3].cmd_id_dep(), 0u);
}

TEST(AssignSync, OverwritingWaitsForReaders) {
  std::vector<Instruction> program = {Load(0), Add(64, 0, 0), Load(0)};
  ASSERT_TRUE(AssignSync(absl::MakeSpan(program)).ok());
  EXPECT_EQ(program[2].cmd_id_dep(), 1u);
}

TEST(AssignSync, IndependentWorkOverlaps) {
  std::vector<Instruction> program = {Load(0), Load(1024), Add(64, 0, 0)};
  ASSERT_TRUE(AssignSync(absl::MakeSpan(program)).ok());
  EXPECT_EQ(program[2].cmd_id_dep(), 1u);
}

// Every program that AssignSync numbers passes the independent proof, and
// without any one of its waits it doesn't.
TEST(AssignSync, RandomProgramsAreOrderedAndNoWaitIsSuperfluous) {
  std::mt19937 random(20);
  const auto place = [&] { return int64_t{64} * (random() % 12); };
  for (int round = 0; round < 50; ++round) {
    std::vector<Instruction> program;
    for (int i = 0; i < 60; ++i) {
      switch (random() % 3) {
        case 0:
          program.push_back(Load(place()));
          break;
        case 1:
          program.push_back(Store(place()));
          break;
        default:
          program.push_back(Add(place(), place(), place()));
      }
    }
    ASSERT_TRUE(AssignSync(absl::MakeSpan(program)).ok());
    ASSERT_TRUE(Check(program).ok()) << Check(program);
    for (Instruction& instruction : program) {
      const uint64_t dep = instruction.cmd_id_dep();
      if (dep == 0) continue;
      instruction.set_cmd_id_dep(dep - 1);
      EXPECT_FALSE(Check(program).ok());
      instruction.set_cmd_id_dep(dep);
    }
  }
}

TEST(CheckSync, RejectsWaitsThatNeverEnd) {
  std::vector<Instruction> program = {Load(0), Add(64, 0, 0)};
  ASSERT_TRUE(AssignSync(absl::MakeSpan(program)).ok());
  program[0].set_cmd_id_dep(1);
  EXPECT_FALSE(Check(program).ok());
  program[0].set_cmd_id_dep(9);
  EXPECT_FALSE(Check(program).ok());
}

TEST(Footprint, LanesAndGroups) {
  isa::SAr i;
  i.tsk_opd_num = 1;
  i.opd1_const = i.opd2_const = 1;
  i.res0_prec = i.opd0_prec = isa::prec::kF32;
  i.res0_n = 2;
  i.res0_c = 70;
  i.res0_h = 3;
  i.res0_w = 5;
  // The worked example of the reference: strides 32 and 16 elements.
  i.res0_addr = 5 * isa::kLaneBytes + 256;
  i.opd0_addr = 0;
  const Footprint footprint = FootprintOf(i.ToInstruction());
  ASSERT_EQ(footprint.writes.size(), 1u);
  EXPECT_EQ(footprint.writes[0].begin, 256);
  EXPECT_EQ(footprint.writes[0].end, 256 + (32 + 16 + 14 + 1) * 4);
  EXPECT_EQ(footprint.writes[0].lanes, ~uint64_t{0});
  ASSERT_EQ(footprint.reads.size(), 1u);
}

// The vendor's broadcasts have a w stride of 0.
TEST(Footprint, BroadcastMovesRowsWithoutGaps) {
  isa::DmaTensor i;
  i.cmd_special_function = 3;
  i.stride_enable = 1;
  i.src_data_format = isa::prec::kInt8;
  i.src_nsize = i.src_csize = i.src_hsize = 1;
  i.src_wsize = 192;
  i.dst_csize = 9;
  isa::SetSrcAddress(i, isa::kDdrBase);
  isa::SetDstAddress(i, isa::kLocalBase + 64);
  const Footprint footprint = FootprintOf(i.ToInstruction());
  ASSERT_EQ(footprint.writes.size(), 1u);
  EXPECT_EQ(footprint.writes[0].begin, 64);
  EXPECT_EQ(footprint.writes[0].end, 64 + 192);
  EXPECT_EQ(footprint.writes[0].lanes, uint64_t{0x1FF});
  ASSERT_EQ(footprint.reads.size(), 1u);
  EXPECT_EQ(footprint.reads[0].end - footprint.reads[0].begin, 192);
}

TEST(Footprint, LookupReadsItsTableInEveryLane) {
  Emitter emitter;
  emitter.Lookup({1024, DType::kI8, {1, 70, 3, 50}},
                 {4096, DType::kU8, {1, 70, 3, 50}}, 512);
  const Footprint footprint = FootprintOf(emitter.instructions()[0]);
  ASSERT_EQ(footprint.writes.size(), 1u);
  EXPECT_EQ(footprint.writes[0].begin, 1024);
  EXPECT_EQ(footprint.writes[0].end, 1024 + 192 + 150);
  ASSERT_EQ(footprint.reads.size(), 2u);
  EXPECT_EQ(footprint.reads[0].begin, 4096);
  EXPECT_EQ(footprint.reads[0].end, 4096 + 192 + 150);
  EXPECT_EQ(footprint.reads[1].begin, 512);
  EXPECT_EQ(footprint.reads[1].end, 512 + 256);
  EXPECT_EQ(footprint.reads[1].lanes, ~uint64_t{0});
}

TEST(Footprint, ChannelsWrapAroundTheLanes) {
  isa::SAr i;
  i.tsk_opd_num = 1;
  i.opd0_const = i.opd1_const = i.opd2_const = 1;
  i.res0_prec = isa::prec::kF32;
  i.res0_n = i.res0_h = i.res0_w = 1;
  i.res0_c = 3;
  i.res0_addr = 62 * isa::kLaneBytes;
  const Footprint footprint = FootprintOf(i.ToInstruction());
  EXPECT_EQ(footprint.writes[0].lanes,
            uint64_t{1} << 62 | uint64_t{1} << 63 | uint64_t{1});
  EXPECT_TRUE(footprint.reads.empty());
}

}  // namespace
}  // namespace tpuc::bm1684x
