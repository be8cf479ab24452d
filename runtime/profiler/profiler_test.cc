// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/bmodel/tensor_location.h"
#include "compiler/isa/codes.h"
#include "compiler/isa/encoding.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/profiler/profile.h"
#include "runtime/profiler/summary.h"
#include "runtime/profiler/trace.h"

namespace tpuc::profiler {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// [1, channels, 1, 1] of f32, into local memory or out of it.
isa::Instruction Transfer(uint64_t id, uint64_t waits, bool is_load,
                          uint64_t channels = 64) {
  isa::DmaTensor dma;
  dma.cmd_id = id, dma.cmd_id_dep = waits;
  dma.stride_enable = dma.nchw_copy = 1;
  dma.src_data_format = isa::prec::kF32;
  dma.src_nsize = dma.src_hsize = dma.src_wsize = 1;
  dma.src_csize = channels;
  dma.src_nstride = dma.dst_nstride = channels;
  dma.src_cstride = dma.dst_cstride = 1;
  dma.src_hstride = dma.dst_hstride = 1;
  dma.src_wstride = dma.dst_wstride = 1;
  isa::SetSrcAddress(dma, is_load ? isa::kDdrBase : isa::kLocalBase);
  isa::SetDstAddress(dma, is_load ? isa::kLocalBase : isa::kDdrBase);
  return dma.ToInstruction();
}

isa::Instruction Convolution(uint64_t id, uint64_t waits, uint64_t width) {
  isa::SConv conv;
  conv.cmd_id = id, conv.cmd_id_dep = waits;
  conv.res0_n = conv.res0_h = 1, conv.res0_c = 64, conv.res0_w = width;
  conv.opd0_c = 32, conv.opd1_h = conv.opd1_w = 1;
  conv.opd0_prec = conv.res0_prec = isa::prec::kF16;
  conv.res0_addr = 0x4000, conv.opd1_addr = 0x8000;
  conv.opd2_const = 1, conv.opd2_addr = 0x1234;
  return conv.ToInstruction();
}

isa::Instruction Relu(uint64_t id) {
  isa::SAr max;
  max.cmd_id = id;
  max.tsk_eu_typ = isa::SAr::Op::kMax;
  max.tsk_opd_num = 2, max.opd1_const = 1;
  max.res0_addr = 0x1000;
  max.res0_n = max.res0_h = max.res0_c = max.res0_w = 1;
  return max.ToInstruction();
}

// Loads, computes and stores tensor "a", then "b\"".
bmodel::Model TwoTensors(uint64_t width) {
  const std::vector<isa::Instruction> tiu = {
      Convolution(1, 1, width), Relu(2), Convolution(3, 3, width),
      isa::MakeEnd(isa::Engine::kTiu, 4)};
  const std::vector<isa::Instruction> gdma = {
      Transfer(1, 0, true), Transfer(2, 2, false), Transfer(3, 0, true, 1),
      Transfer(4, 3, false), isa::MakeEnd(isa::Engine::kGdma, 5)};
  bmodel::CmdGroup group;
  group.tiu = *isa::EncodeStream(tiu);
  group.gdma = *isa::EncodeStream(gdma);
  group.num_tiu = static_cast<uint32_t>(tiu.size());
  group.num_gdma = static_cast<uint32_t>(gdma.size());
  bmodel::SubNet sub_net;
  sub_net.groups = {0};
  bmodel::Stage stage;
  stage.groups = {group};
  stage.sub_nets = {sub_net};
  bmodel::TensorLocation a, b;
  a.name = "a", a.gdma_id = 2;
  b.name = "b\"", b.gdma_id = 4;
  stage.tensor_location = bmodel::WriteTensorLocations({a, b});
  bmodel::Net net;
  net.name = "net";
  net.stages = {stage};
  bmodel::Model model;
  model.nets = {net};
  return model;
}

Profile ProfileOf(const bmodel::Model& model) {
  absl::StatusOr<Profile> profile = MakeProfile(model, 0, 0);
  EXPECT_TRUE(profile.ok()) << profile.status();
  return profile.ok() ? *profile : Profile();
}

TEST(MakeProfile, SchedulesAndLeavesOutEnds) {
  const Profile profile = ProfileOf(TwoTensors(4));
  ASSERT_EQ(profile.tiu.size(), 3u);
  ASSERT_EQ(profile.gdma.size(), 4u);
  EXPECT_EQ(profile.gdma[0].kind, "S2L");
  EXPECT_EQ(profile.gdma[1].kind, "L2S");
  EXPECT_EQ(profile.tiu[0].kind, "CONV");
  EXPECT_EQ(profile.tiu[1].kind, "AR max");
  EXPECT_EQ(profile.gdma[0].end(), 1213);
  EXPECT_EQ(profile.tiu[0].start, 1213);
  EXPECT_EQ(profile.tiu[0].end(), 1214);
  EXPECT_EQ(profile.gdma[1].start, 1215);
  EXPECT_EQ(profile.gdma[1].timing.waited, 2);
  EXPECT_EQ(profile.gdma[2].start, 1215 + 1599);
  EXPECT_EQ(profile.cycles, 1215 + 1599 + 18 + 1 + 1599);
}

TEST(MakeProfile, InstructionsBelongToTheTensorThatTheyComplete) {
  const Profile profile = ProfileOf(TwoTensors(4));
  std::vector<int> tiu, gdma;
  for (const Step& step : profile.tiu) tiu.push_back(step.tensor);
  for (const Step& step : profile.gdma) gdma.push_back(step.tensor);
  EXPECT_EQ(tiu, (std::vector<int>{0, 0, 1}));
  EXPECT_EQ(gdma, (std::vector<int>{0, 0, 1, 1}));
}

TEST(MakeProfile, CommandGroupsFollowEachOther) {
  bmodel::Model model = TwoTensors(4);
  bmodel::Stage& stage = model.nets[0].stages[0];
  stage.groups.push_back(stage.groups[0]);
  const Profile one = ProfileOf(TwoTensors(4)), two = ProfileOf(model);
  EXPECT_EQ(two.cycles, 2 * one.cycles);
  ASSERT_EQ(two.tiu.size(), 6u);
  EXPECT_EQ(two.tiu[3].start, one.cycles + one.tiu[0].start);
  EXPECT_EQ(two.tiu[3].group, 1);
}

TEST(MakeProfile, RefusesWhatTheModelDoesNotKnow) {
  bmodel::Model model = TwoTensors(4);
  EXPECT_FALSE(MakeProfile(model, 1, 0).ok());
  EXPECT_FALSE(MakeProfile(model, 0, 1).ok());
  model.nets[0].stages[0].sub_nets[0].is_dynamic = true;
  const absl::StatusOr<Profile> profile = MakeProfile(model, 0, 0);
  ASSERT_FALSE(profile.ok());
  EXPECT_THAT(std::string(profile.status().message()), HasSubstr("dynamic"));
}

TEST(MakeProfile, IgnoresForeignTensorLocations) {
  bmodel::Model model = TwoTensors(4);
  model.nets[0].stages[0].tensor_location = "{\"something\": \"else\"}";
  const Profile profile = ProfileOf(model);
  EXPECT_TRUE(profile.tensors.empty());
  EXPECT_EQ(profile.tiu[0].tensor, -1);
}

int64_t Nanoseconds(const nlohmann::json& microseconds) {
  return std::llround(microseconds.get<double>() * 1000);
}

// What trace viewers rely on: every event has name, phase, process; slices have
// times and a named track; on a track they follow or enclose each other.
TEST(ChromeTrace, IsAValidTrace) {
  const Profile profile = ProfileOf(TwoTensors(4));
  const nlohmann::json trace = nlohmann::json::parse(ChromeTrace(profile));
  EXPECT_EQ(trace["displayTimeUnit"], "ns");
  std::map<int, std::string> tracks;
  std::map<int, std::vector<int64_t>> open;  // ends of enclosing slices
  std::map<std::string, int> counts;
  for (const nlohmann::json& event : trace["traceEvents"]) {
    ASSERT_TRUE(event["name"].is_string());
    ASSERT_TRUE(event["pid"].is_number_integer());
    const std::string phase = event["ph"];
    ++counts[phase];
    if (phase == "M") {
      if (event["name"] == "thread_name")
        tracks[event["tid"]] = event["args"]["name"];
      continue;
    }
    const int64_t start = Nanoseconds(event["ts"]);
    if (phase == "C") {
      ASSERT_TRUE(event["args"]["value"].is_number());
      continue;
    }
    ASSERT_EQ(phase, "X");
    ASSERT_EQ(tracks.count(event["tid"]), 1u);
    const int64_t end = start + Nanoseconds(event["dur"]);
    std::vector<int64_t>& ends = open[event["tid"]];
    while (!ends.empty() && ends.back() <= start) ends.pop_back();
    if (!ends.empty()) {
      EXPECT_LE(end, ends.back()) << event;
    }
    ends.push_back(end);
  }
  EXPECT_EQ(counts["X"], 7 + 4);  // instructions, two tensors on two tracks
  EXPECT_EQ(counts["C"], 7 + 4);
  std::set<std::string> names;
  for (const auto& [id, name] : tracks) names.insert(name);
  EXPECT_EQ(names, (std::set<std::string>{"GDMA", "TIU"}));
}

TEST(ChromeTrace, EventsCarryTheInstruction) {
  const std::string text = ChromeTrace(ProfileOf(TwoTensors(4)));
  EXPECT_THAT(
      text,
      HasSubstr("{\"name\":\"CONV\",\"ph\":\"X\",\"pid\":1,\"cat\":\"TIU\","
                "\"tid\":1,\"ts\":1.213,\"dur\":0.001,\"args\":{\"id\":1,"
                "\"waits for\":1,\"cycles\":1,\"waited\":1213,"
                "\"MACs\":8192,\"MAC utilisation\":\"100.0 %\","
                "\"tensor\":\"a\",\"res0\":\"0x4000\",\"opd0\":\"0x0\","
                "\"opd1\":\"0x8000\""));
  EXPECT_THAT(text,
              HasSubstr("\"bytes\":256,\"tensor\":\"a\",\"src\":"
                        "\"0x100000000\",\"dst\":\"0x8000000\","
                        "\"instruction\":\"DMA_tensor.copy stride_enable=1"));
  EXPECT_THAT(text, Not(HasSubstr("0x1234\",")));  // an immediate
  EXPECT_THAT(text, HasSubstr("b\\\""));
  EXPECT_EQ(text, ChromeTrace(ProfileOf(TwoTensors(4))));
}

TEST(Summary, ExplainsWhatBoundsAProgram) {
  const std::string text = Summary(ProfileOf(TwoTensors(4)));
  EXPECT_THAT(
      text, HasSubstr("net \"net\", stage 0: 4432 cycles, 0.004 ms at 1 GHz"));
  EXPECT_THAT(text, HasSubstr("DMA-bound 100 %: 4 small transfers of 193 bytes "
                              "on average at about 1107 cycles each"));
  EXPECT_THAT(text, HasSubstr("4 of them move less than 4096 bytes"));
  EXPECT_THAT(text, HasSubstr("most expensive tensors, of 2"));
}

TEST(Summary, NamesTheEngineThatBounds) {
  EXPECT_THAT(Summary(ProfileOf(TwoTensors(60000))),
              HasSubstr("TIU-bound 87 %: CONV takes 100 % of its cycles; the "
                        "MACs would take 100 % at their peak rate"));
  EXPECT_THAT(Summary(ProfileOf(TwoTensors(8000))),
              HasSubstr("bound by waits between the engines: TIU is idle"));
}

TEST(Timeline, ListsInstructionsByStart) {
  const std::string text = Timeline(ProfileOf(TwoTensors(4)));
  EXPECT_THAT(text, HasSubstr("GDMA       0       2       2       1215"));
  EXPECT_THAT(text, HasSubstr("total 4432 cycles\n"));
}

}  // namespace
}  // namespace tpuc::profiler
