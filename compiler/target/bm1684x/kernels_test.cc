// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "compiler/isa/encoding.h"
#include "compiler/target/bm1684x/kernels/elementwise_kernels.h"
#include "compiler/target/bm1684x/kernels/movement_kernels.h"
#include "compiler/target/bm1684x/kernels/quantized_elementwise_kernels.h"
#include "compiler/target/bm1684x/kernels/window_kernels.h"
#include "compiler/target/bm1684x/program.h"
#include "compiler/target/bm1684x/schedule.h"
#include "compiler/target/bm1684x/slicing.h"
#include "compiler/target/bm1684x/sync.h"
#include "gtest/gtest.h"

namespace tpuc::bm1684x {
namespace {

// Buffers one behind the other.
LocalPlacement Place(const SlicePlan& plan) {
  LocalPlacement local;
  int64_t next = 0;
  const auto place = [&next](const BufferNeed& need) {
    std::vector<int64_t> copies;
    for (int i = 0; i < need.count; ++i, next += need.bytes)
      copies.push_back(next);
    return copies;
  };
  local.table = next;
  next += plan.table_bytes;
  for (const BufferNeed& need : plan.operands)
    local.operands.push_back(place(need));
  local.result = place(plan.result);
  local.scratch = next;
  next += plan.scratch_bytes;
  EXPECT_LE(next, isa::kLaneBytes);
  return local;
}

// Where results lie in DDR, behind all operands.
constexpr uint64_t kResult = isa::kDdrBase + (uint64_t{9} << 32);

// The kernel's instructions with their waits.
std::vector<isa::Instruction> Compile(const Kernel& kernel) {
  const auto plan = PlanSlices(kernel, isa::kLaneBytes);
  EXPECT_TRUE(plan.ok()) << plan.status();
  if (!plan.ok()) return {};
  GlobalPlacement global;
  for (size_t k = 0; k < kernel.operands().size(); ++k)
    global.operands.push_back(isa::kDdrBase + (k << 32));
  global.result = kResult;
  Emitter emitter;
  EmitSliced(kernel, *plan, Place(*plan), global, emitter);
  std::vector<isa::Instruction> program = emitter.Take();
  EXPECT_TRUE(AssignSync(absl::MakeSpan(program)).ok());
  return program;
}

int64_t CyclesOf(const Kernel& kernel) {
  std::vector<isa::Instruction> tiu, gdma;
  for (const isa::Instruction& i : Compile(kernel))
    (i.engine() == isa::Engine::kTiu ? tiu : gdma).push_back(i);
  const auto schedule = MakeSchedule(tiu, gdma);
  EXPECT_TRUE(schedule.ok()) << schedule.status();
  return schedule.ok() ? schedule->cycles : 0;
}

// The program encodes, its waits are right, and it makes each element of the
// result once.
void Check(const Kernel& kernel, int64_t elements) {
  const std::vector<isa::Instruction> program = Compile(kernel);
  std::vector<isa::Instruction> tiu, gdma;
  std::string bytes;
  std::set<int64_t> written;
  for (const isa::Instruction& i : program) {
    const absl::Status status = isa::Encode(i, &bytes);
    ASSERT_TRUE(status.ok()) << status;
    (i.engine() == isa::Engine::kTiu ? tiu : gdma).push_back(i);
    const auto write = [&](uint64_t address, int64_t index) {
      const int64_t element =
          (address - kResult) / SizeOf(kernel.result().dtype) + index;
      ASSERT_GE(element, 0);
      ASSERT_LT(element, elements);
      ASSERT_TRUE(written.insert(element).second) << element;
    };
    if (i.format() == isa::Format::kDmaMatrix) {
      const auto dma = isa::DmaMatrix::From(i);
      if (isa::DstAddress(dma) < kResult) continue;
      for (uint64_t w = 0; w < dma.dst_wsize; ++w)
        write(isa::DstAddress(dma), w);
    }
    if (i.format() == isa::Format::kDmaCwTranspose) {
      const auto dma = isa::DmaCwTranspose::From(i);
      if (isa::DstAddress(dma) < kResult) continue;
      for (uint64_t n = 0; n < dma.dst_nsize; ++n)
        for (uint64_t c = 0; c < dma.dst_csize; ++c)
          for (uint64_t h = 0; h < dma.dst_hsize; ++h)
            for (uint64_t w = 0; w < dma.dst_wsize; ++w)
              write(isa::DstAddress(dma), n * dma.dst_nstride +
                                              c * dma.dst_cstride +
                                              h * dma.dst_hstride + w);
    }
    if (i.format() != isa::Format::kDmaTensor) continue;
    const auto dma = isa::DmaTensor::From(i);
    if (isa::DstAddress(dma) < kResult) continue;
    for (uint64_t n = 0; n < dma.src_nsize; ++n)
      for (uint64_t c = 0; c < dma.src_csize; ++c)
        for (uint64_t h = 0; h < dma.src_hsize; ++h)
          for (uint64_t w = 0; w < dma.src_wsize; ++w)
            write(isa::DstAddress(dma),
                  n * dma.dst_nstride + c * dma.dst_cstride +
                      h * dma.dst_hstride + w * dma.dst_wstride);
  }
  EXPECT_EQ(static_cast<int64_t>(written.size()), elements);
  const absl::Status status = CheckSync(tiu, gdma);
  EXPECT_TRUE(status.ok()) << status;
}

ConvSpec Conv(const Dims& input, int64_t oc, int64_t kernel, int64_t stride,
              int64_t pad, DType dtype) {
  ConvSpec spec;
  spec.input = input;
  const auto out = [&](int64_t in) {
    return (in + 2 * pad - kernel) / stride + 1;
  };
  spec.output = {input[kN], oc, out(input[kH]), out(input[kW])};
  spec.dtype = dtype;
  spec.has_bias = true;
  spec.window.kernel_h = spec.window.kernel_w = kernel;
  spec.window.stride_h = spec.window.stride_w = stride;
  spec.window.pad_top = spec.window.pad_bottom = pad;
  spec.window.pad_left = spec.window.pad_right = pad;
  return spec;
}

TEST(Kernels, ConvolutionInOneSlice) {
  const auto kernel =
      MakeConvKernel(Conv({1, 3, 4, 5}, 70, 3, 1, 1, DType::kF32));
  ASSERT_TRUE(kernel.ok());
  const auto plan = PlanSlices(**kernel, isa::kLaneBytes);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(Steps(**kernel, *plan).size(), 1u);
  Check(**kernel, 70 * 4 * 5);
}

TEST(Kernels, LargeConvolutionIsSliced) {
  const auto kernel =
      MakeConvKernel(Conv({1, 3, 270, 480}, 16, 3, 2, 1, DType::kF32));
  ASSERT_TRUE(kernel.ok());
  Check(**kernel, 16 * 135 * 240);
}

TEST(Kernels, ConvolutionWithCuts) {
  ConvSpec spec = Conv({2, 100, 9, 9}, 130, 3, 1, 1, DType::kF16);
  spec.ic_cuts = {32, 96};
  spec.relu = {true, 6.0};
  const auto kernel = MakeConvKernel(spec);
  ASSERT_TRUE(kernel.ok());
  Check(**kernel, 2 * 130 * 81);
}

TEST(Kernels, GroupsOfAConvolution) {
  ConvSpec spec = Conv({2, 120, 60, 60}, 210, 3, 1, 1, DType::kF16);
  spec.group = 3;
  const auto kernel = MakeConvKernel(spec);
  ASSERT_TRUE(kernel.ok());
  EXPECT_EQ((*kernel)->parts().size(), 3u);
  Check(**kernel, Elements(spec.output));
}

ConvSpec QuantizedConv(const Dims& input, int64_t oc, int64_t kernel,
                       int64_t stride, int64_t pad) {
  ConvSpec spec = Conv(input, oc, kernel, stride, pad, DType::kU8);
  spec.requant = DType::kI8;
  return spec;
}

TEST(Kernels, QuantizedConvolutionWithCuts) {
  ConvSpec spec = QuantizedConv({2, 200, 9, 9}, 130, 3, 1, 1);
  spec.ic_cuts = {64, 192};
  const auto kernel = MakeConvKernel(spec);
  ASSERT_TRUE(kernel.ok());
  Check(**kernel, Elements(spec.output));
}

TEST(Kernels, LargeQuantizedConvolutionIsSliced) {
  ConvSpec spec = QuantizedConv({1, 300, 60, 60}, 1100, 7, 2, 3);
  const auto kernel = MakeConvKernel(spec);
  ASSERT_TRUE(kernel.ok());
  const auto plan = PlanSlices(**kernel, isa::kLaneBytes);
  ASSERT_TRUE(plan.ok());
  EXPECT_GT(Steps(**kernel, *plan).size(), 1u);
  Check(**kernel, Elements(spec.output));
}

TEST(Kernels, GroupsOfAQuantizedConvolution) {
  ConvSpec spec = QuantizedConv({2, 120, 60, 60}, 210, 3, 1, 1);
  spec.group = 3;
  const auto kernel = MakeConvKernel(spec);
  ASSERT_TRUE(kernel.ok());
  EXPECT_EQ((*kernel)->parts().size(), 3u);
  Check(**kernel, Elements(spec.output));
}

TEST(Kernels, QuantizedDepthwiseAndAverage) {
  ConvSpec spec = QuantizedConv({1, 130, 200, 300}, 130, 5, 2, 2);
  const auto depthwise = MakeDepthwiseKernel(spec);
  ASSERT_TRUE(depthwise.ok());
  Check(**depthwise, Elements(spec.output));
  QuantizedAveragePoolSpec pool;
  pool.input = spec.input;
  pool.output = spec.output;
  pool.window = spec.window;
  const auto average = MakeQuantizedAveragePoolKernel(pool);
  ASSERT_TRUE(average.ok());
  Check(**average, Elements(spec.output));
}

// A layer of ResNet-50 takes about half as long in 8 bits as in 16.
TEST(Kernels, CyclesOfQuantizedConvolution) {
  const Dims input = {1, 256, 14, 14};
  const auto narrow = MakeConvKernel(QuantizedConv(input, 256, 3, 1, 1));
  const auto wide = MakeConvKernel(Conv(input, 256, 3, 1, 1, DType::kF16));
  ASSERT_TRUE(narrow.ok() && wide.ok());
  EXPECT_EQ(CyclesOf(**narrow), 15302);
  EXPECT_EQ(CyclesOf(**wide), 29073);
}

// Biases and tables of all channels come in one copy each.
TEST(Kernels, ConstantsOfChannelsAreDealtToLanes) {
  ConvSpec spec = QuantizedConv({1, 64, 7, 7}, 300, 1, 1, 0);
  const auto kernel = MakeConvKernel(spec);
  ASSERT_TRUE(kernel.ok());
  Tensor table(DType::kI32, {300, 3});
  for (int i = 0; i < 900; ++i) table.data<int32_t>()[i] = i;
  const Tensor packed = (*kernel)->PackConstant(3, table);
  EXPECT_EQ(packed.shape(), (std::vector<int64_t>{1, 64, 5, 16}));
  for (int64_t c : {0, 63, 64, 299})
    for (int64_t k = 0; k < 3; ++k)
      EXPECT_EQ(packed.data<int32_t>()[(c % 64 * 5 + c / 64) * 16 + k],
                c * 3 + k);
  const Slice all = Whole((*kernel)->parts()[0].result.shape);
  EXPECT_EQ((*kernel)->OperandSlice((*kernel)->parts()[0], 3, all, 0).size,
            (Dims{1, 64, 5, 16}));
}

TEST(Kernels, DepthwiseSlicesRowsAndChannels) {
  ConvSpec spec = Conv({1, 130, 200, 300}, 130, 5, 2, 2, DType::kBF16);
  const auto kernel = MakeDepthwiseKernel(spec);
  ASSERT_TRUE(kernel.ok());
  Check(**kernel, Elements(spec.output));
}

// 3 zeros between neighbours: slices may begin at one of them.
TEST(Kernels, TransposedConvolutionIsSliced) {
  ConvSpec spec = Conv({1, 24, 60, 90}, 5, 5, 1, 4, DType::kF32);
  spec.window.insert_h = spec.window.insert_w = 3;
  spec.output = {1, 5, 59 * 4 + 5, 89 * 4 + 5};
  const auto kernel = MakeConvKernel(spec);
  ASSERT_TRUE(kernel.ok());
  const auto plan = PlanSlices(**kernel, isa::kLaneBytes);
  ASSERT_TRUE(plan.ok());
  EXPECT_GT(Steps(**kernel, *plan).size(), 1u);
  Check(**kernel, Elements(spec.output));
}

TEST(Kernels, WindowsBetweenElementsAreRefused) {
  ConvSpec spec = Conv({1, 3, 8, 8}, 3, 2, 1, 1, DType::kF32);
  spec.window.insert_h = spec.window.insert_w = 2;
  EXPECT_FALSE(MakeConvKernel(spec).ok());
}

TEST(Kernels, ConcatOfUnequalParts) {
  for (int axis : {0, 1, 2, 3}) {
    ConcatSpec spec;
    spec.axis = axis;
    spec.dtype = DType::kF16;
    for (int64_t length : {1, 70, 3}) {
      std::vector<int64_t> shape = {2, 3, 5, 7};
      shape[axis] = length;
      spec.inputs.push_back(shape);
    }
    const int64_t extents[] = {2, 3, 5, 7};
    Check(*MakeConcatKernel(spec), 74 * 2 * 3 * 5 * 7 / extents[axis]);
  }
}

TEST(Kernels, LongConcatIsSliced) {
  ConcatSpec spec;
  spec.inputs = {{100000}, {70001}};
  Check(*MakeConcatKernel(spec), 170001);
}

void CheckView(const ElementView& view, DType dtype = DType::kF16) {
  const auto kernel = MakeViewCopyKernel({view, dtype});
  ASSERT_TRUE(kernel.ok()) << kernel.status();
  Check(**kernel, view.NumElements());
}

TEST(Kernels, PermutedViews) {
  const std::vector<int64_t> shape = {3, 4, 5, 6, 7, 2};
  std::vector<int64_t> order = {0, 1, 2, 3, 4, 5};
  for (int i = 0; i < 720; ++i) {
    std::next_permutation(order.begin(), order.end());
    if (i % 7 == 0) CheckView(PermutedView(shape, order));
  }
}

TEST(Kernels, LongPermutedViewsAreSliced) {
  CheckView(PermutedView({3, 70000}, {1, 0}));
  CheckView(PermutedView({2, 3, 70000}, {1, 0, 2}));
}

TEST(Kernels, SlicedViews) {
  CheckView(SlicedView({9, 9, 9}, {0, 1, 2}, {2, 3, 1}, {5, 2, 7}));
  CheckView(SlicedView({9, 9, 9}, {8, 1, 8}, {-4, 3, -2}, {3, 2, 5}));
}

TEST(Kernels, ViewsOfTooManyCopiesAreRefused) {
  EXPECT_FALSE(MakeViewCopyKernel(
                   {SlicedView({20000}, {19999}, {-1}, {20000}), DType::kF32})
                   .ok());
}

TEST(Kernels, IndexSelectIsSliced) {
  IndexSelectSpec spec;
  spec.input = {2, 3, 60, 80};
  for (int64_t i = 0; i < 240; ++i) spec.rows.push_back(i / 4);
  for (int64_t i = 0; i < 120; ++i) spec.columns.push_back(i * 2 / 3);
  const auto kernel = MakeIndexSelectKernel(spec);
  const auto plan = PlanSlices(*kernel, isa::kLaneBytes);
  ASSERT_TRUE(plan.ok());
  EXPECT_GT(Steps(*kernel, *plan).size(), 1u);
  Check(*kernel, 2 * 3 * 240 * 120);
}

TEST(Kernels, WideMatrixProduct) {
  MatMulSpec spec;
  spec.m = 3;
  spec.k = 25088;
  spec.n = 300;
  spec.dtype = DType::kF32;
  spec.has_bias = true;
  const auto kernel = MakeMatMulKernel(spec);
  ASSERT_TRUE(kernel.ok());
  Check(**kernel, 900);
}

TEST(Kernels, ReduceWithShortLastChunk) {
  ReduceSpec spec;
  spec.outer = 2;
  spec.length = 1003;
  spec.inner = 5;
  spec.chunk = 100;
  const auto kernel = MakeReduceKernel(spec);
  ASSERT_TRUE(kernel.ok());
  Check(**kernel, 2 * 11 * 5);
}

TEST(Kernels, FlatElementwiseWithRest) {
  for (int64_t count : {1, 63, 64, 65, 1003, 100000, 3000017}) {
    UnarySpec spec;
    spec.shape = {count};
    Check(*MakeExpKernel(spec), count);
  }
}

TEST(Kernels, FlatElementsOf8Bits) {
  for (int64_t count : {1, 63, 64, 65, 1003, 3000017}) {
    UnarySpec unary;
    unary.shape = {count};
    unary.input = DType::kBF16;
    unary.output = DType::kI8;
    Check(*MakeQuantizeKernel({unary, 3.0f, 5}), count);
    std::swap(unary.input, unary.output);
    Check(*MakeDequantizeKernel({unary, 3.0f, 5}), count);
    unary.output = DType::kU8;
    Check(*MakeRequantKernel({unary, 5, {3, -1, 0}}), count);
    Check(*MakeLutKernel(unary, false), count);
  }
}

TEST(Kernels, LookupOfEachChannel) {
  UnarySpec unary;
  unary.input = unary.output = DType::kI8;
  unary.views = Views::kNatural;
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{2, 70, 5, 6}, {1, 3, 1, 1}, {1, 200, 300, 301}}) {
    unary.shape = shape;
    Check(*MakeLutKernel(unary, true),
          shape[0] * shape[1] * shape[2] * shape[3]);
  }
}

