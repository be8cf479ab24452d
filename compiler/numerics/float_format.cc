// SPDX-License-Identifier: Apache-2.0
#include "compiler/numerics/float_format.h"

#include <algorithm>
#include <cstring>

#include "compiler/numerics/simd.h"

namespace tpuc::numerics {
namespace {

constexpr uint32_t kSignBit = 0x80000000u;
constexpr uint32_t kInfinityBits = 0x7F800000u;
constexpr uint16_t kNan16 = 0x7FFF;
// The f32 denormals from here on are nearest to the smallest normal number
// when they are rounded to the 8 bits of a bf16.
constexpr uint32_t kRoundsToNormal = 0x007FC000;

bool RoundsUp(uint32_t quotient, uint32_t rest, uint32_t half, bool negative,
              Rounding mode) {
  switch (mode) {
    case Rounding::kHalfToEven:
      return rest > half || (rest == half && (quotient & 1));
    case Rounding::kHalfAwayFromZero:
    case Rounding::kHalfUp:
      return rest >= half;
    case Rounding::kHalfDown:
      return rest > half;
    case Rounding::kTowardZero:
      return false;
    case Rounding::kDown:
      return negative && rest != 0;
    case Rounding::kUp:
      return !negative && rest != 0;
  }
  return false;
}

VectorLevel BestLevel() {
#if TPUC_HAVE_X86
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("f16c")) {
    return VectorLevel::kScalar;
  }
  if (!__builtin_cpu_supports("avx512f") ||
      !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512vl")) {
    return VectorLevel::kAvx2;
  }
  return __builtin_cpu_supports("avx512vnni") ? VectorLevel::kAvx512Vnni
                                              : VectorLevel::kAvx512;
#else
  return VectorLevel::kScalar;
#endif
}

VectorLevel& Level() {
  static VectorLevel level = BestLevel();
  return level;
}

#if TPUC_HAVE_X86
TPUC_BEGIN_AVX2

__m256 WidenF16(__m128i h) { return _mm256_cvtph_ps(h); }

__m256 WidenBF16(__m128i h) {
  const __m256i exponent = _mm256_set1_epi32(0x7F800000);
  const __m256i sign = _mm256_set1_epi32(static_cast<int>(kSignBit));
  const __m256i wide = _mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16);
  const __m256i denormal = _mm256_cmpeq_epi32(_mm256_and_si256(wide, exponent),
                                              _mm256_setzero_si256());
  const __m256i flushed = _mm256_and_si256(wide, sign);
  return _mm256_castsi256_ps(_mm256_blendv_epi8(wide, flushed, denormal));
}

__m128i NarrowF16(__m256 x) {
  const __m128i nan = _mm_set1_epi16(kNan16);
  const __m128i h = _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
  const __m256i unordered =
      _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  const __m128i mask = _mm_packs_epi32(_mm256_castsi256_si128(unordered),
                                       _mm256_extracti128_si256(unordered, 1));
  return _mm_blendv_epi8(h, nan, mask);
}

__m128i NarrowBF16(__m256 x) {
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i bias = _mm256_set1_epi32(0x7FFF);
  const __m256i exponent = _mm256_set1_epi32(0x7F800000);
  const __m256i sign = _mm256_set1_epi32(static_cast<int>(kSignBit));
  const __m256i nan = _mm256_set1_epi32(kNan16);
  const __m256i below_normal = _mm256_set1_epi32(kRoundsToNormal - 1);
  const __m256i smallest = _mm256_set1_epi32(0x00800000);
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), one);
  __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(bias, odd));
  const __m256i denormal = _mm256_cmpeq_epi32(_mm256_and_si256(bits, exponent),
                                              _mm256_setzero_si256());
  const __m256i magnitude = _mm256_andnot_si256(sign, bits);
  const __m256i up =
      _mm256_and_si256(_mm256_cmpgt_epi32(magnitude, below_normal), smallest);
  rounded = _mm256_blendv_epi8(
      rounded, _mm256_or_si256(_mm256_and_si256(bits, sign), up), denormal);
  __m256i h = _mm256_srli_epi32(rounded, 16);
  const __m256i unordered =
      _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  h = _mm256_blendv_epi8(h, nan, unordered);
  return _mm_packus_epi32(_mm256_castsi256_si128(h),
                          _mm256_extracti128_si256(h, 1));
}

