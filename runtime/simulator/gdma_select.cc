// SPDX-License-Identifier: Apache-2.0
// GDMA: moves of what indices or masks select (docs/isa/bm1684x.md, d).
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "runtime/simulator/execute.h"
#include "runtime/simulator/gdma_operands.h"
#include "runtime/simulator/status_macros.h"

namespace tpuc::sim {

using numerics::MutablePlanes;
using numerics::Shape4;

namespace {

// gather: dst[c, k, :] = src[c, index[c, k], :], constant when out of range;
// scatter: dst[c, index[c, k], :] = src[c, k, :]. Indices are u32.
template <typename Dma>
absl::StatusOr<Action> MoveRows(const Dma& i, const Context& context,
                                bool scatter) {
  TPUC_ASSIGN_OR_RETURN(const DType type, ElementType(i));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  if (i.cmd_special_function != 0) {
    return UnknownFunction(scatter ? "DMA_scatter" : "DMA_gather",
                           i.cmd_special_function);
  }
  TPUC_ASSIGN_OR_RETURN(const Shape4 from_shape,
                        ResultShape(1, i.src_csize, i.src_hsize, i.src_wsize));
  // Widths agree; the destination's may be left 0.
  TPUC_ASSIGN_OR_RETURN(const Shape4 to_shape,
                        ResultShape(1, i.dst_csize, i.dst_hsize, i.src_wsize));
  TPUC_ASSIGN_OR_RETURN(const Shape4 index_shape,
                        ResultShape(1, i.index_csize, i.index_hsize, 1));
  const int64_t channels = to_shape.c;
  if ((from_shape.c != 1 && from_shape.c != channels) ||
      (index_shape.c != 1 && index_shape.c != channels)) {
    return absl::InvalidArgumentError("gather: channel counts differ");
  }
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes from,
      Side(context, Use::kRead, isa::SrcAddress(i), type, from_shape,
           {0, Int(i.src_cstride), Int(i.src_hstride), 1}));
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes to,
      Side(context, Use::kWrite, isa::DstAddress(i), type, to_shape,
           {0, Int(i.dst_cstride), Int(i.dst_hstride), 1}));
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes indices,
      Side(context, Use::kRead, isa::IndexAddress(i), DType::kU32, index_shape,
           {0, Int(i.index_cstride), Int(i.index_hstride), 1}));
  const int64_t moves =
      std::min(index_shape.h, scatter ? from_shape.h : to_shape.h);
  return Action([=, constant = uint64_t{i.constant_value}] {
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t from_c = from_shape.c == 1 ? 0 : c;
      const int64_t index_c = index_shape.c == 1 ? 0 : c;
      for (int64_t k = 0; k < moves; ++k) {
        uint32_t index;
        std::memcpy(&index, Row(indices, 4, 0, index_c, k), 4);
        const bool valid = index < (scatter ? to_shape.h : from_shape.h);
        if (scatter) {
          if (!valid) continue;
          CopyRow(Row(from, size, 0, from_c, k), 1, Row(to, size, 0, c, index),
                  1, from_shape.w, size);
        } else if (valid) {
          CopyRow(Row(from, size, 0, from_c, index), 1, Row(to, size, 0, c, k),
                  1, from_shape.w, size);
        } else {
          CopyRow(reinterpret_cast<const uint8_t*>(&constant), 0,
                  Row(to, size, 0, c, k), 1, from_shape.w, size);
        }
      }
    }
    return absl::OkStatus();
  });
}

// What the elements of a continuous tensor, in n, c, h, w order, are compacted
// by. The number of elements goes to a register that programs cannot read.
struct Compaction {
  uint64_t source, destination;
  DType flag_type;
  Shape4 shape;
};

template <typename Dma>
absl::StatusOr<Compaction> CompactionOf(const Dma& i, const char* name) {
  Compaction c;
  c.source = isa::SrcAddress(i);
  c.destination = isa::DstAddress(i);
  if (i.fill_constant_en != 0) {
    return absl::UnimplementedError(absl::StrCat(name, " that fills"));
  }
  if (IsLocal(c.destination)) {
    return absl::UnimplementedError(absl::StrCat(name, " to local memory"));
  }
  TPUC_ASSIGN_OR_RETURN(c.shape, SourceShape(i));
  return c;
}

// Bits of which one must be set: f32 denormals count as zero, -0 of 16-bit
// floats doesn't. tests/vendor/forms/gdma.py: gdma.nonzero
uint32_t NonzeroBits(DType type) {
  return type == DType::kF32 ? 0x7F800000u : 0xFFFFFFFFu;
}

