// SPDX-License-Identifier: Apache-2.0
#include "runtime/race_check.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compiler/bmodel/bmodel.h"
#include "compiler/isa/codes.h"
#include "compiler/isa/encoding.h"

namespace tpuc::runtime {
namespace {

constexpr uint64_t kCtx = 0x100000000;
constexpr uint64_t kOutput = kCtx + 4096;

// 8 values of lane 0, at byte `local`.
isa::DmaTensor Copy(uint64_t id, uint64_t from, uint64_t to) {
  isa::DmaTensor copy;
  copy.cmd_id = id;
  copy.stride_enable = copy.nchw_copy = 1;
  copy.src_data_format = isa::prec::kF32;
  copy.src_nsize = copy.src_csize = copy.src_hsize = 1;
  copy.src_wsize = 8;
  copy.src_nstride = copy.src_cstride = copy.src_hstride = 8;
  copy.dst_nstride = copy.dst_cstride = copy.dst_hstride = 8;
  copy.src_wstride = copy.dst_wstride = 1;
  isa::SetSrcAddress(copy, from);
  isa::SetDstAddress(copy, to);
  return copy;
}

isa::SAr Add(uint64_t id, uint64_t result, uint64_t a, uint64_t b) {
  isa::SAr add;
  add.cmd_id = id;
  add.tsk_eu_typ = isa::SAr::Op::kAdd;
  add.tsk_opd_num = 2;
  add.res0_prec = add.opd0_prec = add.opd1_prec = isa::prec::kF32;
  add.res0_n = add.res0_c = add.res0_h = 1;
  add.res0_w = 8;
  add.res0_addr = result;
  add.opd0_addr = a;
  add.opd1_addr = b;
  return add;
}

// y = x + x: load to 0x0, add to 0x8000, store.
struct Program {
  isa::DmaTensor load = Copy(1, kCtx, isa::kLocalBase);
  isa::DmaTensor other = Copy(2, kCtx, isa::kLocalBase + 0x1000);  // unused
  isa::DmaTensor store = Copy(3, isa::kLocalBase + 0x8000, kOutput);
  isa::SAr add = Add(1, 0x8000, 0, 0);

