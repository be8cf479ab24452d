// SPDX-License-Identifier: Apache-2.0
// Internal to the simulator: what GDMA instructions have in common.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/numerics/view.h"
#include "compiler/support/dtype.h"
#include "runtime/simulator/execute.h"

namespace tpuc::sim {

inline int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }

inline bool IsLocal(uint64_t address) {
  return address >= isa::kLocalBase &&
         address < isa::kLocalBase + isa::kLocalBytes;
}

// One side of a copy: [n, c, h, w] with strides in elements. On a local side
// channels advance lane by lane and the c stride is that of channel groups.
absl::StatusOr<numerics::MutablePlanes> Side(const Context& context, Use use,
                                             uint64_t address, DType type,
                                             const numerics::Shape4& shape,
                                             const LocalStrides& s);

// The strides of a side when stride_enable is 0.
LocalStrides Continuous(uint64_t address, const numerics::Shape4& shape,
                        DType type);

// `count` elements of `size` bytes; strides in elements. Dense rows may
// overlap.
void CopyRow(const uint8_t* from, int64_t from_stride, uint8_t* to,
             int64_t to_stride, int64_t count, int64_t size);

// Element (n, c, h, 0) of a view.
inline uint8_t* Row(const numerics::MutablePlanes& p, int64_t size, int64_t n,
                    int64_t c, int64_t h) {
  return static_cast<uint8_t*>(p.channel[static_cast<size_t>(c)]) +
         (n * p.n_stride + h * p.h_stride) * size;
}

template <typename Dma>
absl::StatusOr<DType> ElementType(const Dma& i) {
  return OperandType(i.src_data_format, 0, "src_data_format");
}

template <typename Dma>
absl::StatusOr<numerics::Shape4> SourceShape(const Dma& i) {
  return ResultShape(i.src_nsize, i.src_csize, i.src_hsize, i.src_wsize);
}
template <typename Dma>
absl::StatusOr<numerics::Shape4> DestinationShape(const Dma& i) {
  return ResultShape(i.dst_nsize, i.dst_csize, i.dst_hsize, i.dst_wsize);
}

template <typename Dma>
LocalStrides SourceStrides(const Dma& i) {
  return {Int(i.src_nstride), Int(i.src_cstride), Int(i.src_hstride),
          Int(i.src_wstride)};
}
template <typename Dma>
LocalStrides DestinationStrides(const Dma& i) {
  return {Int(i.dst_nstride), Int(i.dst_cstride), Int(i.dst_hstride),
          Int(i.dst_wstride)};
}

// The error for a cmd_special_function that the simulator lacks.
absl::Status UnknownFunction(const char* name, uint64_t function);

}  // namespace tpuc::sim
