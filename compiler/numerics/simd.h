// SPDX-License-Identifier: Apache-2.0
// Internal to numerics: code between TPUC_BEGIN_AVX2 and TPUC_END_AVX2 is
// compiled for AVX2 + F16C (not FMA: products are rounded before sums) and may
// run only when UseAvx2() is true. On other processors the section is absent
// and TPUC_HAVE_AVX2 is 0.
#pragma once

#include "compiler/numerics/float_format.h"

#if defined(__x86_64__)
#define TPUC_HAVE_AVX2 1
#include <immintrin.h>
#if defined(__clang__)
// clang-format off: the formatter splits the string.
#define TPUC_BEGIN_AVX2 \
  _Pragma("clang attribute push(__attribute__((target(\"avx2,f16c\"))), apply_to = function)")
// clang-format on
#define TPUC_END_AVX2 _Pragma("clang attribute pop")
#else
#define TPUC_BEGIN_AVX2 \
  _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,f16c\")")
#define TPUC_END_AVX2 _Pragma("GCC pop_options")
#endif
#else
#define TPUC_HAVE_AVX2 0
#endif

namespace tpuc::numerics {

inline bool UseAvx2() { return CurrentVectorLevel() == VectorLevel::kAvx2; }

}  // namespace tpuc::numerics