  Program() {
    add.cmd_id_dep = 1;
    store.cmd_id_dep = 1;
  }
};

bmodel::CmdGroup GroupOf(const Program& p) {
  bmodel::CmdGroup group;
  group.tiu = *isa::EncodeStream(
      {p.add.ToInstruction(), isa::MakeEnd(isa::Engine::kTiu, 2)});
  group.gdma = *isa::EncodeStream(
      {p.load.ToInstruction(), p.other.ToInstruction(), p.store.ToInstruction(),
       isa::MakeEnd(isa::Engine::kGdma, 4)});
  group.num_tiu = 2;
  group.num_gdma = 4;
  return group;
}

// The groups one after the other.
absl::StatusOr<std::shared_ptr<const Model>> Load(
    const std::vector<Program>& groups) {
  bmodel::TensorRecord x;
  x.name = "x";
  x.shape = {8};
  x.address = kCtx;
  x.size = 32;
  bmodel::TensorRecord y = x;
  y.name = "y";
  y.address = kOutput;
  bmodel::SubNet sub_net;
  sub_net.inputs = {x};
  sub_net.outputs = {y};
  bmodel::Stage stage;
  stage.ctx_address = kCtx;
  stage.ctx_sizes = {8192};
  stage.inputs = {x};
  stage.outputs = {y};
  for (const Program& p : groups) {
    sub_net.groups.push_back(static_cast<int>(stage.groups.size()));
    stage.groups.push_back(GroupOf(p));
  }
  stage.sub_nets = {sub_net};
  bmodel::Net net;
  net.name = "double";
  net.stages = {stage};
  bmodel::Model model;
  model.version = model.time = "test";
  model.nets = {net};
  return Model::FromBytes(*bmodel::Serialize(model), "t.bmodel");
}

std::vector<Tensor> Inputs() {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6, 7, 8};
  return {Tensor(DType::kF32, {8}, values)};
}

// The error, empty when there is none.
std::string Check(const Program& p) {
  return std::string(CheckRaces(*Load({p}), {}, Inputs()).message());
}

// Of the second part alone.
std::string Interleave(const Program& p) {
  return std::string(CheckInterleavings(*Load({p}), {}, Inputs()).message());
}

TEST(CheckRaces, OrderedProgram) { EXPECT_EQ(Check({}), ""); }

TEST(CheckRaces, NamesInstructionsBytesAndWaits) {
  Program p;
  p.add.cmd_id_dep = 0;
  EXPECT_EQ(
      Check(p),
      "t.bmodel: 1 wait is missing or too old:\n"
      "  command group 0: TIU instruction 1 (sAR add, at byte 0x0) and GDMA "
      "instruction 1 (DMA_tensor copy, at byte 0x0): GDMA writes and TIU reads "
      "bytes 0x0-0x1f of lane 0, and no wait orders them. Let TIU 1 wait for "
      "GDMA 1 (so far for none), or GDMA 1 wait for TIU 1 (so far for none)");
}

// Ids begin anew in each group, and a group begins when the one before has
// ended.
TEST(CheckRaces, SeveralCommandGroups) {
  Program second;
  second.add.opd1_addr = 0x1000;  // loaded by the first group, too
  second.other = Copy(2, kCtx, isa::kLocalBase + 0x2000);
  EXPECT_EQ(CheckRaces(*Load({{}, second}), {}, Inputs()), absl::OkStatus());
  second.add.cmd_id_dep = 0;
  const std::string error(
      CheckRaces(*Load({{}, second}), {}, Inputs()).message());
  EXPECT_NE(error.find("1 wait is missing"), std::string::npos) << error;
  EXPECT_NE(error.find("command group 1: TIU instruction 1"), std::string::npos)
      << error;
}

TEST(CheckRaces, StoreThatDoesNotWait) {
  Program p;
  p.store.cmd_id_dep = 0;
  EXPECT_NE(Check(p).find("TIU writes and GDMA reads bytes "
                          "0x8000-0x801f of lane 0"),
            std::string::npos)
      << Check(p);
}

TEST(CheckRaces, WaitThatIsTooOld) {
  Program p;
  p.add.opd1_addr = 0x1000;
  const std::string message = Check(p);
  EXPECT_NE(message.find("Let TIU 1 wait for GDMA 2 (so far for 1)"),
            std::string::npos)
      << message;
}

TEST(CheckInterleavings, OrderedProgram) { EXPECT_EQ(Interleave({}), ""); }

TEST(CheckInterleavings, OutputsThatDependOnTheOrder) {
  const std::string error =
      "t.bmodel: output \"y\" depends on which engine goes first where the "
      "waits leave a choice";
  Program early_add;
  early_add.add.cmd_id_dep = 0;
  EXPECT_EQ(Interleave(early_add), error);
  Program early_store;
  early_store.store.cmd_id_dep = 0;
  EXPECT_EQ(Interleave(early_store), error);
}

TEST(CheckRaces, UnwrittenBytesThatReachAnOutput) {
  Program p;
  p.add.opd1_addr = 0x2000;
  EXPECT_EQ(Check(p),
            "t.bmodel: output \"y\" depends on what local memory holds before "
            "the run: command group 0: TIU instruction 1 (sAR add, at byte "
            "0x0) reads bytes 0x2000-0x201f of lane 0, which nothing has "
            "written");
}

TEST(CheckRaces, UnwrittenBytesWithoutEffect) {
  Program p;
  p.add.opd1_addr = 0x2000;
  p.store = Copy(3, isa::kLocalBase + 0x1000, kOutput);  // not the sum
  EXPECT_EQ(Check(p), "");
}

TEST(CheckRaces, DisabledWaits) {
  Program p;
  p.store.cmd_id_en = 0;
  EXPECT_EQ(
      Check(p),
      "t.bmodel: command group 0: GDMA instruction 3 (DMA_tensor copy, at "
      "byte 0xc0): cmd_id_en is 0: no wait of the program holds");
}

TEST(CheckRaces, EndlessWaits) {
  Program p;
  p.load.cmd_id_dep = 1;
  EXPECT_NE(Check(p).find("the program waits for ever"), std::string::npos);
}

TEST(CheckRaces, InstructionsThatTheSimulatorRefuses) {
  Program p;
  p.add.res0_prec = 7;
  EXPECT_NE(Check(p), "");
}

}  // namespace
}  // namespace tpuc::runtime
