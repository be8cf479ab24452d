// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/text.h"

#include <random>

#include "gtest/gtest.h"

namespace tpuc::isa {
namespace {

TEST(Text, PrintsWhatDiffersFromTheDefaults) {
  SAr add;
  add.tsk_eu_typ = SAr::Op::kAdd;
  add.cmd_id = 1;
  add.cmd_id_dep = 2;
  add.res0_c = 3;
  add.res0_addr = 0x18000;
  EXPECT_EQ(Print(add.ToInstruction()),
            "sAR.add cmd_id=1 cmd_id_dep=2 res0_c=3 res0_addr=0x18000");
  EXPECT_EQ(Print(MakeEnd(Engine::kTiu, 3)), "SYSID.end cmd_id=3 cmd_id_en=0");
  EXPECT_EQ(Print(MakeEnd(Engine::kGdma, 4)), "sDMA_sys.end cmd_id=4");
  EXPECT_EQ(Print(DmaGather().ToInstruction()), "DMA_gather");
  SSeg seg;
  seg.tsk_eu_typ = 3;
  EXPECT_EQ(Print(seg.ToInstruction()), "sSEG.3");
}

// Any bits, legal or not.
TEST(Text, RoundTripsEveryFormat) {
  std::mt19937_64 random(3);
  for (int f = 0; f < kNumFormats; ++f) {
    Instruction in(static_cast<Format>(f));
    for (int round = 0; round < 50; ++round) {
      for (int i = 0; i < in.info().total_bits / 64; ++i)
        in.mutable_words()[i] = random() & (round % 2 ? random() : ~0ull);
      std::string text = Print(in);
      absl::StatusOr<Instruction> out = Parse(text);
      ASSERT_TRUE(out.ok()) << text << "\n" << out.status();
      ASSERT_TRUE(*out == in) << text << "\n" << Print(*out);
    }
  }
}

TEST(Text, ParsesAnyOrderAndBothBases) {
  absl::StatusOr<Instruction> parsed =
      Parse("  sRQ&sDQ.rq1  res0_w=0x10 cmd_id=16 res0_n=1\r");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  SRqDq rq = SRqDq::From(*parsed);
  EXPECT_EQ(rq.tsk_eu_typ, SRqDq::Op::kRq1);
  EXPECT_EQ(rq.res0_w, 16u);
  EXPECT_EQ(rq.cmd_id, 16u);
}

TEST(Text, ErrorsNameLineAndColumn) {
  auto error = [](absl::string_view text) {
    return std::string(Parse(text, 12).status().message());
  };
  EXPECT_EQ(error("xAR.add"),
            "12:1: no instruction is called 'xAR'; examples are sAR and "
            "DMA_tensor");
  EXPECT_EQ(error("sSFU.exp"),
            "12:6: sSFU has no sub-opcode 'exp'; it has taylor_4x, taylor, "
            "normalize, rsqrt");
  EXPECT_EQ(error("sSEG.x"),
            "12:6: sSEG has no sub-opcode 'x'; it has numbers only");
  EXPECT_EQ(error("sAR.add res0=1"), "12:9: sAR has no field 'res0'");
  EXPECT_EQ(error("sAR.add res0_n"), "12:15: expected '=' behind res0_n");
  EXPECT_EQ(error("sAR.add res0_n=1x"),
            "12:16: '1x' is not a number of 64 bits");
  EXPECT_EQ(error("sAR.add res0_n=-1"),
            "12:16: '-1' is not a number of 64 bits");
  EXPECT_EQ(error("sAR.add res0_n=1=2"),
            "12:17: expected a space between fields");
  EXPECT_EQ(error("sAR.add res0_n=65536"),
            "12:16: 65536 does not fit res0_n of 16 bits");
  EXPECT_EQ(error("sAR.77"), "12:5: 77 does not fit tsk_eu_typ of 5 bits");
}

}  // namespace
}  // namespace tpuc::isa