// The last, incomplete vector goes through a buffer.
template <__m256 (*kWiden)(__m128i)>
void LoadAvx2(const uint16_t* in, int64_t count, float* out) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(
        out + i,
        kWiden(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i))));
  }
  if (i == count) return;
  alignas(16) uint16_t rest[8] = {};
  alignas(32) float wide[8];
  std::memcpy(rest, in + i, static_cast<size_t>(count - i) * 2);
  _mm256_store_ps(
      wide, kWiden(_mm_load_si128(reinterpret_cast<const __m128i*>(rest))));
  std::memcpy(out + i, wide, static_cast<size_t>(count - i) * 4);
}

template <__m128i (*kNarrow)(__m256)>
void StoreAvx2(const float* in, int64_t count, uint16_t* out) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                     kNarrow(_mm256_loadu_ps(in + i)));
  }
  if (i == count) return;
  alignas(32) float rest[8] = {};
  alignas(16) uint16_t narrow[8];
  std::memcpy(rest, in + i, static_cast<size_t>(count - i) * 4);
  _mm_store_si128(reinterpret_cast<__m128i*>(narrow),
                  kNarrow(_mm256_load_ps(rest)));
  std::memcpy(out + i, narrow, static_cast<size_t>(count - i) * 2);
}

template <__m256 (*kWiden)(__m128i), __m128i (*kNarrow)(__m256)>
void RoundAvx2(int64_t count, float* x) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(x + i, kWiden(kNarrow(_mm256_loadu_ps(x + i))));
  }
  if (i == count) return;
  alignas(32) float rest[8] = {};
  std::memcpy(rest, x + i, static_cast<size_t>(count - i) * 4);
  _mm256_store_ps(rest, kWiden(kNarrow(_mm256_load_ps(rest))));
  std::memcpy(x + i, rest, static_cast<size_t>(count - i) * 4);
}

TPUC_END_AVX2
TPUC_BEGIN_AVX512

__mmask16 FirstOf(int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xFFFF : (1u << count) - 1);
}

__m512 WidenF16Wide(__m256i h) { return _mm512_cvtph_ps(h); }

__m512 WidenBF16Wide(__m256i h) {
  const __m512i wide = _mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16);
  const __mmask16 denormal =
      _mm512_testn_epi32_mask(wide, _mm512_set1_epi32(0x7F800000));
  return _mm512_castsi512_ps(_mm512_mask_and_epi32(
      wide, denormal, wide, _mm512_set1_epi32(static_cast<int>(kSignBit))));
}

__m256i NarrowF16Wide(__m512 x) {
  const __m256i h = _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
  return _mm256_mask_mov_epi16(h, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q),
                               _mm256_set1_epi16(kNan16));
}

__m256i NarrowBF16Wide(__m512 x) {
  const __m512i bits = _mm512_castps_si512(x);
  const __m512i sign = _mm512_set1_epi32(static_cast<int>(kSignBit));
  const __m512i odd =
      _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  __m512i rounded =
      _mm512_add_epi32(bits, _mm512_add_epi32(_mm512_set1_epi32(0x7FFF), odd));
  const __mmask16 denormal =
      _mm512_testn_epi32_mask(bits, _mm512_set1_epi32(0x7F800000));
  const __mmask16 up = _mm512_cmpge_epi32_mask(
      _mm512_andnot_si512(sign, bits),
      _mm512_set1_epi32(static_cast<int>(kRoundsToNormal)));
  const __m512i flushed = _mm512_mask_or_epi32(_mm512_and_si512(bits, sign), up,
                                               _mm512_and_si512(bits, sign),
                                               _mm512_set1_epi32(0x00800000));
  rounded = _mm512_mask_mov_epi32(rounded, denormal, flushed);
  const __m256i h = _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
  return _mm256_mask_mov_epi16(h, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q),
                               _mm256_set1_epi16(kNan16));
}

template <__m512 (*kWiden)(__m256i)>
void LoadAvx512(const uint16_t* in, int64_t count, float* out) {
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = FirstOf(count - i);
    _mm512_mask_storeu_ps(out + i, mask,
                          kWiden(_mm256_maskz_loadu_epi16(mask, in + i)));
  }
}

