// SPDX-License-Identifier: Apache-2.0
// The AR instruction's operations (docs/isa/bm1684x.md, c.1).
//
// Example, f16 addition of two rows:
//   auto add = Elementwise::Create({ArOp::kAdd, DType::kF16, DType::kF16,
//                                   DType::kF16});
//   add->Row(count, res, 1, {a, 1}, {b, 1}, {});
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "compiler/numerics/float_format.h"
#include "compiler/numerics/view.h"
#include "compiler/support/dtype.h"

namespace tpuc::numerics {

// Values are the tsk_eu_typ codes.
enum class ArOp : uint8_t {
  kMul = 0,
  kNot = 1,
  kAdd = 2,
  kSub = 3,
  kMax = 4,
  kMin = 5,
  kLogicShift = 6,
  kAnd = 7,
  kOr = 8,
  kXor = 9,
  kSelectGreater = 10,
  kSelectEqual = 11,
  kDiv = 12,
  kSelectLess = 13,
  kCast = 14,
  kAddSaturate = 15,
  kSubSaturate = 16,
  kClamp = 17,
  kMac = 18,
  kCopy = 19,
  kMulSaturate = 20,
  kArithmeticShift = 21,
  kRotate = 22,
  kMulDoubledHigh = 23,
  kAbs = 26,
  kAbsDifference = 27,
  kFirstOne = 29,
  kFirstZero = 30,
};

struct ElementwiseSpec {
  ArOp op = ArOp::kCopy;
  DType res = DType::kF32;
  DType a = DType::kF32;
  DType b = DType::kF32;  // Ignored by operations of one operand.
  // Third operand: shift amount (an int8, read as signed) of integer mul, add,
  // sub and their saturating forms when has_shift; the selected value, of type
  // `res`, for the selects; (right << 8 | left) as 16 bits for integer kMac.
  bool has_shift = false;
  Rounding rounding = Rounding::kHalfToEven;
  int iterations = 2;  // kDiv: Newton steps - 1 (c.1 row 12).
};

// A row of an operand: stride in elements, 0 repeats one value.
struct RowOperand {
  const void* data = nullptr;
  int64_t stride = 0;
};

// An operation with its types resolved once; Row() may be called from several
// threads. f32 arithmetic happens under FTZ/DAZ whatever the caller's state.
class Elementwise {
 public:
  // Fails for combinations that the chip does not have or that docs/isa gives
  // no meaning for; the message names operation and types.
  static absl::StatusOr<Elementwise> Create(const ElementwiseSpec& spec);

  // `res` may be the same row as an operand. kMac reads res as well.
  void Row(int64_t count, void* res, int64_t res_stride, RowOperand a,
           RowOperand b, RowOperand c) const;

  // All of channels [c_begin, c_end) of a 4-D tensor; b and c may have no
  // channels when the operation doesn't read them. c: one value a channel
  // (strides are ignored), as the chip's opd2.
  void Run(const Shape4& shape, const MutablePlanes& res, const Planes& a,
           const Planes& b, const Planes& c, int64_t c_begin,
           int64_t c_end) const;

  const ElementwiseSpec& spec() const { return spec_; }

 private:
  enum class Family : uint8_t { kBits, kFloat, kInteger, kToInteger, kToFloat };
  explicit Elementwise(const ElementwiseSpec& spec, Family family)
      : spec_(spec), family_(family) {}
  void RowFlushed(int64_t count, void* res, int64_t res_stride, RowOperand a,
                  RowOperand b, RowOperand c) const;

  ElementwiseSpec spec_;
  Family family_;
};

// Name of an operation as in docs/isa ("mul", "select gt", ...).
const char* Name(ArOp op);

}  // namespace tpuc::numerics
