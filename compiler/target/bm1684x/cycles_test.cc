// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/cycles.h"

#include <random>

#include "compiler/isa/codes.h"
#include "compiler/target/bm1684x/dma_cycles.h"
#include "compiler/target/bm1684x/schedule.h"
#include "gtest/gtest.h"

// Values are those of the vendor's cost functions (docs/isa/bm1684x.md, g).
namespace tpuc::bm1684x {
namespace {

template <typename T>
Cost CostOfStruct(const T& i) {
  absl::StatusOr<Cost> cost = CostOf(i.ToInstruction());
  EXPECT_TRUE(cost.ok()) << cost.status();
  return cost.ok() ? *cost : Cost();
}

template <typename T>
int64_t CyclesOf(const T& i) {
  return CostOfStruct(i).cycles;
}

template <typename T>
T Shaped(uint64_t n, uint64_t c, uint64_t h, uint64_t w) {
  T i;
  i.res0_n = n, i.res0_c = c, i.res0_h = h, i.res0_w = w;
  return i;
}

isa::SAr Add(uint64_t n, uint64_t c, uint64_t h, uint64_t w) {
  auto add = Shaped<isa::SAr>(n, c, h, w);
  add.tsk_eu_typ = isa::SAr::Op::kAdd;
  add.tsk_opd_num = 2;
  add.res0_prec = add.opd0_prec = add.opd1_prec = isa::prec::kF32;
  add.res0_addr = 0x9000, add.opd0_addr = 0x1000, add.opd1_addr = 0x5000;
  return add;
}

TEST(TiuCost, ElementwiseCountsGroupsAndLines) {
  EXPECT_EQ(CyclesOf(Add(1, 64, 1, 16)), 1);
  EXPECT_EQ(CyclesOf(Add(1, 65, 1, 17)), 4);
  EXPECT_EQ(CyclesOf(Add(2, 64, 3, 5)), 2);
  isa::SAr other_lane = Add(1, 64, 1, 16);
  other_lane.res0_addr = uint64_t{1} << 18;
  EXPECT_EQ(CyclesOf(other_lane), 2);
  isa::SAr narrow = Add(1, 64, 1, 64);
  narrow.res0_prec = narrow.opd0_prec = narrow.opd1_prec = isa::prec::kInt8;
  EXPECT_EQ(CyclesOf(narrow), 1);
  narrow.opd1_prec = isa::prec::kInt16;  // the widest counts
  EXPECT_EQ(CyclesOf(narrow), 2);
}

TEST(TiuCost, ElementwiseInPlaceTakesTwice) {
  isa::SAr add = Add(1, 64, 1, 16);
  add.res0_addr = add.opd1_addr;
  EXPECT_EQ(CyclesOf(add), 2);
  add.tsk_eu_typ = isa::SAr::Op::kArithShift;  // opd0 alone matters
  EXPECT_EQ(CyclesOf(add), 1);
  add.res0_addr = add.opd0_addr;
  EXPECT_EQ(CyclesOf(add), 2);
  add.tsk_eu_typ = isa::SAr::Op::kCopy;
  EXPECT_EQ(CyclesOf(add), 1);
}

int64_t StridedAdd(uint64_t h, uint64_t w, uint64_t h_stride,
                   uint64_t w_stride) {
  isa::SAr add = Add(1, 64, h, w);
  add.opd0_str = isa::layout::kStrides;
  add.opd0_h_str = h_stride, add.opd0_w_str = w_stride;
  return CyclesOf(add);
}

TEST(TiuCost, ElementwiseStrides) {
  EXPECT_EQ(StridedAdd(1, 33, 33, 3), 9);
  EXPECT_EQ(StridedAdd(7, 16, 0, 1), 7);    // repeated rows
  EXPECT_EQ(StridedAdd(7, 1, 10, 1), 5);    // a column
  EXPECT_EQ(StridedAdd(7, 16, 32, 1), 7);   // rows of whole lines
  EXPECT_EQ(StridedAdd(7, 16, 36, 1), 14);  // rows across lines
  EXPECT_EQ(StridedAdd(3, 5, 20, 1), 4);
  EXPECT_EQ(StridedAdd(3, 5, 21, 1), 3);
  EXPECT_EQ(StridedAdd(40, 74, 154, 40), 2960);
  // Both operands in strides: one after the other.
  isa::SAr add = Add(1, 64, 1, 16);
  add.opd0_str = add.opd1_str = isa::layout::kStrides;
  add.opd0_w_str = 3, add.opd1_w_str = 2;
  EXPECT_EQ(CyclesOf(add), 5);
}

TEST(TiuCost, DivisionTakesItsIterations) {
  isa::SAr div = Add(1, 64, 3, 7);
  div.tsk_eu_typ = isa::SAr::Op::kDiv;
  div.opd2_n_str = 2;
  EXPECT_EQ(CyclesOf(div), 2 * 31);
  div.res0_addr = div.opd0_addr;
  EXPECT_EQ(CyclesOf(div), 2 * 31);
}

TEST(TiuCost, ConvolutionCountsCubes) {
  auto conv = Shaped<isa::SConv>(1, 70, 10, 10);
  conv.opd0_c = 33, conv.opd1_h = conv.opd1_w = 3;
  conv.opd0_prec = isa::prec::kF16;
  Cost cost = CostOfStruct(conv);
  EXPECT_EQ(cost.cycles, 2 * 25 * 9 * 2);
  EXPECT_EQ(cost.macs, 70 * 100 * 9 * 33);
  EXPECT_EQ(cost.peak_macs, 8192);
  conv.opd0_prec = isa::prec::kInt8;
  EXPECT_EQ(CyclesOf(conv), 2 * 25 * 9);
  conv.opd0_prec = isa::prec::kF32;
  cost = CostOfStruct(conv);
  EXPECT_EQ(cost.cycles, 2 * 7 * 9 * 33);
  EXPECT_EQ(cost.peak_macs, 1024);
}

TEST(TiuCost, PoolingDoesNotPackRowsUnderKernelsOfOneRow) {
  auto pool = Shaped<isa::SPorD>(1, 64, 7, 7);
  pool.res0_prec = pool.opd0_prec = isa::prec::kF16;
  pool.res_op_x_str = pool.res_op_y_str = 1;
  pool.opd1_h = 3, pool.opd1_w = 1;
  EXPECT_EQ(CyclesOf(pool), 6);
  pool.opd1_h = 1, pool.opd1_w = 3;
  EXPECT_EQ(CyclesOf(pool), 21);
  pool.res_op_x_str = 2;
  EXPECT_EQ(CyclesOf(pool), 21);
  pool.res_op_y_str = 2;
  EXPECT_EQ(CyclesOf(pool), 63);
}

TEST(TiuCost, MatrixProducts) {
  isa::SMm mm;
  mm.opd0_n = 10, mm.opd0_c = 3, mm.opd0_w = 16, mm.opd1_w = 32;
  mm.res0_c = 2, mm.res0_w = 32;
  mm.opd0_prec = isa::prec::kF32, mm.opd2_const = 1;
  EXPECT_EQ(CyclesOf(mm), 1280);
  mm.opd2_const = 0;
  EXPECT_EQ(CyclesOf(mm), 1300);

  isa::SMm2 mm2;
  mm2.tsk_eu_typ = isa::SMm2::Op::kTt;
  mm2.res0_c = 1000, mm2.res0_w = 1, mm2.opd1_w = 512;
  mm2.opd0_prec = isa::prec::kF16;
  EXPECT_EQ(CyclesOf(mm2), 256);
}

TEST(TiuCost, RequantAndLaneBroadcastMindTheBank) {
  auto rq = Shaped<isa::SRqDq>(1, 64, 4, 8);
  rq.opd0_addr = 0x1000, rq.res0_addr = 0x5000;
  EXPECT_EQ(CyclesOf(rq), 2);
  rq.res0_addr = 0x2000;
  EXPECT_EQ(CyclesOf(rq), 4);
  rq.res0_addr |= uint64_t{1} << 18;  // the same bank of another lane
  EXPECT_EQ(CyclesOf(rq), 4);         // two groups
  rq.res0_c = 63;
  EXPECT_EQ(CyclesOf(rq), 2);

  auto copy = Shaped<isa::STransBc>(1, 64, 1, 256);
  copy.tsk_eu_typ = isa::STransBc::Op::kLaneCopy;
  copy.res0_prec = isa::prec::kF32, copy.opd0_c = 64, copy.res0_addr = 0x4000;
  EXPECT_EQ(CyclesOf(copy), 1024);
}

isa::DmaTensor Load(uint64_t c, uint64_t w) {
  isa::DmaTensor dma;
  dma.stride_enable = dma.nchw_copy = 1;
  dma.src_data_format = isa::prec::kF32;
  dma.src_nsize = dma.src_hsize = 1, dma.src_csize = c, dma.src_wsize = w;
  dma.src_nstride = dma.dst_nstride = c * w;
  dma.src_cstride = dma.dst_cstride = w;
  dma.src_hstride = dma.dst_hstride = w;
  dma.src_wstride = dma.dst_wstride = 1;
  isa::SetSrcAddress(dma, isa::kDdrBase);
  isa::SetDstAddress(dma, isa::kLocalBase);
  return dma;
}

isa::DmaTensor Turned(isa::DmaTensor dma) {
  const uint64_t src = isa::SrcAddress(dma);
  isa::SetSrcAddress(dma, isa::DstAddress(dma));
  isa::SetDstAddress(dma, src);
  return dma;
}

TEST(GdmaCost, SmallSegmentsAndPages) {
  EXPECT_EQ(CyclesOf(Load(1, 1)), 18);
  EXPECT_EQ(CyclesOf(Load(64, 1)), 1213);
  EXPECT_EQ(CyclesOf(Load(64, 64)), 303);
  EXPECT_EQ(CyclesOf(Turned(Load(64, 1))), 1599);
  EXPECT_EQ(CostOfStruct(Load(64, 64)).bytes, 64 * 64 * 4);
  isa::DmaTensor elements = Load(1, 64);
  elements.src_wstride = 2;
  EXPECT_EQ(CyclesOf(elements), 1213);
  isa::DmaTensor far = Load(64, 64);
  far.src_cstride = 4096;
  EXPECT_EQ(CyclesOf(far), 1213);
  isa::DmaTensor repeated = Load(1, 64);
  repeated.src_hstride = 0;
  EXPECT_EQ(CyclesOf(repeated), 0);
}

TEST(GdmaCost, SystemCopiesCountTheSourcesPagesTwice) {
  isa::DmaTensor dma = Load(8, 1024);  // 32 KiB: all four pages
  isa::SetDstAddress(dma, isa::kL2Base);
  EXPECT_EQ(CyclesOf(dma), 32768 * 1000 / 26077);
  dma.dst_cstride = 0;  // the destination's one is among the source's four
  EXPECT_EQ(CyclesOf(dma), 32768 * 1000 / 26077);
  dma = Load(1, 1);
  isa::SetDstAddress(dma, isa::kDdrBase);
  EXPECT_EQ(CyclesOf(dma), 157);
}

TEST(GdmaCost, OtherForms) {
  isa::DmaTensor fill = Load(64, 16);
  fill.fill_constant_en = 1;
  EXPECT_EQ(CyclesOf(fill), 282);
  isa::DmaTensor broadcast = Load(1, 256);
  broadcast.cmd_special_function = isa::DmaTensor::Op::kBroadcast;
  broadcast.dst_csize = 64;
  EXPECT_EQ(CyclesOf(broadcast), 17);

  isa::DmaMatrix matrix;
  matrix.src_data_format = isa::prec::kF32;
  matrix.src_hsize = 1, matrix.src_wsize = 64, matrix.dst_wsize = 1;
  isa::SetSrcAddress(matrix, isa::kDdrBase);
  isa::SetDstAddress(matrix, isa::kLocalBase);
  EXPECT_EQ(CyclesOf(matrix), 282);
  matrix.cmd_special_function = 1;
  EXPECT_EQ(CyclesOf(matrix), 376);
  isa::SetDstAddress(matrix, isa::kL2Base);
  EXPECT_FALSE(CostOf(matrix.ToInstruction()).ok());

  isa::SDmaGeneral general;
  general.src_cstride = 1000;
  EXPECT_EQ(CyclesOf(general), 15);
}

TEST(CostOf, NamesFormsWithoutACost) {
  const absl::StatusOr<Cost> cost =
      CostOf(isa::Instruction(isa::Format::kSSeg));
  ASSERT_FALSE(cost.ok());
  EXPECT_NE(cost.status().message().find("SEG"), absl::string_view::npos);
}

// Whatever the fields hold, a cost is known not to be negative, or not known.
TEST(CostOf, AnyFieldsGiveACountOrAnError) {
  std::mt19937_64 random(1);
  for (int f = 0; f < isa::kNumFormats; ++f) {
    const auto format = static_cast<isa::Format>(f);
    for (int k = 0; k < 300; ++k) {
      isa::Instruction i(format);
      for (size_t field = 0; field < i.info().fields.size(); ++field) {
        const isa::FieldInfo& info = i.info().fields[field];
        if (info.kind == isa::FieldKind::kOpcode ||
            info.kind == isa::FieldKind::kShortForm)
          continue;
        const uint64_t all =
            info.width == 64 ? ~uint64_t{0} : (uint64_t{1} << info.width) - 1;
        const uint64_t choices[] = {0, 1, all, random() & all};
        i.Set(static_cast<int>(field), choices[random() % 4]);
      }
      const absl::StatusOr<Cost> cost = CostOf(i);
      if (!cost.ok()) continue;
      EXPECT_GE(cost->cycles, 0) << i.info().name;
      EXPECT_GE(cost->bytes, 0) << i.info().name;
      EXPECT_GE(cost->macs, 0) << i.info().name;
    }
  }
}

TEST(CostOf, HugeSizesDoNotOverflow) {
  auto conv = Shaped<isa::SConv>(65535, 65535, 65535, 65535);
  conv.opd0_c = conv.opd1_h = conv.opd1_w = 65535;
  EXPECT_GT(CyclesOf(conv), int64_t{1} << 39);
  isa::DmaTensor dma = Load(65535, 65535);
  dma.src_nsize = dma.src_hsize = 65535;
  dma.src_nstride = dma.src_cstride = dma.src_hstride = 1;
  EXPECT_GT(CyclesOf(dma), int64_t{1} << 34);
}

isa::Instruction TiuStep(uint64_t id, uint64_t waits, uint64_t cycles) {
  isa::SAr add = Add(cycles, 1, 1, 1);
  add.cmd_id = id, add.cmd_id_dep = waits;
  return add.ToInstruction();
}

// `cycles` must be a multiple of 4.
isa::Instruction GdmaStep(uint64_t id, uint64_t waits, uint64_t cycles) {
  isa::SDmaGeneral dma;
  dma.cmd_id = id, dma.cmd_id_dep = waits;
  dma.src_cstride = 64 * cycles;
  return dma.ToInstruction();
}

TEST(MakeSchedule, EnginesOverlapUpToTheirWaits) {
  const std::vector<isa::Instruction> tiu = {
      TiuStep(1, 1, 10), TiuStep(2, 2, 5), MakeEnd(isa::Engine::kTiu, 3)};
  const std::vector<isa::Instruction> gdma = {
      GdmaStep(1, 0, 4), GdmaStep(2, 0, 4), GdmaStep(3, 2, 8),
      MakeEnd(isa::Engine::kGdma, 4)};
  const absl::StatusOr<Schedule> schedule = MakeSchedule(tiu, gdma);
  ASSERT_TRUE(schedule.ok()) << schedule.status();
  EXPECT_EQ(schedule->gdma[1].start, 4);
  EXPECT_EQ(schedule->tiu[0].start, 4);
  EXPECT_EQ(schedule->tiu[0].waited, 4);
  EXPECT_EQ(schedule->tiu[1].start, 14);
  EXPECT_EQ(schedule->tiu[1].waited, 0);
  EXPECT_EQ(schedule->gdma[2].start, 19);
  EXPECT_EQ(schedule->gdma[2].waited, 11);
  EXPECT_EQ(schedule->gdma[2].end, 27);
  EXPECT_EQ(schedule->cycles, 27);
}

TEST(MakeSchedule, InstructionsOfNoLengthTakeTheirPlace) {
  const std::vector<isa::Instruction> tiu = {TiuStep(1, 2, 10)};
  const std::vector<isa::Instruction> gdma = {GdmaStep(1, 0, 8),
                                              GdmaStep(2, 0, 0)};
  const absl::StatusOr<Schedule> schedule = MakeSchedule(tiu, gdma);
  ASSERT_TRUE(schedule.ok()) << schedule.status();
  EXPECT_EQ(schedule->gdma[1].start, 8);
  EXPECT_EQ(schedule->gdma[1].end, 8);
  EXPECT_EQ(schedule->tiu[0].start, 8);
  EXPECT_EQ(schedule->cycles, 18);
}

TEST(MakeSchedule, ReportsWaitsThatNeverEnd) {
  const std::vector<isa::Instruction> tiu = {TiuStep(1, 2, 10)};
  const std::vector<isa::Instruction> gdma = {GdmaStep(1, 0, 8),
                                              GdmaStep(2, 1, 8)};
  const absl::StatusOr<Schedule> schedule = MakeSchedule(tiu, gdma);
  ASSERT_FALSE(schedule.ok());
  EXPECT_NE(schedule.status().message().find("TIU instruction 1"),
            absl::string_view::npos)
      << schedule.status();
}

}  // namespace
}  // namespace tpuc::bm1684x