template <__m256i (*kNarrow)(__m512)>
void StoreAvx512(const float* in, int64_t count, uint16_t* out) {
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = FirstOf(count - i);
    _mm256_mask_storeu_epi16(out + i, mask,
                             kNarrow(_mm512_maskz_loadu_ps(mask, in + i)));
  }
}

template <__m512 (*kWiden)(__m256i), __m256i (*kNarrow)(__m512)>
void RoundAvx512(int64_t count, float* x) {
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = FirstOf(count - i);
    _mm512_mask_storeu_ps(x + i, mask,
                          kWiden(kNarrow(_mm512_maskz_loadu_ps(mask, x + i))));
  }
}

TPUC_END_AVX512
#endif

// Dense rows of 16-bit floats.
void LoadDense(DType type, const uint16_t* in, int64_t count, float* out) {
  const bool half = type == DType::kF16;
#if TPUC_HAVE_X86
  if (UseAvx512()) {
    return half ? LoadAvx512<WidenF16Wide>(in, count, out)
                : LoadAvx512<WidenBF16Wide>(in, count, out);
  }
  if (UseAvx2()) {
    return half ? LoadAvx2<WidenF16>(in, count, out)
                : LoadAvx2<WidenBF16>(in, count, out);
  }
#endif
  for (int64_t i = 0; i < count; ++i) {
    out[i] = half ? F16ToF32(in[i]) : BF16ToF32(in[i]);
  }
}

void StoreDense(DType type, const float* in, int64_t count, uint16_t* out) {
  const bool half = type == DType::kF16;
#if TPUC_HAVE_X86
  if (UseAvx512()) {
    return half ? StoreAvx512<NarrowF16Wide>(in, count, out)
                : StoreAvx512<NarrowBF16Wide>(in, count, out);
  }
  if (UseAvx2()) {
    return half ? StoreAvx2<NarrowF16>(in, count, out)
                : StoreAvx2<NarrowBF16>(in, count, out);
  }
#endif
  for (int64_t i = 0; i < count; ++i) {
    out[i] = half ? F32ToF16(in[i]) : F32ToBF16(in[i]);
  }
}

constexpr int64_t kStridedChunk = 64;

}  // namespace

VectorLevel CurrentVectorLevel() { return Level(); }

VectorLevel SetVectorLevel(VectorLevel level) {
  Level() = level < BestLevel() ? level : BestLevel();
  return Level();
}

bool FromPrecision(uint32_t code, bool is_signed, DType* type) {
  switch (static_cast<Precision>(code)) {
    case Precision::kInt8:
      *type = is_signed ? DType::kI8 : DType::kU8;
      return true;
    case Precision::kInt16:
      *type = is_signed ? DType::kI16 : DType::kU16;
      return true;
    case Precision::kInt32:
      *type = is_signed ? DType::kI32 : DType::kU32;
      return true;
    case Precision::kF16:
      *type = DType::kF16;
      return true;
    case Precision::kBF16:
      *type = DType::kBF16;
      return true;
    case Precision::kF32:
      *type = DType::kF32;
      return true;
  }
  return false;
}

Precision ToPrecision(DType type) {
  switch (type) {
    case DType::kF32:
      return Precision::kF32;
    case DType::kF16:
      return Precision::kF16;
    case DType::kBF16:
      return Precision::kBF16;
    case DType::kI16:
    case DType::kU16:
      return Precision::kInt16;
    case DType::kI32:
    case DType::kU32:
      return Precision::kInt32;
    default:
      return Precision::kInt8;
  }
}

float F16ToF32(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1F;
  uint32_t fraction = bits & 0x3FF;
  if (exponent == 0x1F) {
    const uint32_t quiet = fraction != 0 ? 0x400000u : 0u;
    return BitsFloat(sign | kInfinityBits | quiet | (fraction << 13));
  }
  if (exponent != 0) {
    return BitsFloat(sign | ((exponent + 112) << 23) | (fraction << 13));
  }
  if (fraction == 0) return BitsFloat(sign);
  uint32_t e = 113;
  while ((fraction & 0x400) == 0) {
    fraction <<= 1;
    --e;
  }
  return BitsFloat(sign | (e << 23) | ((fraction & 0x3FF) << 13));
}

float BF16ToF32(uint16_t bits) {
  if ((bits & 0x7F80) == 0) bits &= 0x8000;
  return BitsFloat(static_cast<uint32_t>(bits) << 16);
}

