// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/verify.h"

#include "compiler/isa/codes.h"
#include "compiler/isa/text.h"
#include "gtest/gtest.h"

namespace tpuc::isa {
namespace {

// "" when legal.
std::string Check(absl::string_view text) {
  absl::StatusOr<Instruction> instruction = Parse(text);
  EXPECT_TRUE(instruction.ok()) << text << ": " << instruction.status();
  if (!instruction.ok()) return "not parsed";
  return std::string(Verify(*instruction).message());
}

constexpr char kAdd[] =
    "sAR.add cmd_id=5 tsk_opd_num=2 res0_prec=2 opd0_prec=2 opd1_prec=2 "
    "res0_n=1 res0_c=3 res0_h=4 res0_w=5 res0_addr=0x8000 opd1_addr=0x4000";
constexpr char kConv[] =
    "sCONV.normal cmd_id=1 opd2_const=1 opd3_const=1 res0_prec=2 opd0_prec=1 "
    "opd0_up_pad=1 opd0_dn_pad=1 opd0_lf_pad=1 opd0_rt_pad=1 res_op_x_str=2 "
    "res_op_y_str=2 res0_n=1 res0_c=8 res0_h=5 res0_w=5 opd0_c=3 opd0_h=9 "
    "opd0_w=9 opd1_h=3 opd1_w=3";
constexpr char kCopy[] =
    "DMA_tensor.copy stride_enable=1 nchw_copy=1 cmd_id=1 src_nsize=1 "
    "src_csize=3 src_hsize=4 src_wsize=20 src_wstride=1 dst_wstride=1 "
    "src_start_addr_h8=1 dst_start_addr_l32=0x8000000";

std::string With(const char* base, const char* more) {
  return std::string(base) + " " + more;
}

TEST(Verify, AcceptsLegalInstructions) {
  EXPECT_EQ(Check(kAdd), "");
  EXPECT_EQ(Check(kConv), "");
  EXPECT_EQ(Check(kCopy), "");
  EXPECT_EQ(Check("SYSID.end cmd_id=3 cmd_id_en=0"), "");
  EXPECT_EQ(Check("sDMA_sys.end cmd_id=4"), "");
  // An immediate may be anything.
  EXPECT_EQ(Check(With(kAdd, "opd1_const=1 opd1_addr=0xffffffff")), "");
}

TEST(Verify, TableRules) {
  EXPECT_EQ(Check(With(kAdd, "rsvd0=1")),
            "sAR.add cmd_id 5: rsvd0 = 1: reserved, must be 0");
  EXPECT_EQ(Check(With(kAdd, "pwr_step=2")),
            "sAR.add cmd_id 5: pwr_step = 2: reserved, must be 0");
  EXPECT_EQ(
      Check(With(kAdd, "cmd_id_en=0")),
      "sAR.add cmd_id 5: cmd_id_en = 0: waits do not hold unless it is 1");
  EXPECT_EQ(Check(With(kAdd, "res0_prec=6")),
            "sAR.add cmd_id 5: res0_prec = 6: dtype codes of this chip are 0 "
            "to 5");
  EXPECT_EQ(Check(With(kAdd, "opd0_str=5")),
            "sAR.add cmd_id 5: opd0_str = 5: layout codes are 0 to 3");
  EXPECT_EQ(Check("sSFU.16 cmd_id=1"),
            "sSFU.16 cmd_id 1: tsk_eu_typ = 16: no such sub-opcode");
  EXPECT_EQ(Check(With(kAdd, "tsk_typ=4")),
            "sAR.add cmd_id 5: tsk_typ = 4: contradicts the instruction's "
            "format");
  SAr wide;
  wide.res0_n = 70000;
  EXPECT_EQ(Verify(wide.ToInstruction()).message(),
            "sAR.mul cmd_id 0: res0_n = 70000: does not fit 16 bits");
}

TEST(Verify, OperandRules) {
  EXPECT_EQ(Check(With(kAdd, "res0_c=0")),
            "sAR.add cmd_id 5: res0_c = 0: a size is 1 to 65535");
  EXPECT_EQ(Check(With(kAdd, "opd1_addr=0x4004")),
            "sAR.add cmd_id 5: opd1_addr = 0x4004: an EU-aligned tensor starts "
            "at a multiple of 64 bytes");
  EXPECT_EQ(Check(With(kAdd, "opd1_str=3 opd1_addr=0x4002")),
            "sAR.add cmd_id 5: opd1_addr = 0x4002: the address isn't a "
            "multiple of the element size");
  EXPECT_EQ(Check(With(kAdd, "opd1_str=3 opd1_addr=0x4004")), "");
  EXPECT_EQ(Check(With(kAdd, "res0_addr=0x8000000")),
            "sAR.add cmd_id 5: res0_addr = 0x8000000: a local address has 24 "
            "bits, without the base 0x8000000");
  EXPECT_EQ(Check("sTRANS&sBC.static_broadcast cmd_id=1 res0_prec=2 res0_n=1 "
                  "res0_c=64 res0_h=1 res0_w=8 opd0_addr=0x400"),
            "sTRANS&sBC.static_broadcast cmd_id 1: opd0_addr = 0x400: the "
            "source lies in static memory, 0x9000000 to 0x9003fff");
}

TEST(Verify, TypeRules) {
  EXPECT_EQ(Check(With(kAdd, "res0_prec=1")),
            "sAR.add cmd_id 5: res0_prec = 1: the result has the dtype of "
            "float operands");
  EXPECT_EQ(Check("sAR.cast cmd_id=5 res0_prec=5 opd0_prec=1 res0_n=1 "
                  "res0_c=1 res0_h=1 res0_w=1"),
            "sAR.cast cmd_id 5: res0_prec = 5: f16 and bf16 convert through "
            "f32");
  EXPECT_EQ(Check("sAR.cast cmd_id=5 res0_prec=4 opd0_prec=2 opd2_n_str=5 "
                  "res0_n=1 res0_c=1 res0_h=1 res0_w=1"),
            "sAR.cast cmd_id 5: opd2_n_str = 5: rounding of a cast to an "
            "integer is 0 to 4");
  EXPECT_EQ(Check("sMM2.nn cmd_id=1 res0_prec=2 opd0_prec=2 res0_c=1 res0_w=1 "
                  "opd1_c=1 opd1_w=1"),
            "sMM2.nn cmd_id 1: opd0_prec = 2: MM2 takes int8, f16 or bf16; f32 "
            "is multiplied by MM");
  EXPECT_EQ(Check(With(kConv, "res_add=1 res0_prec=1")),
            "sCONV.normal cmd_id 1: res_add = 1: accumulation needs an f32 or "
            "int32 result");
}

TEST(Verify, Windows) {
  EXPECT_EQ(Check(With(kConv, "res0_h=6")),
            "sCONV.normal cmd_id 1: res0_h = 6: the last window reaches below "
            "the padded input");
  EXPECT_EQ(Check(With(kConv, "res_op_x_str=0")),
            "sCONV.normal cmd_id 1: res_op_x_str = 0: a stride is 1 to 15");
  // Two inserted zeros make room.
  EXPECT_EQ(Check(With(kConv, "opd0_y_ins0=1 res0_h=9")), "");
}

TEST(Verify, Gdma) {
  EXPECT_EQ(Check(With(kCopy, "src_hsize=0")),
            "DMA_tensor.copy cmd_id 1: src_hsize = 0: a size is 1 to 65535");
  EXPECT_EQ(Check(With(kCopy, "dst_start_addr_l32=0x4000")),
            "DMA_tensor.copy cmd_id 1: dst_start_addr_l32 = 0x4000: the "
            "address is in no memory (local 0x8000000, static 0x9000000, L2 "
            "0x10000000, DDR from 0x100000000)");
  EXPECT_EQ(Check(With(kCopy, "src_wstride=0")),
            "DMA_tensor.copy cmd_id 1: src_wstride = 0: a w stride of 0 is not "
            "supported");
  EXPECT_EQ(Check(With(kCopy, "src_data_format=2 src_wstride=33")),
            "DMA_tensor.copy cmd_id 1: src_wstride = 33: w stride times "
            "element size is at most 128 bytes");
  EXPECT_EQ(Check(With(kCopy,
                       "nchw_copy=0 dst_nsize=1 dst_csize=3 "
                       "dst_hsize=4 dst_wsize=21")),
            "DMA_tensor.copy cmd_id 1: dst_nsize = 1: source and destination "
            "have different element counts");
}

Instruction AddWith(uint64_t id, uint64_t dep) {
  Instruction add = *Parse(kAdd);
  add.set_cmd_id(id);
  add.set_cmd_id_dep(dep);
  return add;
}

Instruction CopyWith(uint64_t id, uint64_t dep) {
  Instruction copy = *Parse(kCopy);
  copy.set_cmd_id(id);
  copy.set_cmd_id_dep(dep);
  return copy;
}

TEST(VerifyProgram, IdsEndsAndWaits) {
  Instruction tiu_end = MakeEnd(Engine::kTiu, 2);
  Instruction gdma_end = MakeEnd(Engine::kGdma, 3);
  EXPECT_TRUE(VerifyProgram({AddWith(1, 1), tiu_end},
                            {CopyWith(1, 0), CopyWith(2, 1), gdma_end})
                  .ok());
  auto error = [&](Instruction add, Instruction copy) {
    return std::string(
        VerifyProgram({add, tiu_end}, {CopyWith(1, 0), copy, gdma_end})
            .message());
  };
  EXPECT_EQ(error(AddWith(2, 0), CopyWith(2, 0)),
            "TIU instruction 1, sAR.add cmd_id 2: expected cmd_id 1");
  EXPECT_EQ(error(AddWith(1, 9), CopyWith(2, 0)),
            "TIU instruction 1, sAR.add cmd_id 1: waits for id 9 of the other "
            "engine, which has 3 instructions");
  EXPECT_EQ(error(AddWith(1, 2), CopyWith(2, 1)),
            "the streams wait for each other: TIU sAR.add cmd_id 1 for GDMA 2, "
            "GDMA DMA_tensor.copy cmd_id 2 for TIU 1");
  EXPECT_EQ(VerifyProgram({AddWith(1, 0)}, {gdma_end}).message(),
            "TIU instruction 1, sAR.add cmd_id 1: the end instruction is the "
            "last and only the last");
}

}  // namespace
}  // namespace tpuc::isa