TEST(Kernels, Broadcasts) {
  using Shape = std::vector<int64_t>;
  const struct {
    Shape lhs, rhs, shape;
  } cases[] = {
      {{2, 70, 5, 6}, {70, 1, 1}, {2, 70, 5, 6}},
      {{2, 70, 5, 6}, {1}, {2, 70, 5, 6}},
      {{3, 1, 5}, {4, 1}, {3, 4, 5}},
      {{1, 8, 30000}, {8, 1}, {1, 8, 30000}},
      {{3, 30000}, {1, 30000}, {3, 30000}},
      {{2, 1, 3, 1, 4, 1}, {1, 5, 1, 6, 1, 7}, {2, 5, 3, 6, 4, 7}},
  };
  for (const auto& c : cases) {
    BinarySpec spec;
    spec.shape = c.shape;
    spec.lhs = c.lhs;
    spec.rhs = c.rhs;
    int64_t elements = 1;
    for (int64_t d : c.shape) elements *= d;
    Check(*MakeBinaryKernel(spec), elements);
    QuantizedBinarySpec quantized;
    quantized.shape = c.shape;
    quantized.operands[0] = {c.lhs, DType::kI8, 3, 77};
    quantized.operands[1] = {c.rhs, DType::kU8, 0, 99};
    quantized.scaling = {1, -9, 4};
    for (const bool adds : {true, false}) {
      quantized.adds = adds;
      Check(*MakeQuantizedBinaryKernel(quantized), elements);
    }
  }
}

TEST(Kernels, WindowsInThePaddingAreRefused) {
  ConvSpec spec = Conv({1, 3, 8, 8}, 3, 1, 1, 2, DType::kF32);
  EXPECT_FALSE(MakeConvKernel(spec).ok());
}

}  // namespace
}  // namespace tpuc::bm1684x
