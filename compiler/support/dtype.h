// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace tpuc {

// Element types of tensors in memory and in files. Signedness is part of the
// type here; the chip's 3-bit precision code (docs/isa/bm1684x.md, a) has it
// in a separate bit.
enum class DType : uint8_t {
  kF32,
  kF16,
  kBF16,
  kI8,
  kU8,
  kI16,
  kU16,
  kI32,
  kU32,
  kI64,
  kBool,
  kF64,
};

// Size of one element in bytes.
constexpr size_t SizeOf(DType type) {
  switch (type) {
    case DType::kI8:
    case DType::kU8:
    case DType::kBool:
      return 1;
    case DType::kF16:
    case DType::kBF16:
    case DType::kI16:
    case DType::kU16:
      return 2;
    case DType::kF32:
    case DType::kI32:
    case DType::kU32:
      return 4;
    case DType::kI64:
    case DType::kF64:
      return 8;
  }
  return 0;
}

// Lower-case name: "f32", "bf16", "i8", "u8", "bool", ...
const char* Name(DType type);

}  // namespace tpuc
