// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/encoding.h"

#include <random>

#include "compiler/isa/codes.h"
#include "gtest/gtest.h"

namespace tpuc::isa {
namespace {

std::string FromHex(absl::string_view text) {
  std::string bytes;
  int digits = 0, value = 0;
  for (char c : text) {
    if (c == ' ' || c == '\n') continue;
    value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    if (++digits == 2) {
      bytes += static_cast<char>(value);
      digits = value = 0;
    }
  }
  return bytes;
}

std::string EncodeOrDie(const Instruction& instruction) {
  std::string bytes;
  absl::Status status = Encode(instruction, &bytes);
  EXPECT_TRUE(status.ok()) << status;
  return bytes;
}

// The program y = relu(a + b) of docs/isa/bm1684x.md, appendix.
const char kLoad1[] =
    "26 02 00 00 00 02 00 00 00 00 00 00 00 00 00 00"
    "f0 00 00 00 50 00 00 00 14 00 00 00 01 00 00 00"
    "50 00 00 00 50 00 00 00 14 00 00 00 01 00 00 00"
    "01 00 03 00 04 00 14 00 00 00 00 00 00 00 00 00"
    "00 00 00 00 01 00 00 00 00 00 00 08 00 00 00 00"
    "00 00 00 00 00 00 00 00 ff ff ff ff ff ff ff ff";
const char kLoad2[] =
    "26 04 00 00 00 02 00 00 00 00 00 00 00 00 00 00"
    "f0 00 00 00 50 00 00 00 14 00 00 00 01 00 00 00"
    "50 00 00 00 50 00 00 00 14 00 00 00 01 00 00 00"
    "01 00 03 00 04 00 14 00 00 00 00 00 00 00 00 00"
    "00 10 00 00 01 00 00 00 00 80 00 08 00 00 00 00"
    "00 00 00 00 00 00 00 00 ff ff ff ff ff ff ff ff";
const char kAdd[] =
    "03 00 40 00 00 46 c0 00 92 30 00 00 01 00 03 00"
    "04 00 14 00 00 80 01 00 00 00 00 00 00 80 00 00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
const char kMax[] =
    "05 00 40 00 00 86 c8 00 92 30 00 00 01 00 03 00"
    "04 00 14 00 00 80 01 00 00 80 01 00 00 00 00 00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
const char kStore[] =
    "26 06 00 00 00 02 00 00 02 00 00 00 00 00 00 00"
    "50 00 00 00 50 00 00 00 14 00 00 00 01 00 00 00"
    "f0 00 00 00 50 00 00 00 14 00 00 00 01 00 00 00"
    "01 00 03 00 04 00 14 00 00 00 00 00 00 00 00 00"
    "00 80 01 08 00 00 00 00 00 20 00 00 01 00 00 00"
    "00 00 00 00 00 00 00 00 ff ff ff ff ff ff ff ff";
const char kTiuEnd[] = "06 00 00 00 00 fe 03 00 00 00 00 00 00 00 00 00";
const char kGdmaEnd[] = "28 08 00 00 06 00 00 00 00 00 00 00 00 00 00 00";

DmaTensor Copy(uint64_t id, uint64_t dep, uint64_t src, uint64_t dst) {
  DmaTensor dma;
  dma.stride_enable = 1;
  dma.nchw_copy = 1;
  dma.cmd_id = id;
  dma.cmd_id_dep = dep;
  dma.src_data_format = prec::kF32;
  dma.src_nsize = 1, dma.src_csize = 3, dma.src_hsize = 4, dma.src_wsize = 20;
  dma.src_nstride = dma.dst_nstride = 80;
  dma.src_cstride = dma.dst_cstride = 80;
  dma.src_hstride = dma.dst_hstride = 20;
  dma.src_wstride = dma.dst_wstride = 1;
  (src >= kDdrBase ? dma.src_nstride : dma.dst_nstride) = 240;
  SetSrcAddress(dma, src);
  SetDstAddress(dma, dst);
  return dma;
}

SAr Elementwise(uint64_t op, uint64_t id) {
  SAr ar;
  ar.tsk_eu_typ = op;
  ar.tsk_opd_num = 2;
  ar.cmd_id = id;
  ar.cmd_id_dep = 2;
  ar.res0_prec = ar.opd0_prec = ar.opd1_prec = prec::kF32;
  ar.opd0_sign = ar.opd1_sign = 1;
  ar.res0_n = 1, ar.res0_c = 3, ar.res0_h = 4, ar.res0_w = 20;
  ar.res0_addr = 0x18000;
  return ar;
}

TEST(Encoding, AppendixProgram) {
  EXPECT_EQ(EncodeOrDie(Copy(1, 0, 0x100000000, 0x08000000).ToInstruction()),
            FromHex(kLoad1));
  EXPECT_EQ(EncodeOrDie(Copy(2, 0, 0x100001000, 0x08008000).ToInstruction()),
            FromHex(kLoad2));
  EXPECT_EQ(EncodeOrDie(Copy(3, 2, 0x08018000, 0x100002000).ToInstruction()),
            FromHex(kStore));
  SAr add = Elementwise(SAr::Op::kAdd, 1);
  add.opd1_addr = 0x8000;
  EXPECT_EQ(EncodeOrDie(add.ToInstruction()), FromHex(kAdd));
  SAr max = Elementwise(SAr::Op::kMax, 2);
  max.opd0_addr = 0x18000;
  max.opd1_const = 1;
  EXPECT_EQ(EncodeOrDie(max.ToInstruction()), FromHex(kMax));
  EXPECT_EQ(EncodeOrDie(MakeEnd(Engine::kTiu, 3)), FromHex(kTiuEnd));
  EXPECT_EQ(EncodeOrDie(MakeEnd(Engine::kGdma, 4)), FromHex(kGdmaEnd));
}

TEST(Encoding, AppendixStreams) {
  std::string tiu = FromHex(kAdd) + FromHex(kMax) + FromHex(kTiuEnd);
  ASSERT_EQ(tiu.size(), 144u);
  tiu.resize(256);
  absl::StatusOr<DecodedStream> stream = DecodeStream(Engine::kTiu, tiu);
  ASSERT_TRUE(stream.ok()) << stream.status();
  ASSERT_EQ(stream->instructions.size(), 3u);
  EXPECT_EQ(stream->padding, 112u);
  EXPECT_EQ(*EncodeStream(stream->instructions), tiu);
  SAr add = SAr::From(stream->instructions[0]);
  EXPECT_EQ(add.tsk_eu_typ, SAr::Op::kAdd);
  EXPECT_EQ(add.cmd_id_dep, 2u);
  EXPECT_EQ(add.res0_w, 20u);

  std::string gdma =
      FromHex(kLoad1) + FromHex(kLoad2) + FromHex(kStore) + FromHex(kGdmaEnd);
  ASSERT_EQ(gdma.size(), 304u);
  gdma.resize(384);
  stream = DecodeStream(Engine::kGdma, gdma);
  ASSERT_TRUE(stream.ok()) << stream.status();
  ASSERT_EQ(stream->instructions.size(), 4u);
  EXPECT_EQ(*EncodeStream(stream->instructions), gdma);
  DmaTensor store = DmaTensor::From(stream->instructions[2]);
  EXPECT_EQ(SrcAddress(store), 0x08018000u);
  EXPECT_EQ(DstAddress(store), 0x100002000u);
}

// Random bits in every field but those that select the format survive a round
// trip through bytes, through the accessors, and through the structs.
TEST(Encoding, RandomBitsOfEveryFormat) {
  std::mt19937_64 random(1);
  for (int f = 0; f < kNumFormats; ++f) {
    const FormatInfo& info = GetFormatInfo(static_cast<Format>(f));
    SCOPED_TRACE(info.name);
    for (int round = 0; round < 100; ++round) {
      Instruction in(info.format);
      for (int i = 0; i < info.total_bits / 64; ++i)
        in.mutable_words()[i] = random();
      if (info.short_form >= 0) in.Set(info.short_form, info.name[0] == 's');
      in.Set(info.opcode_field, info.opcode);
      if (!info.sub_opcodes.empty()) {
        size_t pick = random() % info.sub_opcodes.size();
        in.Set(info.sub_opcode, info.sub_opcodes[pick].code);
      }
      std::string bytes = EncodeOrDie(in);
      absl::StatusOr<Decoded> out = Decode(info.engine, bytes, 0);
      ASSERT_TRUE(out.ok()) << out.status();
      ASSERT_EQ(out->size, bytes.size());
      ASSERT_TRUE(out->instruction == in);
      ASSERT_EQ(EncodeOrDie(out->instruction), bytes);
      Instruction copy(info.format);
      for (size_t i = 0; i < info.fields.size(); ++i) copy.Set(i, in.Get(i));
      ASSERT_TRUE(copy == in);
    }
  }
}

template <typename T>
void RoundTripStruct() {
  std::mt19937_64 random(2);
  Instruction in(T::kFormat);
  for (int i = 0; i < in.info().total_bits / 64; ++i)
    in.mutable_words()[i] = random();
  EXPECT_TRUE(T::From(in).ToInstruction() == in) << in.info().name;
}

TEST(Encoding, StructsKeepEveryBit) {
  RoundTripStruct<Ar>();
  RoundTripStruct<Sysid>();
  RoundTripStruct<Lar>();
  RoundTripStruct<SAr>();
  RoundTripStruct<SConv>();
  RoundTripStruct<SPorD>();
  RoundTripStruct<SMm>();
  RoundTripStruct<SMm2>();
  RoundTripStruct<SRqDq>();
  RoundTripStruct<SSfu>();
  RoundTripStruct<SSg>();
  RoundTripStruct<STransBc>();
  RoundTripStruct<SVc>();
  RoundTripStruct<DmaTensor>();
  RoundTripStruct<DmaMatrix>();
  RoundTripStruct<DmaGather>();
  RoundTripStruct<SDmaMaskedSelect>();
}

TEST(Encoding, ReportsWideValues) {
  SAr ar = Elementwise(SAr::Op::kAdd, 7);
  ar.res0_c = 65536;
  std::string bytes;
  absl::Status status = Encode(ar.ToInstruction(), &bytes);
  EXPECT_EQ(status.message(),
            "TIU sAR cmd_id 7: res0_c = 65536 does not fit 16 bits");
  EXPECT_TRUE(bytes.empty());
  Instruction fixed = ar.ToInstruction();
  fixed.Set(SAr::kRes0C, 65535);
  EXPECT_TRUE(Encode(fixed, &bytes).ok());
}

TEST(Encoding, ReportsUnknownHeaders) {
  std::string bytes(128, '\0');
  bytes[5] = 11 << 1;  // tsk_typ 11
  EXPECT_EQ(Decode(Engine::kTiu, bytes, 0).status().message(),
            "TIU instruction at byte 0 (form long, opcode 11, sub-opcode 0): "
            "no such instruction");
  std::string mm(48, '\0');
  mm[0] = 1;
  mm[5] = 2 << 1 | static_cast<char>(9 << 5);  // tsk_typ 2, eu 9
  mm[6] = 9 >> 3;
  EXPECT_EQ(Decode(Engine::kTiu, mm, 0).status().message(),
            "TIU instruction at byte 0 (form short, opcode 2, sub-opcode 9): "
            "no such instruction");
  EXPECT_EQ(
      Decode(Engine::kTiu, FromHex(kAdd).substr(0, 63), 0).status().message(),
      "TIU instruction at byte 0 (form short, opcode 3, sub-opcode 2): "
      "sAR takes 64 bytes, the buffer of 63 bytes ends before");
  EXPECT_EQ(Decode(Engine::kGdma, "abc", 0).status().message(),
            "GDMA instruction at byte 0: the buffer of 3 bytes ends inside "
            "the header");
}

TEST(Encoding, StreamNeedsEndAndZeroPadding) {
  EXPECT_EQ(DecodeStream(Engine::kTiu, FromHex(kAdd)).status().message(),
            "TIU stream of 64 bytes has no end instruction");
  std::string bytes = FromHex(kTiuEnd);
  bytes.resize(128);
  bytes[100] = 5;
  EXPECT_EQ(DecodeStream(Engine::kTiu, bytes).status().message(),
            "TIU stream: byte 100 behind the end instruction is 5, expected 0");
}

// Garbage decodes or is refused; never does it read outside the buffer.
TEST(Encoding, SurvivesGarbage) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 300, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    for (Engine engine : {Engine::kTiu, Engine::kGdma}) {
      DecodeStream(engine, bytes).status().IgnoreError();
      for (size_t at = 0; at < bytes.size(); at += 7) {
        absl::StatusOr<Decoded> decoded = Decode(engine, bytes, at);
        if (!decoded.ok()) continue;
        EXPECT_EQ(EncodeOrDie(decoded->instruction),
                  bytes.substr(at, decoded->size));
      }
    }
  }
}

}  // namespace
}  // namespace tpuc::isa
