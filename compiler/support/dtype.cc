// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/dtype.h"

namespace tpuc {

const char* Name(DType type) {
  switch (type) {
    case DType::kF32:
      return "f32";
    case DType::kF16:
      return "f16";
    case DType::kBF16:
      return "bf16";
    case DType::kI8:
      return "i8";
    case DType::kU8:
      return "u8";
    case DType::kI16:
      return "i16";
    case DType::kU16:
      return "u16";
    case DType::kI32:
      return "i32";
    case DType::kU32:
      return "u32";
    case DType::kI64:
      return "i64";
    case DType::kBool:
      return "bool";
    case DType::kF64:
      return "f64";
  }
  return "unknown";
}

}  // namespace tpuc
