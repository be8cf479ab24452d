// SPDX-License-Identifier: Apache-2.0
// Forms that the chip or the simulator lacks are errors that name them, and
// operands that contradict each other are not followed.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compiler/isa/codes.h"
#include "compiler/isa/instruction.h"
#include "gtest/gtest.h"
#include "runtime/simulator/simulator.h"

namespace tpuc::sim {
namespace {

struct Case {
  isa::Instruction instruction;
  std::string message;  // part of the error
};

template <typename T>
T Shaped() {
  T i;
  i.res0_n = i.res0_c = i.res0_h = i.res0_w = 2;
  return i;
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  {
    isa::SAr i = Shaped<isa::SAr>();
    i.tsk_eu_typ = isa::SAr::Op::kAnd;
    i.opd0_prec = i.opd1_prec = i.res0_prec = isa::prec::kF16;
    cases.push_back({i.ToInstruction(), "element-wise and of f16"});
    i.tsk_eu_typ = 24;
    cases.push_back({i.ToInstruction(), "AR operation 24"});
    i.tsk_eu_typ = isa::SAr::Op::kMax;
    i.opd0_prec = isa::prec::kInt16;
    i.opd1_prec = i.res0_prec = isa::prec::kInt8;
    cases.push_back({i.ToInstruction(), "types differ"});
  }
  {
    isa::Ar i = Shaped<isa::Ar>();
    i.tsk_lane_num = 1;
    cases.push_back(
        {i.ToInstruction(), "AR in the long form with tsk_lane_num"});
  }
  {
    isa::SVc i;
    i.res0_c = i.res0_w = i.opd0_c = i.opd0_w = 2;
    i.opd1_w = 3;
    cases.push_back({i.ToInstruction(), "the last of the blocks of 2 has 3"});
    i.opd1_w = 2;
    i.tsk_eu_typ = 18;
    cases.push_back({i.ToInstruction(), "VC operation 18"});
  }
  {
    isa::SConv i = Shaped<isa::SConv>();
    i.tsk_eu_typ = 3;
    cases.push_back({i.ToInstruction(), "CONV operation 3"});
    i.tsk_eu_typ = 1;
    i.opd0_prec = i.res0_prec = isa::prec::kF32;
    cases.push_back({i.ToInstruction(), "CONV operation 1 of f32"});
  }
  {
    isa::SMm i;
    i.tsk_eu_typ = 1;
    i.opd0_n = i.opd0_c = i.opd0_w = i.opd1_w = i.res0_c = i.res0_w = 1;
    i.res0_prec = isa::prec::kInt32;
    i.res_add = 1;
    cases.push_back({i.ToInstruction(), "MM operation 1 with res_add"});
  }
  {
    isa::SPorD i = Shaped<isa::SPorD>();
    i.tsk_eu_typ = 5;
    cases.push_back({i.ToInstruction(), "PorD operation 5"});
  }
  for (uint64_t operation : {2, 7, 10, 11, 12}) {
    isa::SSg i = Shaped<isa::SSg>();
    i.tsk_eu_typ = operation;
    cases.push_back(
        {i.ToInstruction(), absl::StrCat("SG operation ", operation)});
  }
  {
    isa::SSgl i = Shaped<isa::SSgl>();
    i.tsk_eu_typ = 19;
    cases.push_back({i.ToInstruction(), "SGL operation 19"});
  }
  cases.push_back({isa::Lar().ToInstruction(), "LAR"});
  cases.push_back({isa::SSeg().ToInstruction(), "sSEG"});
  for (uint64_t function : {5, 6}) {
    isa::DmaTensor i;
    i.cmd_special_function = function;
    cases.push_back(
        {i.ToInstruction(),
         absl::StrCat("DMA_tensor with special function ", function)});
  }
  {
    isa::DmaNonzero i;
    i.src_nsize = i.src_csize = i.src_hsize = i.src_wsize = 1;
    isa::SetSrcAddress(i, isa::kDdrBase);
    isa::SetDstAddress(i, isa::kLocalBase);
    cases.push_back({i.ToInstruction(), "DMA_nonzero to local memory"});
  }
  return cases;
}

TEST(UnsupportedForms, AreErrorsByName) {
  Simulator simulator({0x1000});
  for (const Case& c : Cases()) {
    const absl::Status status = simulator.Run(Program::Step{c.instruction, 0});
    EXPECT_FALSE(status.ok()) << c.message;
    EXPECT_TRUE(absl::StrContains(status.message(), c.message))
        << status << ", not: " << c.message;
    EXPECT_TRUE(absl::StrContains(status.message(), c.instruction.info().name))
        << status;
  }
}

}  // namespace
}  // namespace tpuc::sim
