// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "compiler/isa/instruction.h"
#include "compiler/target/bm1684x/layout.h"

// Builds instructions from tensors. Instructions come out in program order with
// neither numbers nor waits (sync.h adds both).
namespace tpuc::bm1684x {

// An operand of AR: a tensor, possibly with some strides 0 so that it repeats,
// or an immediate given by its bits in `dtype`.
struct ArOperand {
  static ArOperand Of(const LocalTensor& tensor);
  // `tensor` read under `shape`: dimensions of size 1 repeat (n, h and w only;
  // channels don't cross lanes).
  static ArOperand Broadcast(const LocalTensor& tensor, const Dims& shape);
  static ArOperand Constant(DType dtype, uint32_t bits);

  DType dtype = DType::kF32;
  bool is_constant = false;
  uint32_t bits = 0;
  int64_t address = 0;
  uint64_t layout = 0;
  Dims strides = {0, 0, 0, 0};
};

// Bits of `value`, rounded to nearest even in a float type and to the integer
// in an integer type.
uint32_t ConstantBits(DType dtype, double value);

// The window of a convolution or pooling on one slice.
struct WindowFields {
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t insert_h = 0, insert_w = 0;  // zeros between neighbours
  int64_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  uint32_t pad_bits = 0;  // what pads hold, in the input's type
};

class Emitter {
 public:
  // c.1. `op` is one of isa::SAr::Op; two operands. Operands of other types
  // than the result's are only for integers.
  void Ar(uint64_t op, const LocalTensor& result, const ArOperand& a,
          const ArOperand& b);
  // saturate((a + b) << shift), integers.
  void AddShift(const LocalTensor& result, const ArOperand& a,
                const ArOperand& b, int shift);
  // saturate((a - b) << shift), integers.
  void SubtractShift(const LocalTensor& result, const ArOperand& a,
                     const ArOperand& b, int shift);
  // AR division with three Newton steps, f32.
  void Divide(const LocalTensor& result, const ArOperand& a,
              const ArOperand& b);
  void Abs(const LocalTensor& result, const LocalTensor& input);
  // Cast to the result's type; `rounding` is one of isa::round_mode.
  void Cast(const LocalTensor& result, const LocalTensor& input,
            uint64_t rounding);
  // AR copy of `shape`, both tensors read under strides of their own (elements
  // of n, channel group, h, w; 0 repeats, for the input only).
  struct Strided {
    int64_t address = 0;
    Dims strides = {0, 0, 0, 0};
  };
  void StridedCopy(DType dtype, const Dims& shape, const Strided& result,
                   const Strided& input);
  // Every element of a channel becomes the channel's value, compact
  // [1, C, 1, 1] of the result's type.
  void FillChannels(const LocalTensor& result, int64_t values_address);
  // c.6, rq1 with immediates: requant(input, multiplier, shift, zero_point) of
  // the dialect; input of 16 or 32 bits.
  void Requantize(const LocalTensor& result, const LocalTensor& input,
                  int32_t multiplier, int32_t shift, int32_t zero_point);
  // The same with the three of each channel from a table, aligned [1, C, 1, 3].
  void RequantizeChannels(const LocalTensor& result, const LocalTensor& input,
                          int64_t table_address);
  // c.6, dq0: f32(input - zero_point) * scale, 8 or 16 bits to f32.
  void Dequantize(const LocalTensor& result, const LocalTensor& input,
                  int32_t zero_point, float scale);
  // c.6, dq1 without a shift: (input - zero_point) * multiplier, integers.
  void Scale(const LocalTensor& result, const LocalTensor& input,
             int32_t zero_point, int32_t multiplier);
  // c.11, eu 5: table[input & 255] of 8 bits, the table being in every lane, or
  // one for each channel, aligned.
  void Lookup(const LocalTensor& result, const LocalTensor& input,
              int64_t table_address, bool per_channel = false);
  // c.2. filter in the nIC layout, i8 for 8-bit inputs; bias per channel in f32
  // or null, null for 8-bit inputs. With `accumulate` the result, f32 or i32,
  // adds to what it held.
  void Conv(const LocalTensor& result, const LocalTensor& input,
            int64_t filter_address, const int64_t* bias_address,
            const WindowFields& window, bool accumulate);
  // c.5, f16 and bf16: left [1, M, 1, K] x right [1, K, 1, N] ([1, N, 1, K]
  // when transposed). With `accumulate` the f32 result adds to what it held.
  void MultiplyRows(const LocalTensor& result, const LocalTensor& left,
                    const LocalTensor& right, bool right_transposed,
                    bool accumulate);
  // c.3. Compact filter, bias of the data's type or null. For 8-bit inputs the
  // filter is i8, bias and result i32.
  void Depthwise(const LocalTensor& result, const LocalTensor& input,
                 int64_t filter_address, const int64_t* bias_address,
                 const WindowFields& window);
  // i32: start + the sum of the window, of 8-bit inputs.
  void WindowSum(const LocalTensor& result, const LocalTensor& input,
                 int32_t start, const WindowFields& window);
  void AveragePool(const LocalTensor& result, const LocalTensor& input,
                   uint32_t scale_bits, const WindowFields& window);
  void MaxPool(const LocalTensor& result, const LocalTensor& input,
               const WindowFields& window);
  // c.7, eu 12: `count` coefficients in every lane at `table_address`.
  void Taylor(const LocalTensor& result, const LocalTensor& input,
              int64_t table_address, int64_t count);
  // c.7, eu 15: the biased exponent of f32, as int32.
  void Exponent(const LocalTensor& result, const LocalTensor& input);
  // c.7, eu 17, with three Newton steps, f32.
  void Rsqrt(const LocalTensor& result, const LocalTensor& input);
  // c.10, eu 4: `count` 32-bit words of static memory to every lane.
  void StaticBroadcast(int64_t address, int64_t static_offset, int64_t count);

  // DDR box <-> local tensor of the same shape. `ddr_address` is that of the
  // box's first element, in bytes; `strides` in elements.
  void Load(const LocalTensor& local, uint64_t ddr_address,
            const Dims& strides);
  void Store(uint64_t ddr_address, const Dims& strides,
             const LocalTensor& local);
  // DDR box -> DDR box.
  void Move(DType dtype, const Dims& shape, const DdrBox& result,
            const DdrBox& input);
  // The same by a c/w transpose: the input is dense along c, the result along
  // w.
  void MoveTransposed(DType dtype, const Dims& shape, const DdrBox& result,
                      const DdrBox& input);

  const std::vector<isa::Instruction>& instructions() const {
    return instructions_;
  }
  std::vector<isa::Instruction> Take() { return std::move(instructions_); }

 private:
  void IntegerShift(uint64_t op, const LocalTensor& result, const ArOperand& a,
                    const ArOperand& b, int shift);
  void Copy(const LocalTensor& local, uint64_t ddr_address, const Dims& strides,
            bool is_load);
  void CopyTransposed(const LocalTensor& local, uint64_t ddr_address,
                      const Dims& strides, bool is_load);
  void CopyMatrixRow(const LocalTensor& local, uint64_t ddr_address,
                     bool is_load);
  void LoadBroadcast(const LocalTensor& local, uint64_t ddr_address,
                     const Dims& strides);
  isa::SPorD Window(const LocalTensor& result, const LocalTensor& input,
                    const WindowFields& window);

  std::vector<isa::Instruction> instructions_;
};

}  // namespace tpuc::bm1684x