// Calls visit(position, n, c, h, w) for the elements of `flags` that are not 0.
template <typename Visit>
void ForEachSet(const MutablePlanes& flags, DType type, const Shape4& shape,
                const Visit& visit) {
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  const uint32_t bits = NonzeroBits(type);
  int64_t position = 0;
  for (int64_t n = 0; n < shape.n; ++n) {
    for (int64_t c = 0; c < shape.c; ++c) {
      for (int64_t h = 0; h < shape.h; ++h) {
        const uint8_t* row = Row(flags, size, n, c, h);
        for (int64_t w = 0; w < shape.w; ++w, ++position) {
          uint32_t word = 0;
          std::memcpy(&word, row + w * size, static_cast<size_t>(size));
          if ((word & bits) != 0) visit(position, n, c, h, w);
        }
      }
    }
  }
}

template <typename Dma>
absl::StatusOr<Action> MaskedSelect(const Dma& i, const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const Compaction op,
                        CompactionOf(i, "DMA_masked_select"));
  TPUC_ASSIGN_OR_RETURN(const DType type, ElementType(i));
  TPUC_ASSIGN_OR_RETURN(const DType mask_type,
                        OperandType(i.mask_data_format, 0, "mask_data_format"));
  const uint64_t mask_address = i.mask_start_addr_l32 | i.mask_start_addr_h8
                                                            << 32;
  const Shape4 shape = op.shape;
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source,
                        Side(context, Use::kRead, op.source, type, shape,
                             Continuous(op.source, shape, type)));
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes mask,
      Side(context, Use::kRead, mask_address, mask_type, shape,
           Continuous(mask_address, shape, mask_type)));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  TPUC_ASSIGN_OR_RETURN(
      uint8_t* const to,
      MemoryRange(context, Use::kWrite, op.destination,
                  static_cast<uint64_t>(shape.NumElements() * size)));
  return Action([=] {
    uint8_t* end = to;
    ForEachSet(mask, mask_type, shape,
               [&](int64_t, int64_t n, int64_t c, int64_t h, int64_t w) {
                 std::memmove(end, Row(source, size, n, c, h) + w * size,
                              static_cast<size_t>(size));
                 end += size;
               });
    return absl::OkStatus();
  });
}

template <typename Dma>
absl::StatusOr<Action> Nonzero(const Dma& i, const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const Compaction op, CompactionOf(i, "DMA_nonzero"));
  TPUC_ASSIGN_OR_RETURN(const DType type, ElementType(i));
  TPUC_ASSIGN_OR_RETURN(
      const DType index_type,
      OperandType(i.index_data_format, 0, "index_data_format"));
  if (i.cmd_special_function != 0) {
    return UnknownFunction("DMA_nonzero", i.cmd_special_function);
  }
  const Shape4 shape = op.shape;
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source,
                        Side(context, Use::kRead, op.source, type, shape,
                             Continuous(op.source, shape, type)));
  const int64_t size = static_cast<int64_t>(SizeOf(index_type));
  TPUC_ASSIGN_OR_RETURN(
      uint8_t* const to,
      MemoryRange(context, Use::kWrite, op.destination,
                  static_cast<uint64_t>(shape.NumElements() * size)));
  return Action([=, base = Int(i.dst_nstride)] {
    uint8_t* end = to;
    ForEachSet(source, type, shape,
               [&](int64_t position, int64_t, int64_t, int64_t, int64_t) {
                 const int64_t index = base + position;
                 std::memcpy(end, &index, static_cast<size_t>(size));
                 end += size;
               });
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<Action> Prepare(const isa::DmaMaskedSelect& i,
                               const Context& context) {
  return MaskedSelect(i, context);
}

absl::StatusOr<Action> Prepare(const isa::SDmaMaskedSelect& i,
                               const Context& context) {
  return MaskedSelect(i, context);
}

absl::StatusOr<Action> Prepare(const isa::DmaNonzero& i,
                               const Context& context) {
  return Nonzero(i, context);
}

absl::StatusOr<Action> Prepare(const isa::SDmaNonzero& i,
                               const Context& context) {
  return Nonzero(i, context);
}

absl::StatusOr<Action> Prepare(const isa::DmaGather& i,
                               const Context& context) {
  return MoveRows(i, context, /*scatter=*/false);
}

absl::StatusOr<Action> Prepare(const isa::DmaScatter& i,
                               const Context& context) {
  return MoveRows(i, context, /*scatter=*/true);
}

}  // namespace tpuc::sim
