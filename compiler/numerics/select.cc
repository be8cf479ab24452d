// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/select.h"

#include <algorithm>

#include "compiler/numerics/float_format.h"
#include "compiler/numerics/integer.h"
#include "compiler/numerics/simd.h"

namespace tpuc::numerics {
namespace {

constexpr int64_t kChunk = 256;

template <typename T>
void MaskLoop(Relation relation, int64_t count, const T* a, const T* b,
              uint8_t* mask) {
  Vectorized([=]() TPUC_INLINE_LOOP {
    switch (relation) {
      case Relation::kGreater:
        for (int64_t i = 0; i < count; ++i) mask[i] = a[i] > b[i] ? 0xFF : 0;
        break;
      case Relation::kLess:
        for (int64_t i = 0; i < count; ++i) mask[i] = a[i] >= b[i] ? 0 : 0xFF;
        break;
      case Relation::kEqual:
        for (int64_t i = 0; i < count; ++i) mask[i] = a[i] == b[i] ? 0xFF : 0;
        break;
    }
  });
}

template <typename T>
void SelectLoop(const uint8_t* mask, int64_t count, RowOperand yes,
                RowOperand no, void* dst, int64_t dst_stride) {
  const T* t = static_cast<const T*>(yes.data);
  const T* f = static_cast<const T*>(no.data);
  T* out = static_cast<T*>(dst);
  const auto pick = [=](int64_t i) TPUC_INLINE_LOOP {
    return mask[i] != 0 ? t[i * yes.stride] : f[i * no.stride];
  };
  if (dst_stride != 1 || yes.stride != 1 || no.stride > 1) {
    for (int64_t i = 0; i < count; ++i) out[i * dst_stride] = pick(i);
  } else if (no.stride == 0) {
    const T other = f[0];
    Vectorized([=]() TPUC_INLINE_LOOP {
      for (int64_t i = 0; i < count; ++i) out[i] = mask[i] != 0 ? t[i] : other;
    });
  } else {
    Vectorized([=]() TPUC_INLINE_LOOP {
      for (int64_t i = 0; i < count; ++i) out[i] = mask[i] != 0 ? t[i] : f[i];
    });
  }
}

RowOperand Advance(RowOperand row, DType type, int64_t elements) {
  row.data = static_cast<const char*>(row.data) +
             elements * row.stride * static_cast<int64_t>(SizeOf(type));
  return row;
}

}  // namespace

void CompareMask(Relation relation, DType type, int64_t count, RowOperand a,
                 RowOperand b, uint8_t* mask) {
  const bool as_float = IsFloat(type) && relation != Relation::kEqual;
  for (int64_t i = 0; i < count; i += kChunk) {
    const int64_t part = std::min(kChunk, count - i);
    const RowOperand pa = Advance(a, type, i), pb = Advance(b, type, i);
    int64_t x[kChunk], y[kChunk];
    const bool needs_bits = !as_float || relation == Relation::kLess;
    if (needs_bits) {
      LoadIntegerRow(type, pa.data, pa.stride, part, x);
      LoadIntegerRow(type, pb.data, pb.stride, part, y);
    }
    if (!as_float) {
      MaskLoop(relation, part, x, y, mask + i);
      continue;
    }
    float u[kChunk], v[kChunk];
    LoadFloatRow(type, pa.data, pa.stride, part, u);
    LoadFloatRow(type, pb.data, pb.stride, part, v);
    MaskLoop(relation, part, u, v, mask + i);
    if (relation == Relation::kLess) {
      for (int64_t j = 0; j < part; ++j) {
        if (x[j] == y[j]) mask[i + j] = 0;
      }
    }
  }
}

void SelectRow(const uint8_t* mask, DType type, int64_t count, RowOperand yes,
               RowOperand no, void* dst, int64_t dst_stride) {
  switch (SizeOf(type)) {
    case 1:
      return SelectLoop<uint8_t>(mask, count, yes, no, dst, dst_stride);
    case 2:
      return SelectLoop<uint16_t>(mask, count, yes, no, dst, dst_stride);
    case 4:
      return SelectLoop<uint32_t>(mask, count, yes, no, dst, dst_stride);
    default:
      return SelectLoop<uint64_t>(mask, count, yes, no, dst, dst_stride);
  }
}

void FlushDenormalRow(DType type, int64_t count, void* data, int64_t stride) {
  if (type == DType::kBF16) {
    uint16_t* p = static_cast<uint16_t*>(data);
    for (int64_t i = 0; i < count; ++i) {
      uint16_t& x = p[i * stride];
      if ((x & 0x7F80) == 0) x &= 0x8000;
    }
  } else if (type == DType::kF32) {
    uint32_t* p = static_cast<uint32_t*>(data);
    for (int64_t i = 0; i < count; ++i) {
      uint32_t& x = p[i * stride];
      if ((x & 0x7F800000) == 0) x &= 0x80000000;
    }
  }
}

}  // namespace tpuc::numerics
