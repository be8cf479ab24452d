// SPDX-License-Identifier: Apache-2.0
#include "runtime/races/program_races.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <utility>
#include <vector>

#include "compiler/isa/codes.h"
#include "compiler/isa/encoding.h"

namespace tpuc::races {
namespace {

using Bytes = std::set<std::pair<int, int64_t>>;  // lane, byte

Bytes BytesOf(const std::vector<ByteRange>& ranges) {
  Bytes bytes;
  for (const ByteRange& range : ranges) {
    for (int lane = 0; lane < isa::kLanes; ++lane) {
      if ((range.lanes >> lane & 1) == 0) continue;
      for (int64_t b = range.begin; b < range.end; ++b) bytes.insert({lane, b});
    }
  }
  return bytes;
}

sim::Options SmallDdr() {
  sim::Options options;
  options.ddr_bytes = 1 << 20;
  options.threads = 1;
  return options;
}

// Element by element, by the formula of docs/isa/bm1684x.md, b.
TEST(RangesOf, AreTheBytesOfTheElements) {
  std::mt19937 random(4);
  const auto pick = [&](int64_t n) {
    return static_cast<int64_t>(random() % static_cast<uint32_t>(n));
  };
  sim::Memory memory(1 << 20);
  for (int round = 0; round < 300; ++round) {
    const DType type = round % 2 == 0 ? DType::kF16 : DType::kF32;
    const int64_t size = static_cast<int64_t>(SizeOf(type));
    const int64_t lane = pick(64), offset = 4 * pick(64);
    const numerics::Shape4 shape{1 + pick(3), 1 + pick(150), 1 + pick(4),
                                 1 + pick(5)};
    sim::LocalStrides s = sim::AlignedStrides(shape, SizeOf(type), lane);
    if (pick(2) == 0) s = {pick(200), pick(60), pick(12), pick(4)};
    const auto planes = memory.Planes(
        static_cast<uint64_t>(lane * isa::kLaneBytes + offset), type, shape, s);
    ASSERT_TRUE(planes.ok());
    Bytes expected;
    for (int64_t n = 0; n < shape.n; ++n)
      for (int64_t c = 0; c < shape.c; ++c)
        for (int64_t h = 0; h < shape.h; ++h)
          for (int64_t w = 0; w < shape.w; ++w)
            for (int64_t b = 0; b < size; ++b)
              expected.insert({static_cast<int>((lane + c) % 64),
                               offset + b +
                                   size * (n * s.n + (lane + c) / 64 * s.c +
                                           h * s.h + w * s.w)});
    ASSERT_EQ(
        BytesOf(RangesOf({sim::Use::kRead, *planes, shape, size}, memory)),
        expected);
  }
}

TEST(RangesOf, FlatRunsGoOnInTheNextLane) {
  sim::Memory memory(1 << 20);
  uint8_t* start = memory.lane(3) - 8;
  const sim::Access access{
      sim::Use::kWrite, {{start}, 16, 16, 1}, {1, 1, 1, 16}, 1};
  EXPECT_EQ(RangesOf(access, memory),
            (std::vector<ByteRange>{
                {uint64_t{1} << 2, isa::kLaneBytes - 8, isa::kLaneBytes},
                {uint64_t{1} << 3, 0, 8}}));
}

TEST(RangesOf, StaticMemoryAndDdr) {
  sim::Memory memory(1 << 20);
  const auto at = [&](uint64_t address) {
    return sim::Access{sim::Use::kRead,
                       {{*memory.Range(address, 16)}, 16, 16, 1},
                       {1, 1, 1, 16},
                       1};
  };
  EXPECT_EQ(RangesOf(at(isa::kStaticBase + 32), memory),
            (std::vector<ByteRange>{
                {1, isa::kLaneBytes + 32, isa::kLaneBytes + 48}}));
  EXPECT_TRUE(RangesOf(at(isa::kDdrBase), memory).empty());
  EXPECT_TRUE(RangesOf(at(isa::kL2Base), memory).empty());
}

// Interleaved concat: two tensors that share an interval, but no byte.
TEST(Races, InterleavedTensorsDoNotMeet) {
  isa::SAr i;
  i.cmd_id = 1;
  i.tsk_opd_num = 1;
  i.tsk_eu_typ = isa::SAr::Op::kCopy;
  i.opd0_const = i.opd1_const = i.opd2_const = 1;
  i.res0_prec = i.opd0_prec = isa::prec::kF32;
  i.res0_n = 4;
  i.res0_c = 1;
  i.res0_h = 1;
  i.res0_w = 2;
  i.res0_str = isa::layout::kStrides;
  i.res0_n_str = 4;
  i.res0_h_str = 2;
  i.res0_w_str = 1;
  isa::DmaTensor load;
  load.cmd_id = 1;
  load.stride_enable = load.nchw_copy = 1;
  load.src_data_format = isa::prec::kF32;
  load.src_nsize = 4;
  load.src_csize = load.src_hsize = 1;
  load.src_wsize = 2;
  load.src_nstride = 2;
  load.dst_nstride = 4;
  load.src_wstride = load.dst_wstride = 1;
  isa::SetSrcAddress(load, isa::kDdrBase);
  sim::Simulator simulator(SmallDdr());
  const auto races = [&](uint64_t offset) {
    isa::SetDstAddress(load, isa::kLocalBase + offset);
    const auto program = sim::DecodeProgram(
        *isa::EncodeStream(
            {i.ToInstruction(), isa::MakeEnd(isa::Engine::kTiu, 2)}),
        *isa::EncodeStream(
            {load.ToInstruction(), isa::MakeEnd(isa::Engine::kGdma, 2)}));
    EXPECT_TRUE(program.ok()) << program.status();
    const auto streams = StreamsOf(*program, simulator);
    EXPECT_TRUE(streams.ok()) << streams.status();
    LastTouch written;
    return Analysis::Of(*streams, &written)->Races().size();
  };
  EXPECT_EQ(races(8), 0u);
  EXPECT_EQ(races(4), 1u);
  EXPECT_EQ(races(8 + isa::kLaneBytes), 0u);
}

}  // namespace
}  // namespace tpuc::races
