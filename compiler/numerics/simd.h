// SPDX-License-Identifier: Apache-2.0
// Internal to numerics: code for several instruction sets in one program.
//
// Functions between TPUC_BEGIN_AVX2 and TPUC_END_AVX2 are compiled for AVX2 +
// F16C, those between TPUC_BEGIN_AVX512 and TPUC_END_AVX512 for AVX-512 F, BW,
// DQ and VL too. They may run only when CurrentVectorLevel() says so. Products
// are rounded before sums: FMA is never used. On other processors the sections
// are absent and TPUC_HAVE_X86 is 0.
//
// Vectorized() compiles an ordinary loop for each level:
//   Vectorized([=]() TPUC_INLINE_LOOP {
//     for (int64_t i = 0; i < count; ++i) r[i] = a[i] + b[i];
//   });
#pragma once

#include "compiler/numerics/float_format.h"

#if defined(__x86_64__)
#define TPUC_HAVE_X86 1
#include <immintrin.h>
#if defined(__clang__)
// clang-format off: the formatter splits the strings.
#define TPUC_BEGIN_AVX2 \
  _Pragma("clang attribute push(__attribute__((target(\"avx2,f16c\"))), apply_to = function)")
#define TPUC_BEGIN_AVX512 \
  _Pragma("clang attribute push(__attribute__((target(\"avx2,f16c,avx512f,avx512bw,avx512dq,avx512vl\"))), apply_to = function)")
// clang-format on
#define TPUC_END_AVX2 _Pragma("clang attribute pop")
#else
#define TPUC_BEGIN_AVX2 \
  _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,f16c\")")
#define TPUC_BEGIN_AVX512     \
  _Pragma("GCC push_options") \
      _Pragma("GCC target(\"avx2,f16c,avx512f,avx512bw,avx512dq,avx512vl\")")
#define TPUC_END_AVX2 _Pragma("GCC pop_options")
#endif
#define TPUC_END_AVX512 TPUC_END_AVX2
#else
#define TPUC_HAVE_X86 0
#endif

// Between the parameters and the body of a loop's lambda.
#define TPUC_INLINE_LOOP __attribute__((always_inline))

namespace tpuc::numerics {

inline bool UseAvx2() { return CurrentVectorLevel() >= VectorLevel::kAvx2; }
inline bool UseAvx512() { return CurrentVectorLevel() >= VectorLevel::kAvx512; }

#if TPUC_HAVE_X86
// The copy shows the compiler that what the loop writes isn't what it captured,
// such as its count.
template <typename Loop>
__attribute__((target("avx2,f16c"), noinline)) void RunAvx2(const Loop& loop) {
  const Loop own = loop;
  own();
}
template <typename Loop>
__attribute__((target("avx2,f16c,avx512f,avx512bw,avx512dq,avx512vl"),
               noinline)) void
RunAvx512(const Loop& loop) {
  const Loop own = loop;
  own();
}
#endif

// Calls loop() as compiled for the level in use.
template <typename Loop>
inline void Vectorized(const Loop& loop) {
#if TPUC_HAVE_X86
  if (UseAvx512()) return RunAvx512(loop);
  if (UseAvx2()) return RunAvx2(loop);
#endif
  loop();
}

}  // namespace tpuc::numerics
