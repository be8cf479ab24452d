// SPDX-License-Identifier: Apache-2.0
// TRANS&BC, SG and SGL: moves between and inside lanes.
#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/numerics/float_format.h"
#include "runtime/simulator/execute.h"
#include "runtime/simulator/status_macros.h"

namespace tpuc::sim {
namespace {

using numerics::MutablePlanes;
using numerics::Shape4;

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }

// Element (n, c, h, w) of a view, `size` bytes each.
uint8_t* Element(const MutablePlanes& p, int64_t size, int64_t n, int64_t c,
                 int64_t h, int64_t w) {
  return static_cast<uint8_t*>(p.channel[static_cast<size_t>(c)]) +
         (n * p.n_stride + h * p.h_stride + w * p.w_stride) * size;
}

// Dense copy of a view in n, c, h, w order, so that results may overlap it.
std::vector<uint8_t> Gather(const MutablePlanes& p, int64_t size,
                            const Shape4& shape) {
  std::vector<uint8_t> dense(static_cast<size_t>(shape.NumElements() * size));
  uint8_t* to = dense.data();
  for (int64_t n = 0; n < shape.n; ++n) {
    for (int64_t c = 0; c < shape.c; ++c) {
      for (int64_t h = 0; h < shape.h; ++h) {
        std::memcpy(to, Element(p, size, n, c, h, 0),
                    static_cast<size_t>(shape.w * size));
        to += shape.w * size;
      }
    }
  }
  return dense;
}

absl::StatusOr<Action> Transpose(const isa::STransBc& i, const Context& context,
                                 DType type, const Shape4& shape) {
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  const Shape4 source_shape{shape.n, shape.w, shape.h, shape.c};
  if (Int(i.opd0_c) != source_shape.c || Int(i.opd0_w) != source_shape.w) {
    return absl::InvalidArgumentError(absl::StrCat(
        "transpose: the source is ", i.opd0_c, " x ", i.opd0_w,
        ", the result wants ", source_shape.c, " x ", source_shape.w));
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source,
                        LocalTensor(context, Use::kRead, i.opd0_addr, type,
                                    source_shape, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes result,
      LocalTensor(context, Use::kWrite, i.res0_addr, type, shape,
                  i.tsk_eu_typ == 0 ? Layout::kLineAligned : Layout::kAligned));
  return Action([=]() -> absl::Status {
    const std::vector<uint8_t> data = Gather(source, size, source_shape);
    for (int64_t n = 0; n < shape.n; ++n) {
      for (int64_t c = 0; c < shape.c; ++c) {
        for (int64_t h = 0; h < shape.h; ++h) {
          for (int64_t w = 0; w < shape.w; ++w) {
            const int64_t from =
                ((n * source_shape.c + w) * source_shape.h + h) *
                    source_shape.w +
                c;
            std::memcpy(Element(result, size, n, c, h, w),
                        data.data() + from * size, static_cast<size_t>(size));
          }
        }
      }
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<Action> CopyLanes(const isa::STransBc& i, const Context& context,
                                 DType type, const Shape4& shape,
                                 bool broadcast) {
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  Shape4 source_shape = shape;
  if (broadcast) source_shape.c = 1;
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source,
                        LocalTensor(context, Use::kRead, i.opd0_addr, type,
                                    source_shape, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result,
                        LocalTensor(context, Use::kWrite, i.res0_addr, type,
                                    shape, Layout::kAligned));
  return Action([=]() -> absl::Status {
    const std::vector<uint8_t> data = Gather(source, size, source_shape);
    const int64_t plane = shape.h * shape.w * size;
    for (int64_t n = 0; n < shape.n; ++n) {
      for (int64_t c = 0; c < shape.c; ++c) {
        const int64_t from = n * source_shape.c + (broadcast ? 0 : c);
        std::memcpy(Element(result, size, n, c, 0, 0),
                    data.data() + from * plane, static_cast<size_t>(plane));
      }
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<Action> FromStatic(const isa::STransBc& i,
                                  const Context& context, DType type) {
  const bool distribute = i.tsk_eu_typ == 5;
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  const Shape4 shape{1, Int(i.res0_c), 1, distribute ? 1 : Int(i.res0_w)};
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes result,
      LocalTensor(context, Use::kWrite, i.res0_addr, type, shape,
                  distribute ? Layout::kCompact : Layout::kAligned));
  if (i.opd0_addr < isa::kStaticBase ||
      i.opd0_addr >= isa::kStaticBase + isa::kStaticBytes) {
    return absl::OutOfRangeError(absl::StrCat("source address ", i.opd0_addr,
                                              " is not in static memory"));
  }
  const int64_t elements = distribute ? shape.c : shape.w;
  TPUC_ASSIGN_OR_RETURN(const uint8_t* table,
                        MemoryRange(context, Use::kRead, i.opd0_addr,
                                    static_cast<uint64_t>(elements * size)));
  return Action([=]() -> absl::Status {
    for (int64_t c = 0; c < shape.c; ++c) {
      if (distribute) {
        std::memcpy(Element(result, size, 0, c, 0, 0), table + c * size,
                    static_cast<size_t>(size));
      } else {
        std::memcpy(Element(result, size, 0, c, 0, 0), table,
                    static_cast<size_t>(shape.w * size));
      }
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<DType> IndexType(uint64_t prec) {
  if (prec == isa::prec::kInt8) return DType::kU8;
  if (prec == isa::prec::kInt16) return DType::kU16;
  return absl::UnimplementedError(
      absl::StrCat("indices of type code ", prec, " (0 and 3 exist)"));
}

absl::Status IndexError(int64_t index, int64_t limit) {
  return absl::OutOfRangeError(absl::StrCat(
      "index ", index, " outside of a source with ", limit, " elements"));
}

// In gathers, index 0xFFFF (0xFF) yields the constant of opd2 when both flags
// are set.
template <typename Instruction>
bool FillsMissing(const Instruction& i) {
  return i.opd2_const != 0 && i.opd3_const != 0;
}

struct SgShapes {
  Shape4 result, source;
  int64_t size;
};

// eu 0, 3 (one index per element) and 1, 4 (w, h pairs), shared by all lanes;
// index k lies in lane k % 64, compact.
absl::StatusOr<Action> SharedIndices(const isa::SSg& i, const Context& context,
                                     const SgShapes& s, DType type) {
  const bool scatter = i.tsk_eu_typ >= 3;
  const bool pairs = i.tsk_eu_typ == 1 || i.tsk_eu_typ == 4;
  const int64_t count = Int(i.opd1_c);
  TPUC_ASSIGN_OR_RETURN(const DType index_type, IndexType(i.opd1_prec));
  if (pairs && index_type != DType::kU16) {
    return absl::UnimplementedError("SG with pairs of 8-bit indices");
  }
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes indices,
      LocalTensor(context, Use::kRead, i.opd1_addr, index_type,
                  {1, count, 1, pairs ? 2 : 1}, Layout::kCompact));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source,
                        LocalTensor(context, Use::kRead, i.opd0_addr, type,
                                    s.source, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result,
                        LocalTensor(context, Use::kWrite, i.res0_addr, type,
                                    s.result, Layout::kAligned));
  const Shape4 table = scatter ? s.result : s.source;
  const int64_t missing = numerics::MaxOf(index_type);
  const uint32_t constant = static_cast<uint32_t>(i.opd2_addr);
  const int64_t plane = s.source.h * s.source.w;
  if ((scatter ? plane : s.result.h * s.result.w) < count) {
    return absl::InvalidArgumentError(
        absl::StrCat(count, " indices for fewer elements"));
  }
  return Action([=]() -> absl::Status {
    std::vector<int64_t> at;
    for (const void* p : indices.channel) {
      int64_t w = numerics::LoadInteger(index_type, p, 0);
      int64_t h = pairs ? numerics::LoadInteger(index_type, p, 1) : 0;
      if (w == missing && !scatter && FillsMissing(i)) {
        at.push_back(-1);
        continue;
      }
      if (w >= table.w || h >= table.h) {
        return IndexError(pairs ? h * 65536 + w : w, table.h * table.w);
      }
      at.push_back(h * table.w + w);
    }
    for (int64_t n = 0; n < s.result.n; ++n) {
      for (int64_t c = 0; c < s.result.c; ++c) {
        const uint8_t* from = Element(source, s.size, n, c, 0, 0);
        uint8_t* to = Element(result, s.size, n, c, 0, 0);
        std::vector<uint8_t> copy;
        if (from <= to + plane * s.size && to <= from + plane * s.size) {
          copy.assign(from, from + plane * s.size);
          from = copy.data();
        }
        for (int64_t k = 0; k < count; ++k) {
          const int64_t index = at[static_cast<size_t>(k)];
          if (scatter) {
            std::memcpy(to + index * s.size, from + k * s.size,
                        static_cast<size_t>(s.size));
          } else if (index < 0) {
            std::memcpy(to + k * s.size, &constant,
                        static_cast<size_t>(s.size));
          } else {
            std::memcpy(to + k * s.size, from + index * s.size,
                        static_cast<size_t>(s.size));
          }
        }
      }
    }
    return absl::OkStatus();
  });
}

// eu 5, 6 (13, 14): indices per channel.
absl::StatusOr<Action> ChannelIndices(const isa::SSg& i, const Context& context,
                                      const SgShapes& s, DType type) {
  const bool scatter = i.tsk_eu_typ == 6 || i.tsk_eu_typ == 14;
  TPUC_ASSIGN_OR_RETURN(const DType index_type, IndexType(i.opd1_prec));
  // Gather: one index a result element; scatter: one a source element.
  Shape4 index_shape = s.result;
  Shape4 source_shape{1, s.result.c, 1, Int(i.opd0_w)};
  if (scatter) {
    index_shape = {s.result.n, s.result.c, 1, Int(i.opd1_w)};
    source_shape = index_shape;
    source_shape.n = 1;
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes indices,
                        LocalTensor(context, Use::kRead, i.opd1_addr,
                                    index_type, index_shape, Layout::kAligned));
  absl::StatusOr<MutablePlanes> placed;
  if (i.opd0_str == 0) {
    placed = LocalTensor(context, Use::kRead, i.opd0_addr, type, source_shape,
                         Layout::kAligned);
  } else {  // one table in every lane, for all channel groups
    placed = LocalTensor(context, Use::kRead, i.opd0_addr, type, source_shape,
                         LocalStrides{0, 0, 0, 1});
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source, std::move(placed));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result,
                        LocalTensor(context, Use::kWrite, i.res0_addr, type,
                                    s.result, Layout::kAligned));
  const int64_t count = index_shape.h * index_shape.w;
  const int64_t limit = scatter ? s.result.h * s.result.w : source_shape.w;
  const int64_t missing = numerics::MaxOf(index_type);
  const uint32_t constant = static_cast<uint32_t>(i.opd2_addr);
  const int64_t index_size = static_cast<int64_t>(SizeOf(index_type));
  return Action([=]() -> absl::Status {
    std::vector<int64_t> at(static_cast<size_t>(count));
    for (int64_t n = 0; n < s.result.n; ++n) {
      for (int64_t c = 0; c < s.result.c; ++c) {
        const uint8_t* index = Element(indices, index_size, n, c, 0, 0);
        for (int64_t k = 0; k < count; ++k) {
          int64_t value = numerics::LoadInteger(index_type, index, k);
          if (value == missing && !scatter && FillsMissing(i)) {
            value = -1;
          } else if (value >= limit) {
            return IndexError(value, limit);
          }
          at[static_cast<size_t>(k)] = value;
        }
        const uint8_t* from = Element(source, s.size, 0, c, 0, 0);
        uint8_t* to = Element(result, s.size, n, c, 0, 0);
        for (int64_t k = 0; k < count; ++k) {
          const int64_t value = at[static_cast<size_t>(k)];
          if (scatter) {
            std::memcpy(to + value * s.size, from + k * s.size,
                        static_cast<size_t>(s.size));
          } else if (value < 0) {
            std::memcpy(to + k * s.size, &constant,
                        static_cast<size_t>(s.size));
          } else {
            std::memcpy(to + k * s.size, from + value * s.size,
                        static_cast<size_t>(s.size));
          }
        }
      }
    }
    return absl::OkStatus();
  });
}

// A row of a compaction: what moves to its start where flags are not 0.
struct CompactionOperands {
  MutablePlanes flags, values;  // values: of eu 9 and 16, none
  DType flag_type;
};

// eu 8 (15): the elements of opd0 whose mask in opd1 is not 0; eu 9 (16): the
// positions of the elements of opd0 that are not 0. And a u16 count a row.
absl::StatusOr<Action> Compaction(const isa::SSg& i, const Context& context,
                                  const SgShapes& s, DType type) {
  const bool positions = i.tsk_eu_typ == 9 || i.tsk_eu_typ == 16;
  const Shape4 shape = s.source;
  CompactionOperands operands;
  TPUC_ASSIGN_OR_RETURN(operands.flag_type,
                        OperandType(positions ? i.opd0_prec : i.opd1_prec, 0,
                                    positions ? "opd0_prec" : "opd1_prec"));
  if (numerics::IsFloat(operands.flag_type)) {
    return absl::UnimplementedError(
        absl::StrCat("SG selection by ", Name(operands.flag_type)));
  }
  if (positions && type != DType::kU16) {
    return absl::UnimplementedError(
        absl::StrCat("SG nonzero with positions of type ", Name(type)));
  }
  TPUC_ASSIGN_OR_RETURN(
      operands.flags,
      LocalTensor(context, Use::kRead, positions ? i.opd0_addr : i.opd1_addr,
                  operands.flag_type, shape, Layout::kAligned));
  if (!positions) {  // one image for all masks
    TPUC_ASSIGN_OR_RETURN(
        operands.values,
        LocalTensor(context, Use::kRead, i.opd0_addr, type,
                    {1, shape.c, shape.h, shape.w}, Layout::kAligned));
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result,
                        LocalTensor(context, Use::kWrite, i.res0_addr, type,
                                    shape, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes counts,
      LocalTensor(context, Use::kWrite, i.res1_addr, DType::kU16,
                  {shape.n, shape.c, 1, 1}, Layout::kCompact));
  const int64_t flag_size = static_cast<int64_t>(SizeOf(operands.flag_type));
  return Action([=]() -> absl::Status {
    for (int64_t n = 0; n < shape.n; ++n) {
      for (int64_t c = 0; c < shape.c; ++c) {
        const void* flags = Element(operands.flags, flag_size, n, c, 0, 0);
        uint8_t* to = Element(result, s.size, n, c, 0, 0);
        uint16_t count = 0;
        for (int64_t k = 0; k < shape.h * shape.w; ++k) {
          if (numerics::LoadInteger(operands.flag_type, flags, k) == 0) {
            continue;
          }
          const uint16_t position = static_cast<uint16_t>(k);
          std::memmove(to + count * s.size,
                       positions ? reinterpret_cast<const uint8_t*>(&position)
                                 : Element(operands.values, s.size, 0, c, 0, k),
                       static_cast<size_t>(s.size));
          ++count;
        }
        std::memcpy(Element(counts, 2, n, c, 0, 0), &count, 2);
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<Action> Prepare(const isa::STransBc& i, const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const DType type,
                        OperandType(i.res0_prec, 0, "res0_prec"));
  if (i.tsk_eu_typ == 4 || i.tsk_eu_typ == 5) {
    if (i.res0_c == 0 || (i.tsk_eu_typ == 4 && i.res0_w == 0)) {
      return absl::InvalidArgumentError("static broadcast of nothing");
    }
    return FromStatic(i, context, type);
  }
  TPUC_ASSIGN_OR_RETURN(const Shape4 shape,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  switch (i.tsk_eu_typ) {
    case 0:
    case 1:
      return Transpose(i, context, type, shape);
    case 2:
      return CopyLanes(i, context, type, shape, /*broadcast=*/false);
    case 3:
      return CopyLanes(i, context, type, shape, /*broadcast=*/true);
    default:
      return absl::UnimplementedError(
          absl::StrCat("TRANS&BC operation ", i.tsk_eu_typ));
  }
}

absl::StatusOr<Action> Prepare(const isa::SSg& i, const Context& context) {
  TPUC_ASSIGN_OR_RETURN(const DType type,
                        OperandType(i.res0_prec, 0, "res0_prec"));
  SgShapes s;
  TPUC_ASSIGN_OR_RETURN(s.result,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  s.source = {s.result.n, s.result.c, std::max<int64_t>(Int(i.opd0_h), 1),
              Int(i.opd0_w)};
  s.size = static_cast<int64_t>(SizeOf(type));
  switch (i.tsk_eu_typ) {
    case 0:
    case 1:
    case 3:
    case 4:
      if (s.source.w == 0 || i.opd1_c == 0) break;
      return SharedIndices(i, context, s, type);
    case 5:
    case 6:
    case 13:
    case 14:
      return ChannelIndices(i, context, s, type);
    case 8:
    case 9:
    case 15:
    case 16:
      return Compaction(i, context, s, type);
    default:
      return absl::UnimplementedError(
          absl::StrCat("SG operation ", i.tsk_eu_typ));
  }
  return absl::InvalidArgumentError("SG with an empty operand");
}

absl::StatusOr<Action> Prepare(const isa::SSgl& i, const Context& context) {
  const bool scatter = i.tsk_eu_typ == 18;
  if (i.tsk_eu_typ != 17 && !scatter) {
    return absl::UnimplementedError(
        absl::StrCat("SGL operation ", i.tsk_eu_typ));
  }
  TPUC_ASSIGN_OR_RETURN(const DType type,
                        OperandType(i.res0_prec, 0, "res0_prec"));
  TPUC_ASSIGN_OR_RETURN(const Shape4 shape,
                        ResultShape(i.res0_n, i.res0_c, i.res0_h, i.res0_w));
  TPUC_ASSIGN_OR_RETURN(const DType index_type, IndexType(i.opd1_prec));
  const int64_t size = static_cast<int64_t>(SizeOf(type));
  const Shape4 source_shape{1, shape.c, Int(i.opd0_h), shape.w};
  if (source_shape.h == 0) {
    return absl::InvalidArgumentError("SGL with an empty source");
  }
  // Lines of the result (gather) or of the source (scatter) have an index each.
  const int64_t moves = scatter ? source_shape.h : shape.h;
  const int64_t limit = scatter ? shape.h : source_shape.h;
  TPUC_ASSIGN_OR_RETURN(
      const MutablePlanes indices,
      LocalTensor(context, Use::kRead, i.opd1_addr, index_type,
                  {shape.n, shape.c, moves, 1}, Layout::kAligned));
  TPUC_ASSIGN_OR_RETURN(const LocalAddress start,
                        ParseLocalAddress(i.opd0_addr));
  LocalStrides strides =
      LineAlignedStrides(source_shape, SizeOf(type), start.lane);
  if (i.opd0_str != isa::layout::kStrides) {
    // Shared: all channel groups read the table of their lane.
    strides = {0, 0, strides.h, 1};
  }
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes source,
                        LocalTensor(context, Use::kRead, i.opd0_addr, type,
                                    source_shape, strides));
  TPUC_ASSIGN_OR_RETURN(const MutablePlanes result,
                        LocalTensor(context, Use::kWrite, i.res0_addr, type,
                                    shape, Layout::kLineAligned));
  return Action([=]() -> absl::Status {
    for (int64_t n = 0; n < shape.n; ++n) {
      for (int64_t c = 0; c < shape.c; ++c) {
        const void* index = Element(
            indices, static_cast<int64_t>(SizeOf(index_type)), n, c, 0, 0);
        for (int64_t h = 0; h < moves; ++h) {
          const int64_t row = numerics::LoadInteger(index_type, index, h);
          if (row >= limit) return IndexError(row, limit);
          std::memcpy(Element(result, size, n, c, scatter ? row : h, 0),
                      Element(source, size, 0, c, scatter ? h : row, 0),
                      static_cast<size_t>(shape.w * size));
        }
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace tpuc::sim
