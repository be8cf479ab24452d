// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>

#include "compiler/target/bm1684x/cost.h"
#include "compiler/target/bm1684x/emitter.h"

namespace tpuc::bm1684x {
namespace {

uint64_t Prec(DType type) {
  const int code = isa::PrecOf(type);
  assert(code >= 0);
  return static_cast<uint64_t>(code);
}

// The cycle model gives away copies with a row stride of 0. With one row any
// stride will do.
Dims WithRowStride(Dims strides, const Dims& shape) {
  if (shape[kH] == 1) strides[kH] = shape[kW];
  return strides;
}

}  // namespace

void Emitter::Load(const LocalTensor& local, uint64_t ddr_address,
                   const Dims& strides) {
  Copy(local, ddr_address, strides, /*is_load=*/true);
}

void Emitter::Store(uint64_t ddr_address, const Dims& strides,
                    const LocalTensor& local) {
  Copy(local, ddr_address, strides, /*is_load=*/false);
}

// Sizes are 16-bit fields, so that more than 65535 channels or rows take
// several copies.
void Emitter::Copy(const LocalTensor& local, uint64_t ddr_address,
                   const Dims& strides, bool is_load) {
  if (IsBroadcast(local, strides, is_load))
    return LoadBroadcast(local, ddr_address, strides);
  if (PrefersTranspose(local, strides, is_load))
    return CopyTransposed(local, ddr_address, strides, is_load);
  if (PrefersMatrixCopy(local, strides, is_load))
    return CopyMatrixRow(local, ddr_address, is_load);
  constexpr int64_t kMaxChannels = isa::kMaxSize / isa::kLanes * isa::kLanes;
  const Dims local_strides = local.Strides();
  const auto esize = static_cast<int64_t>(SizeOf(local.dtype));
  const Dims& shape = local.shape;
  assert(shape[kN] <= isa::kMaxSize && shape[kH] <= isa::kMaxSize &&
         shape[kW] <= isa::kMaxSize);
  assert(strides[kW] > 0 || shape[kW] == 1);
  const Dims ddr_strides = WithRowStride(strides, shape);
  for (int64_t c = 0; c < shape[kC]; c += kMaxChannels) {
    isa::DmaTensor dma;
    dma.stride_enable = 1;
    dma.nchw_copy = 1;
    dma.src_data_format = Prec(local.dtype);
    dma.src_nsize = shape[kN];
    dma.src_csize = std::min(shape[kC] - c, kMaxChannels);
    dma.src_hsize = shape[kH];
    dma.src_wsize = shape[kW];
    const Dims& src = is_load ? ddr_strides : local_strides;
    const Dims& dst = is_load ? local_strides : ddr_strides;
    dma.src_nstride = src[kN];
    dma.src_cstride = src[kC];
    dma.src_hstride = src[kH];
    // A w stride of 0 is not to be written even where w has one element.
    dma.src_wstride = std::max<int64_t>(src[kW], 1);
    dma.dst_nstride = dst[kN];
    dma.dst_cstride = dst[kC];
    dma.dst_hstride = dst[kH];
    dma.dst_wstride = std::max<int64_t>(dst[kW], 1);
    const uint64_t ddr = ddr_address + c * strides[kC] * esize;
    const uint64_t lmem = isa::kLocalBase + local.address +
                          c / isa::kLanes * local_strides[kC] * esize;
    isa::SetSrcAddress(dma, is_load ? ddr : lmem);
    isa::SetDstAddress(dma, is_load ? lmem : ddr);
    instructions_.push_back(dma.ToInstruction());
  }
}

void Emitter::Move(DType dtype, const Dims& shape, const DdrBox& result,
                   const DdrBox& input) {
  isa::DmaTensor dma;
  dma.stride_enable = 1;
  dma.nchw_copy = 1;
  dma.src_data_format = Prec(dtype);
  dma.src_nsize = shape[kN];
  dma.src_csize = shape[kC];
  dma.src_hsize = shape[kH];
  dma.src_wsize = shape[kW];
  const Dims src = WithRowStride(input.strides, shape);
  const Dims dst = WithRowStride(result.strides, shape);
  dma.src_nstride = src[kN];
  dma.src_cstride = src[kC];
  dma.src_hstride = src[kH];
  dma.src_wstride = src[kW];
  dma.dst_nstride = dst[kN];
  dma.dst_cstride = dst[kC];
  dma.dst_hstride = dst[kH];
  dma.dst_wstride = dst[kW];
  isa::SetSrcAddress(dma, input.address);
  isa::SetDstAddress(dma, result.address);
  instructions_.push_back(dma.ToInstruction());
}

// The instruction reads rows along its w, which is the result's c.
void Emitter::MoveTransposed(DType dtype, const Dims& shape,
                             const DdrBox& result, const DdrBox& input) {
  assert(input.strides[kC] == 1 && result.strides[kW] == 1);
  isa::DmaCwTranspose dma;
  dma.stride_enable = 1;
  dma.src_data_format = Prec(dtype);
  dma.src_nsize = dma.dst_nsize = shape[kN];
  dma.src_csize = dma.dst_wsize = shape[kW];
  dma.src_hsize = dma.dst_hsize = shape[kH];
  dma.src_wsize = dma.dst_csize = shape[kC];
  dma.src_nstride = input.strides[kN];
  dma.src_cstride = input.strides[kW];
  dma.src_hstride = input.strides[kH];
  dma.src_wstride = 1;
  dma.dst_nstride = result.strides[kN];
  dma.dst_cstride = result.strides[kC];
  dma.dst_hstride = result.strides[kH];
  dma.dst_wstride = 1;
  isa::SetSrcAddress(dma, input.address);
  isa::SetDstAddress(dma, result.address);
  instructions_.push_back(dma.ToInstruction());
}

// In DDR a row is the channels of a pixel.
void Emitter::CopyTransposed(const LocalTensor& local, uint64_t ddr_address,
                             const Dims& strides, bool is_load) {
  const Dims& shape = local.shape;
  const int64_t pixels = shape[kH] * shape[kW];
  const int64_t row =
      pixels == 1 ? shape[kC] : strides[shape[kW] == 1 ? kH : kW];
  const Dims in_lanes = local.Strides();
  isa::DmaCwTranspose dma;
  dma.stride_enable = 1;
  dma.src_data_format = Prec(local.dtype);
  dma.src_nsize = dma.dst_nsize = shape[kN];
  dma.src_hsize = dma.dst_hsize = 1;
  dma.src_wstride = dma.dst_wstride = 1;
  dma.src_csize = dma.dst_wsize = is_load ? pixels : shape[kC];
  dma.src_wsize = dma.dst_csize = is_load ? shape[kC] : pixels;
  (is_load ? dma.src_nstride : dma.dst_nstride) = strides[kN];
  (is_load ? dma.src_cstride : dma.dst_cstride) = row;
  (is_load ? dma.src_hstride : dma.dst_hstride) = shape[kC];
  (is_load ? dma.dst_nstride : dma.src_nstride) = in_lanes[kN];
  (is_load ? dma.dst_cstride : dma.src_cstride) = in_lanes[kC];
  (is_load ? dma.dst_hstride : dma.src_hstride) = pixels;
  const uint64_t lmem = isa::kLocalBase + local.address;
  isa::SetSrcAddress(dma, is_load ? ddr_address : lmem);
  isa::SetDstAddress(dma, is_load ? lmem : ddr_address);
  instructions_.push_back(dma.ToInstruction());
}

// 64 lanes a copy. The instruction doesn't use w strides.
void Emitter::LoadBroadcast(const LocalTensor& local, uint64_t ddr_address,
                            const Dims& strides) {
  const Dims from = WithRowStride(strides, local.shape), to = local.Strides();
  const auto esize = static_cast<int64_t>(SizeOf(local.dtype));
  for (int64_t c = 0; c < local.shape[kC]; c += isa::kLanes) {
    isa::DmaTensor dma;
    dma.cmd_special_function = isa::DmaTensor::Op::kBroadcast;
    dma.stride_enable = 1;
    dma.src_data_format = Prec(local.dtype);
    dma.src_nsize = dma.dst_nsize = local.shape[kN];
    dma.src_csize = 1;
    dma.dst_csize = std::min(local.shape[kC] - c, isa::kLanes);
    dma.src_hsize = dma.dst_hsize = local.shape[kH];
    dma.src_wsize = dma.dst_wsize = local.shape[kW];
    dma.src_nstride = from[kN];
    dma.src_hstride = from[kH];
    dma.dst_nstride = to[kN];
    dma.dst_cstride = to[kC];
    dma.dst_hstride = to[kH];
    dma.src_wstride = dma.dst_wstride = 1;
    isa::SetSrcAddress(dma, ddr_address);
    isa::SetDstAddress(dma, isa::kLocalBase + local.address +
                                c / isa::kLanes * to[kC] * esize);
    instructions_.push_back(dma.ToInstruction());
  }
}

// Channels of one image that are dense in DDR: a row, dealt to 64 lanes a copy.
void Emitter::CopyMatrixRow(const LocalTensor& local, uint64_t ddr_address,
                            bool is_load) {
  const int64_t plane = local.shape[kH] * local.shape[kW];
  const int64_t group_stride = local.Strides()[kC];
  const auto esize = static_cast<int64_t>(SizeOf(local.dtype));
  for (int64_t c = 0; c < local.shape[kC]; c += isa::kLanes) {
    const int64_t channels = std::min(local.shape[kC] - c, isa::kLanes);
    isa::DmaMatrix dma;
    dma.stride_enable = 1;
    dma.src_data_format = Prec(local.dtype);
    const uint64_t ddr = ddr_address + c * plane * esize;
    const uint64_t lmem = isa::kLocalBase + local.address +
                          c / isa::kLanes * group_stride * esize;
    isa::SetSrcAddress(dma, is_load ? ddr : lmem);
    isa::SetDstAddress(dma, is_load ? lmem : ddr);
    (is_load ? dma.src_hsize : dma.dst_hsize) = 1;
    (is_load ? dma.src_wsize : dma.dst_wsize) = channels * plane;
    (is_load ? dma.src_hstride : dma.dst_hstride) = channels * plane;
    (is_load ? dma.dst_nsize : dma.src_nsize) = 1;
    (is_load ? dma.dst_csize : dma.src_csize) = channels;
    (is_load ? dma.dst_wsize : dma.src_wsize) = plane;
    (is_load ? dma.dst_nstride : dma.src_nstride) = group_stride;
    (is_load ? dma.dst_cstride : dma.src_cstride) = group_stride;
    instructions_.push_back(dma.ToInstruction());
  }
}

}  // namespace tpuc::bm1684x
