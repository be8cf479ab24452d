// SPDX-License-Identifier: Apache-2.0
// GDMA: matrices between system memory and the layout of MM
// (docs/isa/bm1684x.md, b and d).
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "runtime/simulator/execute.h"
#include "runtime/simulator/gdma_operands.h"
#include "runtime/simulator/status_macros.h"

namespace tpuc::sim {

using numerics::MutablePlanes;
using numerics::Shape4;

namespace {

// The last block of a matrix's rows is moved as far as it has columns.
void RecordMatrix(const Context& context, bool to_local, uint8_t* system,
                  const Shape4& system_shape, int64_t pitch,
                  const MutablePlanes& local, const Shape4& local_shape,
                  int64_t local_cols, int64_t size) {
  if (context.accesses == nullptr) return;
  Record(context, to_local ? Use::kRead : Use::kWrite, {{system}, 0, pitch, 1},
         system_shape, size);
  const Use use = to_local ? Use::kWrite : Use::kRead;
  MutablePlanes part = local;
  part.channel.pop_back();
  if (!part.channel.empty()) {
    Shape4 whole = local_shape;
    --whole.c;
    Record(context, use, part, whole, size);
  }
  part.channel = {local.channel.back()};
  Record(
      context, use, part,
      {local_shape.n, 1, 1, local_cols - (local_shape.c - 1) * local_shape.w},
      size);
}

}  // namespace

absl::StatusOr<Action> Prepare(const isa::DmaMatrix& i,
                               const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const DType type, ElementType(i));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  const uint64_t source = isa::SrcAddress(i);
  const uint64_t destination = isa::DstAddress(i);
  const bool to_local = IsLocal(destination);
  if (to_local == IsLocal(source)) {
    return absl::UnimplementedError(
        "DMA_matrix needs one side in local memory");
  }
  if (i.cmd_special_function > 1 || i.fill_constant_en != 0 ||
      i.nchw_copy != 0) {
    return absl::UnimplementedError(absl::StrCat(
        "DMA_matrix with special function ", i.cmd_special_function,
        i.fill_constant_en != 0 ? ", filling" : "",
        i.nchw_copy != 0 ? ", nchw_copy" : ""));
  }
  const bool transposed = i.cmd_special_function == 1;
  const int64_t rows = Int(to_local ? i.src_hsize : i.dst_hsize);
  const int64_t cols = Int(to_local ? i.src_wsize : i.dst_wsize);
  const int64_t pitch = Int(to_local ? i.src_hstride : i.dst_hstride);
  const int64_t local_rows = Int(to_local ? i.dst_nsize : i.src_nsize);
  const int64_t blocks = Int(to_local ? i.dst_csize : i.src_csize);
  const int64_t width = Int(to_local ? i.dst_wsize : i.src_wsize);
  const int64_t local_cols = transposed ? rows : cols;
  if (rows == 0 || cols == 0 || width == 0 ||
      local_rows != (transposed ? cols : rows) ||
      blocks != (local_cols + width - 1) / width) {
    return absl::InvalidArgumentError(
        absl::StrCat("DMA_matrix: ", rows, " x ", cols, " does not make ",
                     local_rows, " rows of ", blocks, " blocks of ", width));
  }
  LocalStrides strides;
  strides.n = Int(to_local ? i.dst_nstride : i.src_nstride);
  strides.c = Int(to_local ? i.dst_cstride : i.src_cstride);
  strides.w = 1;
  TPUC_ASSIGN_OR_RETURN(
      uint8_t* system,
      context.memory.Range(
          to_local ? source : destination,
          static_cast<uint64_t>(((rows - 1) * pitch + cols) * size)));
  const uint64_t address = (to_local ? destination : source) - isa::kLocalBase;
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes local,
      context.memory.Planes(address, type, {local_rows, blocks, 1, width},
                            strides));
  RecordMatrix(context, to_local, system, {1, 1, rows, cols}, pitch, local,
               {local_rows, blocks, 1, width}, local_cols, size);
  return Action([=] {
    for (int64_t r = 0; r < local_rows; ++r) {
      for (int64_t b = 0; b < blocks; ++b) {
        const int64_t first = b * width;
        const int64_t count = std::min(width, local_cols - first);
        uint8_t* in_lane = Row(local, size, r, b, 0);
        uint8_t* in_system =
            system +
            (transposed ? first * pitch + r : r * pitch + first) * size;
        const int64_t step = transposed ? pitch : 1;
        if (to_local) {
          CopyRow(in_system, step, in_lane, 1, count, size);
        } else {
          CopyRow(in_lane, 1, in_system, step, count, size);
        }
      }
    }
    return absl::OkStatus();
  });
}

// One pair of fields holds the system side's sizes and one the local side's,
// whatever the direction.
absl::StatusOr<Action> Prepare(const isa::SDmaMatrix& i,
                               const Context& context) {
  isa::DmaMatrix m;
  m.cmd_special_function = i.cmd_special_function;
  m.fill_constant_en = i.fill_constant_en;
  m.nchw_copy = i.nchw_copy;
  m.src_data_format = i.src_data_format;
  isa::SetSrcAddress(m, isa::SrcAddress(i));
  isa::SetDstAddress(m, isa::DstAddress(i));
  const bool to_local = IsLocal(isa::DstAddress(i));
  (to_local ? m.src_hstride : m.dst_hstride) = i.src_hstride_or_dst_hstride;
  (to_local ? m.dst_nstride : m.src_nstride) = i.dst_nstride_or_src_nstride;
  (to_local ? m.dst_cstride : m.src_cstride) = i.dst_cstride_or_src_cstride;
  (to_local ? m.src_hsize : m.dst_hsize) = i.src_hsize_or_dst_hsize;
  (to_local ? m.src_wsize : m.dst_wsize) = i.src_wsize_or_dst_wsize;
  (to_local ? m.dst_nsize : m.src_nsize) = i.dst_nsize_or_src_nsize;
  (to_local ? m.dst_csize : m.src_csize) = i.dst_csize_or_src_csize;
  (to_local ? m.dst_wsize : m.src_wsize) = i.dst_wsize_or_src_wsize;
  return Prepare(m, context);
}

}  // namespace tpuc::sim
