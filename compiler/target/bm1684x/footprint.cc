// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/footprint.h"

#include <algorithm>
#include <array>
#include <limits>

#include "compiler/isa/codes.h"

namespace tpuc::bm1684x {
namespace {

using isa::kEuBytes;
using isa::kLaneBytes;
using isa::kLanes;

constexpr int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t RoundUp(int64_t a, int64_t b) { return CeilDiv(a, b) * b; }

// n, c, h, w.
using Dims = std::array<int64_t, 4>;

// Strides in elements of n, channel group, h, w; chapter b of the reference.
struct Shape {
  Dims size;
  int64_t element;  // bytes
};

int64_t Groups(int64_t lane, int64_t channels) {
  return CeilDiv(lane + channels, kLanes);
}

// Lanes that `channels` channels from `lane` on lie in.
uint64_t LaneMask(int64_t lane, int64_t channels) {
  if (channels >= kLanes) return ~uint64_t{0};
  const uint64_t run = (uint64_t{1} << channels) - 1;
  if (lane == 0) return run;
  return run << lane | run >> (kLanes - lane);
}

int64_t LaneOf(int64_t address) { return address / kLaneBytes % kLanes; }
int64_t OffsetOf(int64_t address) { return address % kLaneBytes; }

// A tensor at a TIU address (lane * kLaneBytes + byte).
Region Local(int64_t address, const Shape& shape, const Dims& strides) {
  const auto& [n, c, h, w] = shape.size;
  const int64_t lane = LaneOf(address), begin = OffsetOf(address);
  const int64_t last = std::max<int64_t>(n - 1, 0) * strides[0] +
                       std::max<int64_t>(Groups(lane, c) - 1, 0) * strides[1] +
                       std::max<int64_t>(h - 1, 0) * strides[2] +
                       std::max<int64_t>(w - 1, 0) * strides[3];
  return {Memory::kLocal, LaneMask(lane, c), begin,
          begin + (last + 1) * shape.element};
}

Dims Strides(int64_t lane, const Shape& shape, int64_t row, int64_t plane) {
  return {Groups(lane, shape.size[1]) * plane, plane, row, 1};
}

Region Aligned(int64_t address, const Shape& shape) {
  const int64_t plane =
      RoundUp(shape.size[2] * shape.size[3], kEuBytes / shape.element);
  return Local(address, shape,
               Strides(LaneOf(address), shape, shape.size[3], plane));
}

Region Compact(int64_t address, const Shape& shape) {
  const int64_t plane = shape.size[2] * shape.size[3];
  return Local(address, shape,
               Strides(LaneOf(address), shape, shape.size[3], plane));
}

Region LineAligned(int64_t address, const Shape& shape) {
  const int64_t row = RoundUp(shape.size[3], kEuBytes / shape.element);
  return Local(address, shape,
               Strides(LaneOf(address), shape, row, row * shape.size[2]));
}

Region ByLayout(int64_t address, const Shape& shape, uint64_t layout,
                const Dims& strides) {
  switch (layout) {
    case isa::layout::kAligned:
      return Aligned(address, shape);
    case isa::layout::kCompact:
      return Compact(address, shape);
    case isa::layout::kPerChannel:
      return Local(address, shape, {0, 1, 0, 0});
    default:
      return Local(address, shape, strides);
  }
}

// One value, or `count` of them, per channel.
Region PerChannel(int64_t address, int64_t channels, int64_t element,
                  int64_t count = 1) {
  return Compact(address, {{1, channels, 1, count}, element});
}

// [1, channels, 1, width] for MM2, [rows, channels, 1, width] for MM.
Region Matrix(int64_t address, int64_t rows, int64_t channels, int64_t width,
              int64_t element) {
  return Aligned(address, {{rows, channels, 1, width}, element});
}

int64_t SizeOf(uint64_t prec) {
  return std::max<int64_t>(static_cast<int64_t>(isa::SizeOfPrec(prec)), 1);
}

Footprint Everything() {
  const Region local = {Memory::kLocal, ~uint64_t{0}, 0, kLaneBytes};
  const Region fixed = {Memory::kStatic, 1, 0,
                        static_cast<int64_t>(isa::kStaticBytes)};
  const Region system = {Memory::kSystem, 1, 0,
                         std::numeric_limits<int64_t>::max()};
  return {{local, fixed, system}, {local, fixed, system}};
}

template <typename T>
Dims ResultSize(const T& i) {
  return {static_cast<int64_t>(i.res0_n), static_cast<int64_t>(i.res0_c),
          static_cast<int64_t>(i.res0_h), static_cast<int64_t>(i.res0_w)};
}

Dims ToDims(uint64_t n, uint64_t c, uint64_t h, uint64_t w) {
  return {static_cast<int64_t>(n), static_cast<int64_t>(c),
          static_cast<int64_t>(h), static_cast<int64_t>(w)};
}

Footprint OfAr(const isa::SAr& i) {
  using Op = isa::SAr::Op;
  const Dims size = ResultSize(i);
  Footprint result;
  const Region target =
      ByLayout(i.res0_addr, {size, SizeOf(i.res0_prec)}, i.res0_str,
               ToDims(i.res0_n_str, i.res0_c_str, i.res0_h_str, i.res0_w_str));
  result.writes.push_back(target);
  if (i.tsk_eu_typ == Op::kMac) result.reads.push_back(target);
  if (!i.opd0_const) {
    result.reads.push_back(ByLayout(
        i.opd0_addr, {size, SizeOf(i.opd0_prec)}, i.opd0_str,
        ToDims(i.opd0_n_str, i.opd0_c_str, i.opd0_h_str, i.opd0_w_str)));
  }
  if (!i.opd1_const && i.tsk_opd_num >= 2) {
    result.reads.push_back(ByLayout(
        i.opd1_addr, {size, SizeOf(i.opd1_prec)}, i.opd1_str,
        ToDims(i.opd1_n_str, i.opd1_c_str, i.opd1_h_str, i.opd1_w_str)));
  }
  if (!i.opd2_const && i.tsk_opd_num >= 3) {
    // Clamp bounds are a pair; the widest element covers every use.
    result.reads.push_back(PerChannel(i.opd2_addr, size[1], 4, 2));
  }
  return result;
}

Footprint OfConv(const isa::SConv& i) {
  const Dims size = ResultSize(i);
  const int64_t element = SizeOf(i.opd0_prec);
  const Dims input = ToDims(i.res0_n, i.opd0_c, i.opd0_h, i.opd0_w);
  Footprint result;
  result.writes.push_back(Aligned(i.res0_addr, {size, SizeOf(i.res0_prec)}));
  if (i.res_add) result.reads.push_back(result.writes.front());
  result.reads.push_back(
      ByLayout(i.opd0_addr, {input, element}, i.opd0_str,
               ToDims(i.opd0_n_str, i.opd0_c_str, i.opd0_h_str, i.opd0_w_str)));
  if (!i.opd1_const) {
    const int64_t cube = kEuBytes / element == 16 ? 1 : kEuBytes / element;
    const int64_t row =
        RoundUp(input[1], cube) * static_cast<int64_t>(i.opd1_h * i.opd1_w);
    result.reads.push_back(PerChannel(i.opd1_addr, size[1], element, row));
  }
  if (!i.opd2_const) {
    const int64_t bias = isa::IsFloatPrec(i.opd0_prec) ? 4 : 1;
    result.reads.push_back(PerChannel(i.opd2_addr, size[1], bias));
  }
  if (!i.opd3_const)
    result.reads.push_back(PerChannel(i.opd3_addr, input[1], element, 2));
  return result;
}

Footprint OfPorD(const isa::SPorD& i) {
  constexpr uint64_t kDepthwise = 0, kAverage = 1, kDepthwiseRelu = 2, kMax = 4;
  const uint64_t eu = i.tsk_eu_typ;
  if (eu > kMax || eu == 3) return Everything();
  const Dims size = ResultSize(i);
  const int64_t element = SizeOf(i.opd0_prec);
  const bool depthwise = eu == kDepthwise || eu == kDepthwiseRelu;
  Footprint result;
  result.writes.push_back(Aligned(i.res0_addr, {size, SizeOf(i.res0_prec)}));
  result.reads.push_back(
      Aligned(i.opd0_addr, {{size[0], size[1], static_cast<int64_t>(i.opd0_h),
                             static_cast<int64_t>(i.opd0_w)},
                            element}));
  if ((depthwise || eu == kAverage) && !i.opd1_const) {
    result.reads.push_back(
        PerChannel(i.opd1_addr, size[1], element,
                   static_cast<int64_t>(i.opd1_h * i.opd1_w)));
  }
  if (depthwise && !i.opd2_const) {
    result.reads.push_back(
        PerChannel(i.opd2_addr, size[1], element == 1 ? 4 : element));
  }
  if (!i.opd3_const)
    result.reads.push_back(PerChannel(i.opd3_addr, size[1], element, 2));
  return result;
}

Footprint OfMm(const isa::SMm& i) {
  const int64_t element = SizeOf(i.opd0_prec);
  const int64_t rows = i.opd0_n;
  const int64_t columns =
      (static_cast<int64_t>(i.opd0_c) - 1) * i.opd0_w + i.opd1_w;
  const int64_t r = i.left_tran ? columns : rows;
  const int64_t k = i.left_tran ? rows : columns;
  Footprint result;
  result.writes.push_back(
      Matrix(i.res0_addr, r, i.res0_c, i.res0_w, SizeOf(i.res0_prec)));
  if (i.res_add) result.reads.push_back(result.writes.front());
  if (!i.opd0_const)
    result.reads.push_back(
        Matrix(i.opd0_addr, rows, i.opd0_c, i.opd0_w, element));
  result.reads.push_back(Matrix(i.opd1_addr, k, i.res0_c, i.res0_w, element));
  if (!i.opd2_const)
    result.reads.push_back(Matrix(i.opd2_addr, 1, i.res0_c, i.res0_w, 4));
  return result;
}

Footprint OfMm2(const isa::SMm2& i) {
  using Op = isa::SMm2::Op;
  const int64_t element = SizeOf(i.opd0_prec);
  const int64_t rows = i.res0_c, columns = i.res0_w;
  int64_t left_rows = rows, left_columns = i.opd1_c;
  if (i.tsk_eu_typ == Op::kNt) left_columns = i.opd1_w;
  if (i.tsk_eu_typ == Op::kTt) left_rows = i.opd1_w, left_columns = columns;
  Footprint result;
  result.writes.push_back(
      Matrix(i.res0_addr, 1, rows, columns, SizeOf(i.res0_prec)));
  if (i.res_add) result.reads.push_back(result.writes.front());
  if (!i.opd0_const)
    result.reads.push_back(
        Matrix(i.opd0_addr, 1, left_rows, left_columns, element));
  if (!i.opd1_const)
    result.reads.push_back(Matrix(i.opd1_addr, 1, i.opd1_c, i.opd1_w, element));
  if (!i.opd2_const && element == 1) {
    result.reads.push_back(
        Matrix(i.opd2_addr, 1, std::max(rows, kLanes), columns, 1));
  }
  return result;
}

Footprint OfRqDq(const isa::SRqDq& i) {
  const Dims size = ResultSize(i);
  Footprint result;
  result.writes.push_back(Aligned(i.res0_addr, {size, SizeOf(i.res0_prec)}));
  result.reads.push_back(Aligned(i.opd0_addr, {size, SizeOf(i.opd0_prec)}));
  if (!i.opd1_const)
    result.reads.push_back(Aligned(i.opd1_addr, {{1, size[1], 1, 3}, 4}));
  return result;
}

// Gathers by an index per element; a table in every lane, or per channel.
Footprint OfSg(const isa::SSg& i) {
  if (i.tsk_eu_typ != isa::SSg::Op::kPeSGatherD1coor) return Everything();
  const Dims size = ResultSize(i);
  const int64_t element = SizeOf(i.res0_prec);
  const Shape source = {ToDims(1, i.res0_c, 1, i.opd0_w), element};
  Footprint result;
  result.writes.push_back(Aligned(i.res0_addr, {size, element}));
  result.reads.push_back(
      Aligned(i.opd1_addr,
              {ToDims(i.res0_n, i.res0_c, 1, i.opd1_w), SizeOf(i.opd1_prec)}));
  result.reads.push_back(i.opd0_str == 0
                             ? Aligned(i.opd0_addr, source)
                             : Local(i.opd0_addr, source, {0, 0, 0, 1}));
  return result;
}

Footprint OfSfu(const isa::SSfu& i) {
  constexpr uint64_t kTaylor4x = 12, kTaylor = 13;
  const Dims size = ResultSize(i);
  Footprint result;
  result.writes.push_back(Aligned(i.res0_addr, {size, SizeOf(i.res0_prec)}));
  result.reads.push_back(Aligned(i.opd0_addr, {size, SizeOf(i.opd0_prec)}));
  if (i.tsk_eu_typ == kTaylor4x || i.tsk_eu_typ == kTaylor) {
    result.reads.push_back(PerChannel(i.opd1_addr, kLanes, SizeOf(i.opd0_prec),
                                      static_cast<int64_t>(i.opd1_n)));
  }
  return result;
}

Footprint OfLin(const isa::SLin& i) {
  const Dims size = ResultSize(i);
  const int64_t element = SizeOf(i.res0_prec);
  Footprint result;
  result.writes.push_back(Aligned(i.res0_addr, {size, element}));
  result.reads.push_back(Aligned(i.opd0_addr, {size, element}));
  if (!i.opd1_const)
    result.reads.push_back(PerChannel(i.opd1_addr, size[1], element));
  if (!i.opd2_const)
    result.reads.push_back(PerChannel(i.opd2_addr, size[1], element));
  return result;
}

Footprint OfCmp(const isa::SCmp& i) {
  constexpr uint64_t kMaxAndSelect = 22, kMinAndSelect = 25;
  const Dims size = ResultSize(i);
  const Shape data = {size, SizeOf(i.opd0_prec)};
  const Shape chosen = {size, SizeOf(i.opd2_prec)};
  const bool two =
      i.tsk_eu_typ == kMaxAndSelect || i.tsk_eu_typ == kMinAndSelect;
  Footprint result;
  result.writes.push_back(Aligned(i.res0_addr, two ? data : chosen));
  if (two) result.writes.push_back(Aligned(i.res1_addr, chosen));
  const Dims scalar = {0, 0, 0, 0};
  if (!i.opd0_const)
    result.reads.push_back(ByLayout(i.opd0_addr, data, i.opd0_str, scalar));
  if (!i.opd1_const)
    result.reads.push_back(ByLayout(i.opd1_addr, data, i.opd1_str, scalar));
  if (!i.opd2_const) result.reads.push_back(Aligned(i.opd2_addr, chosen));
  if (!i.opd3_const) result.reads.push_back(Aligned(i.opd3_addr, chosen));
  return result;
}

Footprint OfTransBc(const isa::STransBc& i) {
  const int64_t element = SizeOf(i.res0_prec);
  const Shape to = {ResultSize(i), element};
  const Shape turned = {ToDims(i.res0_n, i.opd0_c, i.res0_h, i.opd0_w),
                        element};
  Shape one = to;
  one.size[1] = 1;
  const int64_t fixed = static_cast<int64_t>(i.opd0_addr) -
                        static_cast<int64_t>(isa::kStaticBase);
  const auto from_static = [&](int64_t count) {
    return Region{Memory::kStatic, 1, fixed, fixed + count * element};
  };
  switch (i.tsk_eu_typ) {
    case 0:
      return {{Aligned(i.opd0_addr, turned)}, {LineAligned(i.res0_addr, to)}};
    case 1:
      return {{Aligned(i.opd0_addr, turned)}, {Aligned(i.res0_addr, to)}};
    case 2:
      return {{Aligned(i.opd0_addr, to)}, {Aligned(i.res0_addr, to)}};
    case 3:
      return {{Aligned(i.opd0_addr, one)}, {Aligned(i.res0_addr, to)}};
    case 4:
      return {{from_static(to.size[3])}, {Aligned(i.res0_addr, to)}};
    case 5:
      return {{from_static(to.size[1])}, {Compact(i.res0_addr, to)}};
    default:
      return Everything();
  }
}

Footprint OfVc(const isa::SVc& i) {
  const int64_t rows =
      (static_cast<int64_t>(i.opd0_c) - 1) * i.opd0_w + i.opd1_w;
  return {{Matrix(i.opd0_addr, 1, i.opd0_c, i.opd0_w, SizeOf(i.opd0_prec)),
           Matrix(i.opd1_addr, 1, i.res0_c, i.res0_w, SizeOf(i.opd1_prec))},
          {Matrix(i.res0_addr, rows, i.res0_c, i.res0_w, SizeOf(i.res0_prec))}};
}

bool IsLocal(uint64_t address) {
  return address >= isa::kLocalBase &&
         address < isa::kLocalBase + isa::kLocalBytes;
}

// Bytes [address, address + size) as GDMA numbers them.
std::vector<Region> Flat(uint64_t address, int64_t size) {
  const int64_t begin = static_cast<int64_t>(address);
  if (address >= isa::kStaticBase &&
      address < isa::kStaticBase + isa::kStaticBytes) {
    const int64_t offset = begin - static_cast<int64_t>(isa::kStaticBase);
    return {{Memory::kStatic, 1, offset, offset + size}};
  }
  if (!IsLocal(address)) return {{Memory::kSystem, 1, begin, begin + size}};
  // A flat run of local memory may go on in the following lanes.
  std::vector<Region> regions;
  int64_t at = begin - static_cast<int64_t>(isa::kLocalBase);
  while (size > 0) {
    const int64_t run = std::min(size, kLaneBytes - OffsetOf(at));
    regions.push_back({Memory::kLocal, LaneMask(LaneOf(at), 1), OffsetOf(at),
                       OffsetOf(at) + run});
    at += run;
    size -= run;
  }
  return regions;
}

// One side of a tensor copy; strides in elements.
std::vector<Region> DmaSide(uint64_t address, const Shape& shape,
                            bool has_strides, const Dims& strides) {
  const auto& [n, c, h, w] = shape.size;
  if (IsLocal(address)) {
    const int64_t local = static_cast<int64_t>(address - isa::kLocalBase);
    if (!has_strides) return {Aligned(local, shape)};
    return {Local(local, shape, strides)};
  }
  const Dims used = has_strides ? strides : Dims{c * h * w, h * w, w, 1};
  const int64_t last = (n - 1) * used[0] + (c - 1) * used[1] +
                       (h - 1) * used[2] + (w - 1) * used[3];
  return Flat(address, (last + 1) * shape.element);
}

Footprint OfDmaTensor(const isa::DmaTensor& i) {
  constexpr uint64_t kCopy = 0, kNcTranspose = 1, kBroadcast = 3;
  const uint64_t function = i.cmd_special_function;
  if (function != kCopy && function != kNcTranspose && function != kBroadcast)
    return Everything();
  const int64_t element = SizeOf(i.src_data_format);
  const Dims from = ToDims(i.src_nsize, i.src_csize, i.src_hsize, i.src_wsize);
  Dims to = from;
  if (function == kNcTranspose) std::swap(to[0], to[1]);
  if (function == kBroadcast) to[1] = static_cast<int64_t>(i.dst_csize);
  if (function == kCopy && !i.nchw_copy)
    to = ToDims(i.dst_nsize, i.dst_csize, i.dst_hsize, i.dst_wsize);
  Dims from_strides =
      ToDims(i.src_nstride, i.src_cstride, i.src_hstride, i.src_wstride);
  Dims to_strides =
      ToDims(i.dst_nstride, i.dst_cstride, i.dst_hstride, i.dst_wstride);
  // Transpose and broadcast move rows without gaps, whatever is written.
  if (function != kCopy) from_strides[3] = to_strides[3] = 1;
  Footprint result;
  if (!i.fill_constant_en) {
    result.reads = DmaSide(isa::SrcAddress(i), {from, element}, i.stride_enable,
                           from_strides);
  }
  result.writes =
      DmaSide(isa::DstAddress(i), {to, element}, i.stride_enable, to_strides);
  return result;
}

Footprint OfDmaCwTranspose(const isa::DmaCwTranspose& i) {
  if (i.fill_constant_en || i.cmd_special_function != 0) return Everything();
  const int64_t element = SizeOf(i.src_data_format);
  const Dims from = ToDims(i.src_nsize, i.src_csize, i.src_hsize, i.src_wsize);
  const Dims to = {from[0], from[3], from[2], from[1]};
  return {DmaSide(isa::SrcAddress(i), {from, element}, i.stride_enable,
                  ToDims(i.src_nstride, i.src_cstride, i.src_hstride, 1)),
          DmaSide(isa::DstAddress(i), {to, element}, i.stride_enable,
                  ToDims(i.dst_nstride, i.dst_cstride, i.dst_hstride, 1))};
}

// One side is h x w in system memory, the other rows of blocks of w in lanes.
Footprint OfDmaMatrix(const isa::DmaMatrix& i) {
  const int64_t element = SizeOf(i.src_data_format);
  const auto side = [&](uint64_t address, uint64_t n, uint64_t c, uint64_t h,
                        uint64_t w, uint64_t n_stride, uint64_t c_stride,
                        uint64_t h_stride) {
    return address < isa::kStaticBase
               ? DmaSide(address, {ToDims(n, c, 1, w), element}, true,
                         ToDims(n_stride, c_stride, w, 1))
               : DmaSide(address, {ToDims(1, 1, h, w), element}, true,
                         ToDims(0, 0, h_stride, 1));
  };
  Footprint result;
  if (!i.fill_constant_en)
    result.reads =
        side(isa::SrcAddress(i), i.src_nsize, i.src_csize, i.src_hsize,
             i.src_wsize, i.src_nstride, i.src_cstride, i.src_hstride);
  result.writes =
      side(isa::DstAddress(i), i.dst_nsize, i.dst_csize, i.dst_hsize,
           i.dst_wsize, i.dst_nstride, i.dst_cstride, i.dst_hstride);
  return result;
}

}  // namespace

bool Overlap(const Region& a, const Region& b) {
  return a.memory == b.memory && a.begin < b.end && b.begin < a.end &&
         (a.memory != Memory::kLocal || (a.lanes & b.lanes) != 0);
}

Footprint FootprintOf(const isa::Instruction& instruction) {
  if (instruction.IsEnd()) return {};
  switch (instruction.format()) {
    case isa::Format::kSAr:
      return OfAr(isa::SAr::From(instruction));
    case isa::Format::kSConv:
      return OfConv(isa::SConv::From(instruction));
    case isa::Format::kSPorD:
      return OfPorD(isa::SPorD::From(instruction));
    case isa::Format::kSMm:
      return OfMm(isa::SMm::From(instruction));
    case isa::Format::kSMm2:
      return OfMm2(isa::SMm2::From(instruction));
    case isa::Format::kSRqDq:
      return OfRqDq(isa::SRqDq::From(instruction));
    case isa::Format::kSSg:
      return OfSg(isa::SSg::From(instruction));
    case isa::Format::kSSfu:
      return OfSfu(isa::SSfu::From(instruction));
    case isa::Format::kSLin:
      return OfLin(isa::SLin::From(instruction));
    case isa::Format::kSCmp:
      return OfCmp(isa::SCmp::From(instruction));
    case isa::Format::kSTransBc:
      return OfTransBc(isa::STransBc::From(instruction));
    case isa::Format::kSVc:
      return OfVc(isa::SVc::From(instruction));
    case isa::Format::kDmaTensor:
      return OfDmaTensor(isa::DmaTensor::From(instruction));
    case isa::Format::kDmaCwTranspose:
      return OfDmaCwTranspose(isa::DmaCwTranspose::From(instruction));
    case isa::Format::kDmaMatrix:
      return OfDmaMatrix(isa::DmaMatrix::From(instruction));
    default:
      return Everything();
  }
}

}  // namespace tpuc::bm1684x
