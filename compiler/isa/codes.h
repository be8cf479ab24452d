// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "compiler/support/dtype.h"

// Codes and machine facts that instructions of the BM1684X speak in. Source of
// all values: docs/isa/bm1684x.md, chapters a to c.
namespace tpuc::isa {

// dtype code of the *_prec and *_data_format fields (chapter a). Signedness is
// in a separate *_sign field.
namespace prec {
inline constexpr uint64_t kInt8 = 0;
inline constexpr uint64_t kF16 = 1;
inline constexpr uint64_t kF32 = 2;
inline constexpr uint64_t kInt16 = 3;
inline constexpr uint64_t kInt32 = 4;
inline constexpr uint64_t kBF16 = 5;
}  // namespace prec

// Layout code of the *_str fields (chapter b).
namespace layout {
inline constexpr uint64_t kAligned = 0;     // channels start at 64 bytes
inline constexpr uint64_t kCompact = 1;     // no gaps
inline constexpr uint64_t kPerChannel = 2;  // one element per channel
inline constexpr uint64_t kStrides = 3;     // from the *_n_str.. fields
}  // namespace layout

// Rounding code (chapter c.0), in opd2_n_str where it applies.
namespace round_mode {
inline constexpr uint64_t kHalfToEven = 0;
inline constexpr uint64_t kHalfAwayFromZero = 1;
inline constexpr uint64_t kTowardZero = 2;
inline constexpr uint64_t kFloor = 3;
inline constexpr uint64_t kCeil = 4;
inline constexpr uint64_t kHalfUp = 5;
inline constexpr uint64_t kHalfDown = 6;
}  // namespace round_mode

// pad_mode of CONV and PorD (chapter c.2).
namespace pad_mode {
inline constexpr uint64_t kConstant = 0;
inline constexpr uint64_t kReflect = 1;
inline constexpr uint64_t kEdge = 2;
inline constexpr uint64_t kCircular = 3;
}  // namespace pad_mode

// Size of one element in bytes; 0 for a code that the chip doesn't have.
constexpr uint64_t SizeOfPrec(uint64_t code) {
  switch (code) {
    case prec::kInt8:
      return 1;
    case prec::kF16:
    case prec::kBF16:
    case prec::kInt16:
      return 2;
    case prec::kF32:
    case prec::kInt32:
      return 4;
  }
  return 0;
}

constexpr bool IsFloatPrec(uint64_t code) {
  return code == prec::kF32 || code == prec::kF16 || code == prec::kBF16;
}

// Code of an element type; no code (-1) for 64-bit types. bool is stored as u8.
constexpr int PrecOf(DType type) {
  switch (type) {
    case DType::kF32:
      return prec::kF32;
    case DType::kF16:
      return prec::kF16;
    case DType::kBF16:
      return prec::kBF16;
    case DType::kI8:
    case DType::kU8:
    case DType::kBool:
      return prec::kInt8;
    case DType::kI16:
    case DType::kU16:
      return prec::kInt16;
    case DType::kI32:
    case DType::kU32:
      return prec::kInt32;
    default:
      return -1;
  }
}

// Value of the *_sign field. Floats count as signed, as in the vendor's
// streams.
constexpr bool IsSigned(DType type) {
  return type != DType::kU8 && type != DType::kU16 && type != DType::kU32 &&
         type != DType::kBool;
}

// Machine (chapter a). Sizes and addresses in bytes.
inline constexpr int64_t kLanes = 64;
inline constexpr int64_t kLaneBytes = 0x40000;
inline constexpr int64_t kBankBytes = 0x4000;
inline constexpr int64_t kEuBytes = 64;

// Address map as GDMA sees it.
inline constexpr uint64_t kLocalBase = 0x08000000;
inline constexpr uint64_t kLocalBytes = kLanes * kLaneBytes;
inline constexpr uint64_t kStaticBase = 0x09000000;
inline constexpr uint64_t kStaticBytes = 0x4000;
inline constexpr uint64_t kL2Base = 0x10000000;
inline constexpr uint64_t kL2Bytes = 0x1FB000;
inline constexpr uint64_t kDdrBase = 0x100000000;
inline constexpr uint64_t kAddressEnd = uint64_t{1} << 40;

// Largest value of a size field (n, c, h, w) of any instruction.
inline constexpr int64_t kMaxSize = 65535;

}  // namespace tpuc::isa
