// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/cost.h"

#include <algorithm>

#include "compiler/isa/codes.h"
#include "compiler/isa/instruction.h"
#include "compiler/target/bm1684x/cycles.h"
#include "compiler/target/bm1684x/dma_cycles.h"

namespace tpuc::bm1684x {
namespace {

Direction DirectionOfCopy(bool is_load) {
  return is_load ? Direction::kLoad : Direction::kStore;
}

int64_t ElementBytes(const LocalTensor& local) {
  return static_cast<int64_t>(SizeOf(local.dtype));
}

TensorCopy TensorCopyOf(const LocalTensor& local, const Dims& strides,
                        bool is_load) {
  Dims system = strides;
  system[kW] = std::max<int64_t>(system[kW], 1);  // as the copy has it
  // The model gives repeated rows away; nothing should be planned on that.
  if (local.shape[kH] == 1 || system[kH] == 0) system[kH] = local.shape[kW];
  TensorCopy copy;
  copy.direction = DirectionOfCopy(is_load);
  copy.size = local.shape;
  copy.element_bytes = ElementBytes(local);
  copy.src_strides = is_load ? system : local.Strides();
  copy.dst_strides = is_load ? local.Strides() : system;
  return copy;
}

int64_t TensorCopyCycles(const LocalTensor& local, const Dims& strides,
                         bool is_load) {
  return CopyCycles(TensorCopyOf(local, strides, is_load));
}

// One row of channels that lie densely one behind the other; 64 of them, a
// copy, fit the 16-bit field of its length.
bool IsMatrixRow(const LocalTensor& local, const Dims& strides) {
  const Dims& shape = local.shape;
  const int64_t plane = shape[kH] * shape[kW];
  return shape[kN] == 1 && shape[kC] > 1 && strides[kC] == plane &&
         (shape[kH] == 1 || strides[kH] == shape[kW]) &&
         (shape[kW] == 1 || strides[kW] == 1) &&
         std::min(shape[kC], isa::kLanes) * plane <= isa::kMaxSize;
}

int64_t MatrixRowCycles(const LocalTensor& local, bool is_load) {
  const int64_t plane = local.shape[kH] * local.shape[kW];
  return MatrixCopyCycles(DirectionOfCopy(is_load), 1, local.shape[kC] * plane,
                          plane, ElementBytes(local), /*transposed=*/false);
}

bool IsTransposed(const LocalTensor& local, const Dims& strides) {
  const Dims& shape = local.shape;
  return shape[kC] > 1 && strides[kC] == 1 &&
         (shape[kH] == 1 || shape[kW] == 1) &&
         std::all_of(shape.begin(), shape.end(),
                     [](int64_t size) { return size <= isa::kMaxSize; });
}

int64_t TransposeCycles(const LocalTensor& local) {
  return PlainMoveCycles(Elements(local.shape) * ElementBytes(local));
}

}  // namespace

bool PrefersTranspose(const LocalTensor& local, const Dims& strides,
                      bool is_load) {
  return IsTransposed(local, strides) &&
         TransposeCycles(local) < TensorCopyCycles(local, strides, is_load);
}

bool PrefersMatrixCopy(const LocalTensor& local, const Dims& strides,
                       bool is_load) {
  // A tie goes to the tensor copy, which takes any number of channels at once.
  return IsMatrixRow(local, strides) &&
         10 * MatrixRowCycles(local, is_load) <
             9 * TensorCopyCycles(local, strides, is_load);
}

bool IsBroadcast(const LocalTensor& local, const Dims& strides, bool is_load) {
  return is_load && local.shape[kC] > 1 && strides[kC] == 0 &&
         (local.shape[kW] == 1 || strides[kW] == 1);
}

int64_t CopyCycles(const LocalTensor& local, const Dims& strides,
                   bool is_load) {
  if (IsBroadcast(local, strides, is_load))
    return CeilDiv(local.shape[kC], isa::kLanes) *
           BroadcastCycles(TensorCopyOf(local, strides, is_load));
  if (PrefersTranspose(local, strides, is_load)) return TransposeCycles(local);
  return PrefersMatrixCopy(local, strides, is_load)
             ? MatrixRowCycles(local, is_load)
             : TensorCopyCycles(local, strides, is_load);
}

namespace {

int64_t LoadCycles(DType dtype, const Dims& shape) {
  return CopyCycles({0, dtype, shape, Layout::kCompact},
                    DenseView(shape).strides, /*is_load=*/true);
}

int64_t ByChannels(const ChannelRows& rows) {
  return LoadCycles(rows.dtype, {1, rows.channels, 1, rows.row});
}

int64_t ByLanes(const ChannelRows& rows) {
  return LoadCycles(rows.dtype, {1, rows.Lanes(), rows.Groups(), rows.row});
}

}  // namespace

bool PrefersLanes(const ChannelRows& rows) {
  return rows.Groups() > 1 && rows.row <= isa::kMaxSize &&
         ByLanes(rows) < ByChannels(rows);
}

int64_t ConvolutionCycles(const GroupedConvolution& conv) {
  isa::SConv instruction;
  instruction.res0_prec = instruction.opd0_prec =
      static_cast<uint64_t>(isa::PrecOf(conv.dtype));
  instruction.res0_n = conv.output[kN];
  instruction.res0_c = conv.output[kC];
  instruction.res0_h = conv.output[kH];
  instruction.res0_w = conv.output[kW];
  instruction.opd0_c = conv.ic;
  instruction.opd1_h = conv.kernel_h;
  instruction.opd1_w = conv.kernel_w;
  const auto cost = CostOf(instruction.ToInstruction());
  const int64_t cube =
      conv.dtype == DType::kF32
          ? 1
          : isa::kEuBytes / static_cast<int64_t>(SizeOf(conv.dtype));
  const ChannelRows filter = {
      conv.dtype, conv.output[kC],
      CeilDiv(conv.ic, cube) * conv.kernel_h * conv.kernel_w * cube};
  const int64_t load =
      PrefersLanes(filter) ? ByLanes(filter) : ByChannels(filter);
  return conv.groups *
         (kInstructionCycles + (cost.ok() ? cost->cycles : 0) + load);
}

}  // namespace tpuc::bm1684x
