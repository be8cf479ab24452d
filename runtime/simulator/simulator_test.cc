// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/simulator.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "compiler/isa/encoding.h"
#include "gtest/gtest.h"

namespace tpuc::sim {
namespace {

std::string Bytes(std::initializer_list<isa::Instruction> instructions) {
  std::string bytes;
  for (const isa::Instruction& i : instructions) {
    EXPECT_TRUE(isa::Encode(i, &bytes).ok());
  }
  return bytes;
}

isa::SAr Add(uint64_t id, uint64_t wait) {
  isa::SAr add;
  add.cmd_id = id;
  add.cmd_id_dep = wait;
  add.tsk_eu_typ = 2;
  add.tsk_opd_num = 2;
  add.res0_prec = add.opd0_prec = add.opd1_prec = isa::prec::kF32;
  add.res0_n = 1;
  add.res0_c = 3;
  add.res0_h = 4;
  add.res0_w = 20;
  add.res0_addr = 0x18000;
  add.opd1_addr = 0x8000;
  return add;
}

isa::DmaTensor Copy(uint64_t id, uint64_t wait, uint64_t from, uint64_t to) {
  isa::DmaTensor copy;
  copy.cmd_id = id;
  copy.cmd_id_dep = wait;
  copy.stride_enable = 1;
  copy.nchw_copy = 1;
  copy.src_data_format = isa::prec::kF32;
  copy.src_nsize = 1;
  copy.src_csize = 3;
  copy.src_hsize = 4;
  copy.src_wsize = 20;
  copy.src_nstride = copy.dst_nstride = 240;
  copy.src_cstride = copy.dst_cstride = 80;
  copy.src_hstride = copy.dst_hstride = 20;
  copy.src_wstride = copy.dst_wstride = 1;
  isa::SetSrcAddress(copy, from);
  isa::SetDstAddress(copy, to);
  return copy;
}

// y = a + b, as in the appendix of docs/isa/bm1684x.md.
Program Sum(uint64_t wait_of_add, uint64_t wait_of_store) {
  const std::string tiu = Bytes({Add(1, wait_of_add).ToInstruction(),
                                 isa::MakeEnd(isa::Engine::kTiu, 2)});
  const std::string gdma =
      Bytes({Copy(1, 0, 0x100000000, 0x08000000).ToInstruction(),
             Copy(2, 0, 0x100001000, 0x08008000).ToInstruction(),
             Copy(3, wait_of_store, 0x08018000, 0x100002000).ToInstruction(),
             isa::MakeEnd(isa::Engine::kGdma, 4)});
  auto program = DecodeProgram(tiu, gdma);
  EXPECT_TRUE(program.ok()) << program.status();
  return *program;
}

std::vector<float> RunSum(const Program& program, Interleaving interleaving) {
  Options options;
  options.ddr_bytes = 0x3000;
  options.threads = 2;
  options.interleaving = interleaving;
  Simulator simulator(options);
  float* ddr =
      reinterpret_cast<float*>(*simulator.memory().Range(0x100000000, 0x3000));
  for (int i = 0; i < 240; ++i) {
    ddr[i] = static_cast<float>(i);
    ddr[1024 + i] = 1000.0f;
  }
  const absl::Status status = simulator.Run(program);
  EXPECT_TRUE(status.ok()) << status;
  return {ddr + 2048, ddr + 2048 + 240};
}

TEST(Simulator, RunsAProgramInEveryInterleaving) {
  for (Interleaving i : {Interleaving::kAlternate, Interleaving::kTiuFirst,
                         Interleaving::kGdmaFirst}) {
    const std::vector<float> y = RunSum(Sum(2, 1), i);
    for (int k = 0; k < 240; ++k) EXPECT_EQ(y[k], 1000.0f + k);
  }
}

TEST(Simulator, ExtremeInterleavingShowsAMissingWait) {
  EXPECT_NE(RunSum(Sum(1, 1), Interleaving::kTiuFirst)[0], 1000.0f);
  EXPECT_NE(RunSum(Sum(2, 0), Interleaving::kGdmaFirst)[0], 1000.0f);
}

TEST(Simulator, ReportsWaitsWithoutEnd) {
  Simulator simulator({0x3000});
  EXPECT_EQ(simulator.Run(Sum(3, 1)).message(),
            "the program waits for ever: TIU instruction 1 (sAR add, at byte "
            "0x0) waits for id 3 of the other engine, which is at 2; GDMA "
            "instruction 3 (DMA_tensor copy, at byte 0xc0) waits for id 1 of "
            "the other engine, which is at 0");
}

TEST(Simulator, ErrorsNameTheInstruction) {
  Simulator simulator({0x1000});
  EXPECT_EQ(simulator.Run(Sum(2, 1)).message(),
            "GDMA instruction 2 (DMA_tensor copy, at byte 0x60): address "
            "0x100001000 is in no memory (DDR ends at 0x100001000)");
  isa::SAr odd = Add(1, 0);
  odd.tsk_eu_typ = 24;
  const absl::Status status =
      simulator.Run(Program::Step{odd.ToInstruction(), 64});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(absl::StrContains(status.message(), "AR operation 24")) << status;
}

TEST(Simulator, RunsAPreparedProgramAgainOnNewData) {
  Simulator simulator({0x3000});
  const auto prepared = simulator.Prepare(Sum(2, 1));
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  float* ddr =
      reinterpret_cast<float*>(*simulator.memory().Range(0x100000000, 0x3000));
  for (float value : {1.0f, 5.0f}) {
    std::fill_n(ddr, 2048, value);
    ASSERT_TRUE(simulator.Run(*prepared).ok());
    EXPECT_EQ(ddr[2048], 2 * value);
    EXPECT_EQ(ddr[2048 + 239], 2 * value);
  }
}

// The addresses and lengths of an instruction's runs of bytes.
std::vector<std::pair<uint64_t, int64_t>> Ranges(Simulator& simulator,
                                                 const isa::Instruction& i,
                                                 Use use) {
  const auto step = simulator.Prepare(Program::Step{i, 0}, true);
  EXPECT_TRUE(step.ok()) << step.status();
  std::vector<std::pair<uint64_t, int64_t>> ranges;
  for (const Access& access : step->accesses) {
    if (access.use != use) continue;
    ForEachRange(access, [&](const uint8_t* from, int64_t bytes) {
      ranges.emplace_back(simulator.memory().AddressOf(from), bytes);
    });
  }
  return ranges;
}

TEST(Simulator, RecordsWhatAnInstructionReadsAndWrites) {
  using List = std::vector<std::pair<uint64_t, int64_t>>;
  Simulator simulator({0x3000});
  EXPECT_EQ(Ranges(simulator, Add(1, 0).ToInstruction(), Use::kRead),
            (List{{0x08000000, 320},
                  {0x08040000, 320},
                  {0x08080000, 320},
                  {0x08008000, 320},
                  {0x08048000, 320},
                  {0x08088000, 320}}));
  EXPECT_EQ(Ranges(simulator, Add(1, 0).ToInstruction(), Use::kWrite),
            (List{{0x08018000, 320}, {0x08058000, 320}, {0x08098000, 320}}));
  isa::DmaTensor copy = Copy(1, 0, 0x100000100, 0x08000000);
  copy.src_csize = 1;
  copy.src_hsize = 2;
  copy.src_hstride = 40;
  EXPECT_EQ(Ranges(simulator, copy.ToInstruction(), Use::kRead),
            (List{{0x100000100, 80}, {0x1000001A0, 80}}));
  EXPECT_EQ(Ranges(simulator, copy.ToInstruction(), Use::kWrite),
            (List{{0x08000000, 160}}));
  // A matrix of 2 x 5 in blocks of 4 columns: the last block holds one column.
  isa::DmaMatrix matrix;
  matrix.src_data_format = isa::prec::kF32;
  matrix.src_hsize = matrix.dst_nsize = 2;
  matrix.src_wsize = 5;
  matrix.src_hstride = 8;
  matrix.dst_csize = 2;
  matrix.dst_wsize = 4;
  matrix.dst_nstride = matrix.dst_cstride = 16;
  isa::SetSrcAddress(matrix, 0x100000000);
  isa::SetDstAddress(matrix, 0x08000000);
  EXPECT_EQ(Ranges(simulator, matrix.ToInstruction(), Use::kRead),
            (List{{0x100000000, 20}, {0x100000020, 20}}));
  EXPECT_EQ(Ranges(simulator, matrix.ToInstruction(), Use::kWrite),
            (List{{0x08000000, 16},
                  {0x08000040, 16},
                  {0x08040000, 4},
                  {0x08040040, 4}}));
}

class Count : public Observer {
 public:
  absl::Status After(const Program::Step& step, Memory&) override {
    ids.push_back(step.instruction.cmd_id());
    return ids.size() == stop_at ? absl::AbortedError("enough")
                                 : absl::OkStatus();
  }
  std::vector<uint64_t> ids;
  size_t stop_at = 0;
};

TEST(Simulator, TellsTheObserverAndObeysIt) {
  Simulator simulator({0x3000});
  Count count;
  simulator.set_observer(&count);
  ASSERT_TRUE(simulator.Run(Sum(2, 1)).ok());
  EXPECT_EQ(count.ids.size(), 6u);
  count.ids.clear();
  count.stop_at = 3;
  EXPECT_EQ(simulator.Run(Sum(2, 1)).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(count.ids.size(), 3u);
}

// A convolution on one thread and on three gives the same bytes everywhere.
TEST(Simulator, ResultsDoNotDependOnThreads) {
  isa::SConv conv;
  conv.res0_prec = conv.opd0_prec = isa::prec::kF16;
  conv.opd2_const = conv.opd3_const = 1;
  conv.opd0_up_pad = conv.opd0_dn_pad = 1;
  conv.opd0_lf_pad = conv.opd0_rt_pad = 1;
  conv.res_op_x_str = conv.res_op_y_str = 1;
  conv.res0_n = 1;
  conv.res0_c = 70;
  conv.opd0_c = 40;
  conv.res0_h = conv.opd0_h = 11;
  conv.res0_w = conv.opd0_w = 13;
  conv.opd1_h = conv.opd1_w = 3;
  conv.opd0_addr = 0x4000;
  conv.opd1_addr = 0x10000;
  conv.res0_addr = 0x20000;
  std::vector<uint8_t> results[2];
  for (int k = 0; k < 2; ++k) {
    Options options;
    options.ddr_bytes = 4096;
    options.threads = k == 0 ? 1 : 3;
    Simulator simulator(options);
    std::mt19937 random(3);
    uint16_t* words = reinterpret_cast<uint16_t*>(simulator.memory().local());
    for (int64_t i = 0; i < isa::kLocalBytes / 2; ++i) {
      words[i] = static_cast<uint16_t>(0x3000 + (random() & 0x8FFF));
    }
    const absl::Status status =
        simulator.Run(Program::Step{conv.ToInstruction(), 0});
    ASSERT_TRUE(status.ok()) << status;
    const uint8_t* local = simulator.memory().local();
    results[k].assign(local, local + isa::kLocalBytes);
  }
  EXPECT_EQ(results[0], results[1]);
}

}  // namespace
}  // namespace tpuc::sim
