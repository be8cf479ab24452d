// SPDX-License-Identifier: Apache-2.0
// GDMA: copies between memories (docs/isa/bm1684x.md, d).
#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/simulator/execute.h"
#include "runtime/simulator/gdma_operands.h"
#include "runtime/simulator/status_macros.h"

namespace tpuc::sim {
namespace {

using numerics::MutablePlanes;
using numerics::Shape4;

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

// dst[n, w, h, c] = src[n, c, h, w]; w strides are not used.
template <typename Dma>
absl::StatusOr<Action> TransposeCw(const Dma& i, const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const DType type, ElementType(i));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
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

}  // namespace

absl::StatusOr<Action> Prepare(const isa::DmaTensor& i,
                               const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const DType type, ElementType(i));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  const uint64_t source = isa::SrcAddress(i);
  const uint64_t destination = isa::DstAddress(i);
  const uint64_t function = i.cmd_special_function;
  const bool fill = i.fill_constant_en != 0;
  if (function > 4) return UnknownFunction("DMA_tensor", function);
  if (function == 2 || function == 4) {
    if (fill)
      return absl::UnimplementedError("DMA_tensor c/w transpose, filling");
    return TransposeCw(i, context);
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
  if (i.cmd_special_function != 0 || i.fill_constant_en != 0) {
    return UnknownFunction("DMA_cw_transpose", i.cmd_special_function);
  }
  return TransposeCw(i, context);
}

}  // namespace tpuc::sim