uint16_t F32ToF16(float value, Rounding mode) {
  const uint32_t bits = FloatBits(value);
  const uint16_t sign = static_cast<uint16_t>((bits & kSignBit) >> 16);
  const uint32_t magnitude = bits & ~kSignBit;
  if (magnitude > kInfinityBits) return kNan16;
  if (magnitude == kInfinityBits) return sign | 0x7C00;
  const int exponent = static_cast<int>(magnitude >> 23) - 127;
  if (exponent == -127) return sign;  // zero, or a denormal read as zero
  const uint32_t mantissa = (magnitude & 0x7FFFFF) | 0x800000;
  const bool normal = exponent >= -14;
  // Beyond 25 the quotient is zero and the rest below half, as at 25.
  const int shift = normal ? 13 : (exponent < -26 ? 25 : -1 - exponent);
  uint32_t quotient = mantissa >> shift;
  const uint32_t rest = mantissa & ((1u << shift) - 1);
  if (RoundsUp(quotient, rest, 1u << (shift - 1), sign != 0, mode)) ++quotient;
  const uint32_t result =
      normal ? (static_cast<uint32_t>(exponent + 14) << 10) + quotient
             : quotient;
  if (result < 0x7C00) return sign | static_cast<uint16_t>(result);
  return sign | 0x7C00;
}

uint16_t F32ToBF16(float value, Rounding mode) {
  const uint32_t bits = FloatBits(value);
  const uint16_t sign = static_cast<uint16_t>((bits & kSignBit) >> 16);
  const uint32_t magnitude = bits & ~kSignBit;
  if (magnitude > kInfinityBits) return kNan16;
  if (magnitude == kInfinityBits) return sign | 0x7F80;
  // Tiny numbers: rounded to 8 bits with any exponent first, then flushed.
  if (magnitude < 0x00800000) {
    return mode == Rounding::kHalfToEven && magnitude >= kRoundsToNormal
               ? sign | 0x80
               : sign;
  }
  uint32_t quotient = magnitude >> 16;
  if (RoundsUp(quotient, magnitude & 0xFFFF, 0x8000, sign != 0, mode)) {
    ++quotient;
  }
  if (quotient < 0x7F80) return sign | static_cast<uint16_t>(quotient);
  return sign | 0x7F80;
}

float RoundToF16(float value) { return F16ToF32(F32ToF16(value)); }
float RoundToBF16(float value) { return BF16ToF32(F32ToBF16(value)); }

int64_t MinOf(DType type) {
  switch (type) {
    case DType::kI8:
      return -128;
    case DType::kI16:
      return -32768;
    case DType::kI32:
      return INT32_MIN;
    default:
      return 0;
  }
}

int64_t MaxOf(DType type) {
  switch (type) {
    case DType::kI8:
      return 127;
    case DType::kU8:
      return 255;
    case DType::kI16:
      return 32767;
    case DType::kU16:
      return 65535;
    case DType::kI32:
      return INT32_MAX;
    case DType::kU32:
      return UINT32_MAX;
    default:
      return 1;
  }
}

float LoadFloat(DType type, const void* data, int64_t i) {
  if (type == DType::kF32) return static_cast<const float*>(data)[i];
  const uint16_t bits = static_cast<const uint16_t*>(data)[i];
  return type == DType::kF16 ? F16ToF32(bits) : BF16ToF32(bits);
}

void StoreFloat(DType type, void* data, int64_t i, float value) {
  if (type == DType::kF32) {
    static_cast<float*>(data)[i] = value;
  } else {
    static_cast<uint16_t*>(data)[i] =
        type == DType::kF16 ? F32ToF16(value) : F32ToBF16(value);
  }
}

int64_t LoadInteger(DType type, const void* data, int64_t i) {
  switch (type) {
    case DType::kI8:
      return static_cast<const int8_t*>(data)[i];
    case DType::kU8:
    case DType::kBool:
      return static_cast<const uint8_t*>(data)[i];
    case DType::kI16:
      return static_cast<const int16_t*>(data)[i];
    case DType::kU16:
      return static_cast<const uint16_t*>(data)[i];
    case DType::kI32:
      return static_cast<const int32_t*>(data)[i];
    case DType::kU32:
      return static_cast<const uint32_t*>(data)[i];
    default:
      return static_cast<const int64_t*>(data)[i];
  }
}

