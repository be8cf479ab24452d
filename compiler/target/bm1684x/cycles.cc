// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/cycles.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "compiler/isa/codes.h"
#include "compiler/target/bm1684x/dma_cycles.h"

namespace tpuc::bm1684x {
namespace {

using isa::Format;
using isa::Instruction;
using Dims = std::array<int64_t, 4>;

int64_t ElementBytes(uint64_t prec) {
  return std::max<int64_t>(static_cast<int64_t>(isa::SizeOfPrec(prec)), 1);
}

template <typename... T>
Dims MakeDims(T... values) {
  return {static_cast<int64_t>(values)...};
}

template <typename T>
Dims SourceSize(const T& dma) {
  return MakeDims(dma.src_nsize, dma.src_csize, dma.src_hsize, dma.src_wsize);
}

template <typename T>
Direction DirectionOfInstruction(const T& dma) {
  return DirectionOf(isa::SrcAddress(dma), isa::DstAddress(dma));
}

// Sizes of up to 16 bits each may multiply to more than any counter holds.
int64_t Elements(const Dims& size) {
  constexpr int64_t kMost = int64_t{1} << 38;
  int64_t elements = 1;
  for (int64_t extent : size) {
    if (__builtin_mul_overflow(elements, extent, &elements)) return kMost;
    elements = std::min(elements, kMost);
  }
  return elements;
}

Cost Moved(int64_t cycles, int64_t elements, int64_t element_bytes) {
  Cost cost;
  cost.cycles = cycles;
  cost.bytes = elements * element_bytes;
  return cost;
}

Cost TensorCost(const isa::DmaTensor& dma) {
  TensorCopy copy;
  copy.direction = DirectionOfInstruction(dma);
  copy.size = SourceSize(dma);
  copy.element_bytes = ElementBytes(dma.src_data_format);
  copy.src_strides = MakeDims(dma.src_nstride, dma.src_cstride, dma.src_hstride,
                              dma.src_wstride);
  copy.dst_strides = MakeDims(dma.dst_nstride, dma.dst_cstride, dma.dst_hstride,
                              dma.dst_wstride);
  copy.swaps_nc = dma.cmd_special_function == isa::DmaTensor::Op::kNcTranspose;
  if (dma.fill_constant_en)
    return Moved(FillCycles(copy.size, copy.dst_strides, copy.element_bytes),
                 Elements(copy.size), copy.element_bytes);
  const auto [n, c, h, w] = copy.size;
  if (dma.cmd_special_function == isa::DmaTensor::Op::kBroadcast)
    return Moved(BroadcastCycles(copy), Elements({n, 1, h, w}),
                 copy.element_bytes);
  if (!dma.stride_enable) {
    // Dense rows, channels at multiples of 16 bytes on both sides.
    constexpr int64_t kAlign = 16;
    const int64_t plane =
        (h * w * copy.element_bytes + kAlign - 1) / kAlign * kAlign;
    for (Dims* strides : {&copy.src_strides, &copy.dst_strides})
      *strides = {(*strides)[0], plane / copy.element_bytes, w, 1};
  }
  return Moved(CopyCycles(copy), Elements(copy.size), copy.element_bytes);
}

absl::StatusOr<Cost> MatrixCost(Direction direction, int64_t rows,
                                int64_t columns, int64_t width, uint64_t prec,
                                bool transposed) {
  if (direction != Direction::kLoad && direction != Direction::kStore)
    return absl::UnimplementedError(
        absl::StrCat("a matrix copy ", Name(direction), " has no known cost"));
  const int64_t element = ElementBytes(prec);
  return Moved(
      MatrixCopyCycles(direction, rows, columns, width, element, transposed),
      rows * columns, element);
}

absl::StatusOr<Cost> MatrixCost(const isa::DmaMatrix& dma) {
  const Direction direction = DirectionOfInstruction(dma);
  const bool store = direction == Direction::kStore;
  return MatrixCost(direction,
                    static_cast<int64_t>(store ? dma.dst_hsize : dma.src_hsize),
                    static_cast<int64_t>(store ? dma.dst_wsize : dma.src_wsize),
                    static_cast<int64_t>(store ? dma.src_wsize : dma.dst_wsize),
                    dma.src_data_format, dma.cmd_special_function != 0);
}

absl::StatusOr<Cost> MatrixCost(const isa::SDmaMatrix& dma) {
  return MatrixCost(DirectionOfInstruction(dma),
                    static_cast<int64_t>(dma.src_hsize_or_dst_hsize),
                    static_cast<int64_t>(dma.src_wsize_or_dst_wsize),
                    static_cast<int64_t>(dma.dst_wsize_or_src_wsize),
                    dma.src_data_format, dma.cmd_special_function != 0);
}

template <typename T>
Cost GeneralCost(const T& dma) {
  const auto elements = static_cast<int64_t>(dma.src_cstride);
  const int64_t element = ElementBytes(dma.src_data_format);
  return Moved(PlainMoveCycles(elements * element), elements, element);
}

template <typename T>
Cost IndexedCost(const T& dma, int64_t elements, int64_t element) {
  return Moved(
      IndexedMoveCycles(DirectionOfInstruction(dma), elements * element),
      elements, element);
}

// c/w transpose, masked select.
template <typename T>
Cost WholeCost(const T& dma) {
  return IndexedCost(dma, Elements(SourceSize(dma)),
                     ElementBytes(dma.src_data_format));
}

// Values or indices, whichever are wider.
template <typename T>
Cost NonzeroCost(const T& dma) {
  return IndexedCost(dma, Elements(SourceSize(dma)),
                     std::max(ElementBytes(dma.src_data_format),
                              ElementBytes(dma.index_data_format)));
}

Cost GatherCost(const isa::DmaGather& dma) {
  return IndexedCost(
      dma, Elements(MakeDims(1, dma.src_csize, dma.index_hsize, dma.src_wsize)),
      ElementBytes(dma.src_data_format));
}

Cost ScatterCost(const isa::DmaScatter& dma) {
  return IndexedCost(
      dma, Elements(MakeDims(1, dma.src_csize, dma.src_hsize, dma.src_wsize)),
      ElementBytes(dma.src_data_format));
}

}  // namespace

absl::StatusOr<Cost> GdmaCost(const Instruction& i) {
  switch (i.format()) {
    case Format::kDmaTensor:
      return TensorCost(isa::DmaTensor::From(i));
    case Format::kDmaMatrix:
      return MatrixCost(isa::DmaMatrix::From(i));
    case Format::kSDmaMatrix:
      return MatrixCost(isa::SDmaMatrix::From(i));
    case Format::kDmaGeneral:
      return GeneralCost(isa::DmaGeneral::From(i));
    case Format::kSDmaGeneral:
      return GeneralCost(isa::SDmaGeneral::From(i));
    case Format::kDmaCwTranspose:
      return WholeCost(isa::DmaCwTranspose::From(i));
    case Format::kDmaMaskedSelect:
      return WholeCost(isa::DmaMaskedSelect::From(i));
    case Format::kSDmaMaskedSelect:
      return WholeCost(isa::SDmaMaskedSelect::From(i));
    case Format::kDmaNonzero:
      return NonzeroCost(isa::DmaNonzero::From(i));
    case Format::kSDmaNonzero:
      return NonzeroCost(isa::SDmaNonzero::From(i));
    case Format::kDmaGather:
      return GatherCost(isa::DmaGather::From(i));
    case Format::kDmaScatter:
      return ScatterCost(isa::DmaScatter::From(i));
    case Format::kSDmaSys:
      return Cost();
    default:
      return absl::UnimplementedError(
          absl::StrCat("the cost of ", i.info().name, " is not known"));
  }
}

absl::StatusOr<Cost> CostOf(const Instruction& instruction) {
  return instruction.engine() == isa::Engine::kTiu ? TiuCost(instruction)
                                                   : GdmaCost(instruction);
}

}  // namespace tpuc::bm1684x
