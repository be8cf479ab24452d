// SPDX-License-Identifier: Apache-2.0
// GDMA: copies between memories (docs/isa/bm1684x.md, d).
#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/simulator/execute.h"
#include "runtime/simulator/status_macros.h"

namespace tpuc::sim {
namespace {

using numerics::MutablePlanes;
using numerics::Shape4;

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }

bool IsLocal(uint64_t address) {
  return address >= isa::kLocalBase &&
         address < isa::kLocalBase + isa::kLocalBytes;
}

// One side of a copy: [n, c, h, w] with strides in elements. On a local side
// channels advance lane by lane and the c stride is that of channel groups.
absl::StatusOr<MutablePlanes> Side(const Context& context, Use use,
                                   uint64_t address, DType type,
                                   const Shape4& shape, const LocalStrides& s) {
  if (IsLocal(address)) {
    return LocalTensor(context, use, address - isa::kLocalBase, type, shape, s);
  }
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  // 16-bit extents and 32-bit strides: no overflow.
  const int64_t last = (shape.n - 1) * s.n + (shape.c - 1) * s.c +
                       (shape.h - 1) * s.h + (shape.w - 1) * s.w;
  TPUC_ASSIGN_OR_RETURN(
      uint8_t* base,
      context.memory.Range(address, static_cast<uint64_t>((last + 1) * size)));
  MutablePlanes planes;
  planes.n_stride = s.n;
  planes.h_stride = s.h;
  planes.w_stride = s.w;
  planes.channel.reserve(static_cast<size_t>(shape.c));
  for (int64_t c = 0; c < shape.c; ++c) {
    planes.channel.push_back(base + c * s.c * size);
  }
  Record(context, use, planes, shape, size);
  return planes;
}

// The strides of a side when stride_enable is 0.
LocalStrides Continuous(uint64_t address, const Shape4& shape, DType type) {
  if (IsLocal(address)) {
    return AlignedStrides(shape, SizeOf(type),
                          Int((address - isa::kLocalBase) / isa::kLaneBytes));
  }
  return {shape.c * shape.h * shape.w, shape.h * shape.w, shape.w, 1};
}

template <typename T>
void CopyElements(const void* from, int64_t from_stride, void* to,
                  int64_t to_stride, int64_t count) {
  const T* a = static_cast<const T*>(from);
  T* b = static_cast<T*>(to);
  for (int64_t i = 0; i < count; ++i) b[i * to_stride] = a[i * from_stride];
}

void CopyRow(const uint8_t* from, int64_t from_stride, uint8_t* to,
             int64_t to_stride, int64_t count, int64_t size) {
  if (from_stride == 1 && to_stride == 1) {
    std::memmove(to, from, static_cast<size_t>(count * size));
  } else if (size == 1) {
    CopyElements<uint8_t>(from, from_stride, to, to_stride, count);
  } else if (size == 2) {
    CopyElements<uint16_t>(from, from_stride, to, to_stride, count);
  } else {
    CopyElements<uint32_t>(from, from_stride, to, to_stride, count);
  }
}

uint8_t* Row(const MutablePlanes& p, int64_t size, int64_t n, int64_t c,
             int64_t h) {
  return static_cast<uint8_t*>(p.channel[static_cast<size_t>(c)]) +
         (n * p.n_stride + h * p.h_stride) * size;
}

// Equal shapes; rows of w joined over h where both sides allow it.
void CopyTensor(const MutablePlanes& from, const MutablePlanes& to,
                const Shape4& shape, int64_t size) {
  const bool joined = from.h_stride == shape.w * from.w_stride &&
                      to.h_stride == shape.w * to.w_stride;
  const int64_t rows = joined ? 1 : shape.h;
  const int64_t columns = joined ? shape.h * shape.w : shape.w;
  for (int64_t n = 0; n < shape.n; ++n) {
    for (int64_t c = 0; c < shape.c; ++c) {
      for (int64_t h = 0; h < rows; ++h) {
        CopyRow(Row(from, size, n, c, h), from.w_stride, Row(to, size, n, c, h),
                to.w_stride, columns, size);
      }
    }
  }
}

// Addresses of all elements in n, c, h, w order.
std::vector<uint8_t*> Linear(const MutablePlanes& p, const Shape4& shape,
                             int64_t size) {
  std::vector<uint8_t*> all;
  all.reserve(static_cast<size_t>(shape.NumElements()));
  for (int64_t n = 0; n < shape.n; ++n) {
    for (int64_t c = 0; c < shape.c; ++c) {
      for (int64_t h = 0; h < shape.h; ++h) {
        uint8_t* row = Row(p, size, n, c, h);
        for (int64_t w = 0; w < shape.w; ++w) {
          all.push_back(row + w * p.w_stride * size);
        }
      }
    }
  }
  return all;
}

void CopyLinear(const MutablePlanes& from, const Shape4& from_shape,
                const MutablePlanes& to, const Shape4& to_shape, int64_t size) {
  const std::vector<uint8_t*> a = Linear(from, from_shape, size);
  const std::vector<uint8_t*> b = Linear(to, to_shape, size);
  for (size_t i = 0; i < a.size(); ++i) {
    std::memcpy(b[i], a[i], static_cast<size_t>(size));
  }
}

template <typename Dma>
absl::StatusOr<DType> ElementType(const Dma& i) {
  return OperandType(i.src_data_format, 0, "src_data_format");
}

template <typename Dma>
absl::StatusOr<Shape4> SourceShape(const Dma& i) {
  return ResultShape(i.src_nsize, i.src_csize, i.src_hsize, i.src_wsize);
}
template <typename Dma>
absl::StatusOr<Shape4> DestinationShape(const Dma& i) {
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

absl::Status UnknownFunction(const char* name, uint64_t function) {
  return absl::UnimplementedError(
      absl::StrCat(name, " with special function ", function));
}

void FillTensor(const MutablePlanes& to, const Shape4& shape, int64_t size,
                uint64_t value) {
  for (int64_t n = 0; n < shape.n; ++n) {
    for (int64_t c = 0; c < shape.c; ++c) {
      for (int64_t h = 0; h < shape.h; ++h) {
        CopyRow(reinterpret_cast<const uint8_t*>(&value), 0,
                Row(to, size, n, c, h), to.w_stride, shape.w, size);
      }
    }
  }
}

// Move length in elements; sf 1 repeats the data in dst_csize lanes.
template <typename Dma>
absl::StatusOr<Action> General(const Dma& i, uint64_t length,
                               const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const DType type, ElementType(i));
  const uint64_t size = SizeOf(type);
  const uint64_t bytes = length * size;
  uint64_t copies = 1;
  if (i.cmd_special_function == 1) {
    copies = i.dst_csize;
  } else if (i.cmd_special_function != 0) {
    return UnknownFunction("DMA_general", i.cmd_special_function);
  }
  const uint8_t* from = nullptr;
  if (i.fill_constant_en == 0) {
    TPUC_ASSIGN_OR_RETURN(
        from, MemoryRange(context, Use::kRead, isa::SrcAddress(i), bytes));
  }
  const uint64_t destination = isa::DstAddress(i);
  if (copies > 1 && !IsLocal(destination)) {
    return absl::UnimplementedError(
        "DMA_general broadcast to something else than local memory");
  }
  std::vector<uint8_t*> targets;
  for (uint64_t k = 0; k < copies; ++k) {
    uint64_t address = destination + k * isa::kLaneBytes;
    if (copies > 1 && !IsLocal(address)) address -= isa::kLocalBytes;
    TPUC_ASSIGN_OR_RETURN(uint8_t* to,
                          MemoryRange(context, Use::kWrite, address, bytes));
    targets.push_back(to);
  }
  return Action([=, value = uint64_t{i.constant_value}] {
    for (uint8_t* to : targets) {
      if (from != nullptr) {
        std::memmove(to, from, bytes);
      } else {
        CopyRow(reinterpret_cast<const uint8_t*>(&value), 0, to, 1, Int(length),
                Int(size));
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<Action> Prepare(const isa::DmaTensor& i,
                               const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const DType type, ElementType(i));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  const uint64_t source = isa::SrcAddress(i);
  const uint64_t destination = isa::DstAddress(i);
  const uint64_t function = i.cmd_special_function;
  const bool fill = i.fill_constant_en != 0;
  if (function != 0 && function != 1 && function != 3) {
    return UnknownFunction("DMA_tensor", function);
  }
  TPUC_ASSIGN_OR_RETURN(const Shape4 from_shape, SourceShape(i));
  Shape4 to_shape = from_shape;
  if (function == 1) {
    to_shape = {from_shape.c, from_shape.n, from_shape.h, from_shape.w};
  } else if (function == 3) {
    to_shape.c = Int(i.dst_csize);
    if (to_shape.c == 0) {
      return absl::InvalidArgumentError("broadcast to no channel");
    }
  } else if (i.nchw_copy == 0) {
    TPUC_ASSIGN_OR_RETURN(to_shape, DestinationShape(i));
    if (!fill && to_shape.NumElements() != from_shape.NumElements()) {
      return absl::InvalidArgumentError(
          absl::StrCat("copy of ", from_shape.NumElements(), " elements to ",
                       to_shape.NumElements()));
    }
  }
  LocalStrides to_strides = DestinationStrides(i);
  LocalStrides from_strides = SourceStrides(i);
  if (i.stride_enable == 0) {
    to_strides = Continuous(destination, to_shape, type);
    from_strides = Continuous(source, from_shape, type);
  }
  // Transpose and broadcast move rows of w without gaps, whatever is written.
  if (function != 0) from_strides.w = to_strides.w = 1;
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes to,
      Side(context, Use::kWrite, destination, type, to_shape, to_strides));
  if (fill) {
    return Action([=, value = uint64_t{i.constant_value}] {
      FillTensor(to, to_shape, size, value);
      return absl::OkStatus();
    });
  }
  TPUC_ASSIGN_OR_RETURN(
      MutablePlanes from,
      Side(context, Use::kRead, source, type, from_shape, from_strides));
  if (function == 1) {
    return Action([=] {
      for (int64_t n = 0; n < from_shape.n; ++n) {
        for (int64_t c = 0; c < from_shape.c; ++c) {
          for (int64_t h = 0; h < from_shape.h; ++h) {
            CopyRow(Row(from, size, n, c, h), from.w_stride,
                    Row(to, size, c, n, h), to.w_stride, from_shape.w, size);
          }
        }
      }
      return absl::OkStatus();
    });
  }
  if (function == 3) {
    from.channel.resize(static_cast<size_t>(to_shape.c), from.channel[0]);
    return Action([=] {
      CopyTensor(from, to, to_shape, size);
      return absl::OkStatus();
    });
  }
  const bool same = from_shape.n == to_shape.n && from_shape.c == to_shape.c &&
                    from_shape.h == to_shape.h && from_shape.w == to_shape.w;
  return Action([=] {
    if (same) {
      CopyTensor(from, to, from_shape, size);
    } else {
      CopyLinear(from, from_shape, to, to_shape, size);
    }
    return absl::OkStatus();
  });
}

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

absl::StatusOr<Action> Prepare(const isa::DmaGeneral& i,
                               const Context& context) {
  return General(i, i.src_cstride, context);
}

absl::StatusOr<Action> Prepare(const isa::SDmaGeneral& i,
                               const Context& context) {
  return General(i, i.src_cstride, context);
}

absl::StatusOr<Action> Prepare(const isa::DmaCwTranspose& i,
                               const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const DType type, ElementType(i));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  if (i.cmd_special_function != 0 || i.fill_constant_en != 0) {
    return UnknownFunction("DMA_cw_transpose", i.cmd_special_function);
  }
  TPUC_ASSIGN_OR_RETURN(const Shape4 shape, SourceShape(i));
  const Shape4 to_shape{shape.n, shape.w, shape.h, shape.c};
  const uint64_t source = isa::SrcAddress(i);
  const uint64_t destination = isa::DstAddress(i);
  LocalStrides from_strides = SourceStrides(i);
  LocalStrides to_strides = DestinationStrides(i);
  if (i.stride_enable == 0) {
    from_strides = Continuous(source, shape, type);
    to_strides = Continuous(destination, to_shape, type);
  }
  from_strides.w = to_strides.w = 1;
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes from,
      Side(context, Use::kRead, source, type, shape, from_strides));
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes to,
      Side(context, Use::kWrite, destination, type, to_shape, to_strides));
  return Action([=] {
    for (int64_t n = 0; n < shape.n; ++n) {
      for (int64_t c = 0; c < shape.c; ++c) {
        for (int64_t h = 0; h < shape.h; ++h) {
          const uint8_t* row = Row(from, size, n, c, h);
          for (int64_t w = 0; w < shape.w; ++w) {
            std::memcpy(Row(to, size, n, w, h) + c * size, row + w * size,
                        static_cast<size_t>(size));
          }
        }
      }
    }
    return absl::OkStatus();
  });
}

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

}  // namespace

absl::StatusOr<Action> Prepare(const isa::DmaGather& i,
                               const Context& context) {
  return MoveRows(i, context, /*scatter=*/false);
}

absl::StatusOr<Action> Prepare(const isa::DmaScatter& i,
                               const Context& context) {
  return MoveRows(i, context, /*scatter=*/true);
}

}  // namespace tpuc::sim