void StoreIntegerWrapped(DType type, void* data, int64_t i, int64_t value) {
  switch (SizeOf(type)) {
    case 1:
      static_cast<uint8_t*>(data)[i] = static_cast<uint8_t>(value);
      break;
    case 2:
      static_cast<uint16_t*>(data)[i] = static_cast<uint16_t>(value);
      break;
    case 4:
      static_cast<uint32_t*>(data)[i] = static_cast<uint32_t>(value);
      break;
    default:
      static_cast<int64_t*>(data)[i] = value;
      break;
  }
}

void LoadFloatRow(DType type, const void* data, int64_t stride, int64_t count,
                  float* out) {
  if (stride == 0) {
    const float value = count > 0 ? LoadFloat(type, data, 0) : 0.0f;
    for (int64_t i = 0; i < count; ++i) out[i] = value;
    return;
  }
  if (type == DType::kF32) {
    const float* in = static_cast<const float*>(data);
    if (stride == 1) {
      std::memmove(out, in, static_cast<size_t>(count) * 4);
    } else {
      for (int64_t i = 0; i < count; ++i) out[i] = in[i * stride];
    }
    return;
  }
  const uint16_t* in = static_cast<const uint16_t*>(data);
  if (stride == 1) return LoadDense(type, in, count, out);
  uint16_t dense[kStridedChunk];
  for (int64_t i = 0; i < count; i += kStridedChunk) {
    const int64_t part = std::min(kStridedChunk, count - i);
    for (int64_t j = 0; j < part; ++j) dense[j] = in[(i + j) * stride];
    LoadDense(type, dense, part, out + i);
  }
}

void StoreFloatRow(DType type, const float* in, int64_t count, void* data,
                   int64_t stride) {
  if (type == DType::kF32) {
    float* out = static_cast<float*>(data);
    if (stride == 1) {
      std::memmove(out, in, static_cast<size_t>(count) * 4);
    } else {
      for (int64_t i = 0; i < count; ++i) out[i * stride] = in[i];
    }
    return;
  }
  uint16_t* out = static_cast<uint16_t*>(data);
  if (stride == 1) return StoreDense(type, in, count, out);
  uint16_t dense[kStridedChunk];
  for (int64_t i = 0; i < count; i += kStridedChunk) {
    const int64_t part = std::min(kStridedChunk, count - i);
    StoreDense(type, in + i, part, dense);
    for (int64_t j = 0; j < part; ++j) out[(i + j) * stride] = dense[j];
  }
}

void RoundFloatRow(DType type, int64_t count, float* x) {
  if (type == DType::kF32) return;
  const bool half = type == DType::kF16;
#if TPUC_HAVE_X86
  if (UseAvx512()) {
    return half ? RoundAvx512<WidenF16Wide, NarrowF16Wide>(count, x)
                : RoundAvx512<WidenBF16Wide, NarrowBF16Wide>(count, x);
  }
  if (UseAvx2()) {
    return half ? RoundAvx2<WidenF16, NarrowF16>(count, x)
                : RoundAvx2<WidenBF16, NarrowBF16>(count, x);
  }
#endif
  for (int64_t i = 0; i < count; ++i) {
    x[i] = half ? RoundToF16(x[i]) : RoundToBF16(x[i]);
  }
}

#if defined(__x86_64__)
ScopedFlushDenormals::ScopedFlushDenormals(bool flush) : saved_(_mm_getcsr()) {
  constexpr uint32_t kFtzAndDaz = 0x8040;
  const uint32_t state = static_cast<uint32_t>(saved_);
  _mm_setcsr(flush ? state | kFtzAndDaz : state & ~kFtzAndDaz);
}
ScopedFlushDenormals::~ScopedFlushDenormals() {
  _mm_setcsr(static_cast<uint32_t>(saved_));
}
#elif defined(__aarch64__)
ScopedFlushDenormals::ScopedFlushDenormals(bool flush) {
  uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  saved_ = fpcr;
  constexpr uint64_t kFlushToZero = uint64_t{1} << 24;
  asm volatile(
      "msr fpcr, %0" ::"r"(flush ? fpcr | kFlushToZero : fpcr & ~kFlushToZero));
}
ScopedFlushDenormals::~ScopedFlushDenormals() {
  asm volatile("msr fpcr, %0" ::"r"(saved_));
}
#else
#error "no way to flush denormals on this processor"
#endif

}  // namespace tpuc::numerics
