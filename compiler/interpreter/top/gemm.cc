// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/top/gemm.h"

#include <algorithm>
#include <cstring>

#include "compiler/numerics/float_format.h"

// Each kernel is one inline function, compiled into one caller for each vector
// level.
#define TPUC_INLINE inline __attribute__((always_inline))
#if defined(__x86_64__)
#define TPUC_AVX2 __attribute__((target("avx2,fma")))
#define TPUC_AVX512 __attribute__((target("avx2,fma,avx512f")))
#endif

namespace tpuc::interpreter {
namespace {

template <int kLanes>
struct VectorOf {
  using Type = float __attribute__((ext_vector_type(kLanes)));
};

template <int kLanes>
TPUC_INLINE void Load(typename VectorOf<kLanes>::Type& v, const float* from) {
  std::memcpy(&v, from, sizeof(v));
}

// to[0, count) += values
template <int kLanes>
TPUC_INLINE void AddTo(float* to, const float* values, int64_t count) {
  if (count >= kLanes) {
    typename VectorOf<kLanes>::Type old, sum;
    Load<kLanes>(old, to);
    Load<kLanes>(sum, values);
    old += sum;
    std::memcpy(to, &old, sizeof(old));
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] += values[i];
  }
}

static_assert(kPanelColumns % (3 * 16) == 0 && kTileRows == 8,
              "tiles of all levels lie in one panel and in one packed tile");

// The first `rows` of kRows rows, the first `columns` of kVectors vectors.
template <int kLanes, int kRows, int kVectors>
TPUC_INLINE void Tile(int64_t terms, const float* a, const float* b,
                      int64_t rows, int64_t columns, float* c, int64_t ldc) {
  using Vector = typename VectorOf<kLanes>::Type;
  Vector sum[kRows][kVectors];
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
#pragma unroll
    for (int v = 0; v < kVectors; ++v) sum[i][v] = 0.0f;
  }
  for (int64_t t = 0; t < terms; ++t) {
    Vector right[kVectors];
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      Load<kLanes>(right[v], b + t * kPanelColumns + v * kLanes);
    }
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const Vector left = a[t * kTileRows + i];
#pragma unroll
      for (int v = 0; v < kVectors; ++v) {
        sum[i][v] = __builtin_elementwise_fma(left, right[v], sum[i][v]);
      }
    }
  }
  // By way of memory: the registers are full, and rows may be fewer.
  alignas(64) float sums[kRows][kVectors * kLanes];
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      std::memcpy(&sums[i][v * kLanes], &sum[i][v], sizeof(Vector));
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      AddTo<kLanes>(c + i * ldc + v * kLanes, &sums[i][v * kLanes],
                    columns - v * kLanes);
    }
  }
}

// kVectors vectors of a row: as many chains at a time.
template <int kLanes, int kVectors>
TPUC_INLINE void Taps(const TapWindow& w, float bias, int64_t x, int64_t n,
                      float* out) {
  using Vector = typename VectorOf<kLanes>::Type;
  Vector sum[kVectors];
  for (int v = 0; v < kVectors; ++v) sum[v] = 0.0f;
  for (int64_t i = 0; i < w.rows; ++i) {
    for (int64_t j = 0; j < w.columns; ++j) {
      const Vector tap = w.taps[i * w.columns + j];
      const float* from = w.row[i] + w.offset[j] + x;
      for (int v = 0; v < kVectors; ++v) {
        Vector value;
        Load<kLanes>(value, from + v * kLanes);
        sum[v] = __builtin_elementwise_fma(tap, value, sum[v]);
      }
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    const Vector result = bias + sum[v];
    const int64_t count = std::min<int64_t>(kLanes, n - x - v * kLanes);
    if (count > 0) {
      std::memcpy(out + x + v * kLanes, &result, count * sizeof(float));
    }
  }
}

template <int kLanes>
TPUC_INLINE void Row(const TapWindow& w, float bias, int64_t n, float* out) {
  int64_t x = 0;
  for (; x + 4 * kLanes <= n; x += 4 * kLanes) {
    Taps<kLanes, 4>(w, bias, x, n, out);
  }
  for (; x + kLanes < n; x += 2 * kLanes) Taps<kLanes, 2>(w, bias, x, n, out);
  if (x < n) Taps<kLanes, 1>(w, bias, x, n, out);
}

using TileFunction = void (*)(int64_t terms, const float* a, const float* b,
                              int64_t rows, int64_t columns, float* c,
                              int64_t ldc);

struct Kernels {
  int64_t lanes;
  // Rows of the largest tile: as many as the sums of 3 vectors fit into
  // registers.
  int64_t rows;
  // Of 1, 4 and `rows` rows; of 1, 2 and 3 vectors.
  TileFunction tile[3][3];
  void (*row)(const TapWindow& window, float bias, int64_t n, float* out);

  TileFunction Tile(int64_t of_rows, int64_t columns) const {
    const int64_t vectors = std::min<int64_t>((columns + lanes - 1) / lanes, 3);
    return tile[of_rows == 1 ? 0 : of_rows <= 4 ? 1 : 2][vectors - 1];
  }
};

// A function for each size of tile, compiled for one vector level.
#define TPUC_TILE(name, attributes, lanes)                                     \
  template <int kRows, int kVectors>                                           \
  attributes void name(int64_t terms, const float* a, const float* b,          \
                       int64_t rows, int64_t columns, float* c, int64_t ldc) { \
    Tile<lanes, kRows, kVectors>(terms, a, b, rows, columns, c, ldc);          \
  }                                                                            \
  attributes void name##Row(const TapWindow& w, float bias, int64_t n,         \
                            float* out) {                                      \
    Row<lanes>(w, bias, n, out);                                               \
  }
#define TPUC_KERNELS(name, lanes, rows)             \
  {lanes,                                           \
   rows,                                            \
   {{name<1, 1>, name<1, 2>, name<1, 3>},           \
    {name<4, 1>, name<4, 2>, name<4, 3>},           \
    {name<rows, 1>, name<rows, 2>, name<rows, 3>}}, \
   name##Row}

TPUC_TILE(Scalar, , 4)
constexpr Kernels kScalar = TPUC_KERNELS(Scalar, 4, 4);
#if defined(__x86_64__)
TPUC_TILE(Avx2, TPUC_AVX2, 8)
TPUC_TILE(Avx512, TPUC_AVX512, 16)
constexpr Kernels kAvx2 = TPUC_KERNELS(Avx2, 8, 4);
constexpr Kernels kAvx512 = TPUC_KERNELS(Avx512, 16, 8);
#endif

const Kernels& CurrentKernels() {
#if defined(__x86_64__)
  const numerics::VectorLevel level = numerics::CurrentVectorLevel();
  static const bool has_fma = __builtin_cpu_supports("fma");
  if (level >= numerics::VectorLevel::kAvx512) return kAvx512;
  if (level >= numerics::VectorLevel::kAvx2 && has_fma) return kAvx2;
#endif
  return kScalar;
}

}  // namespace

void PackLeft(int64_t m, int64_t k, const float* a, int64_t row_stride,
              int64_t term_stride, float* packed) {
  for (int64_t i = 0; i < m; i += kTileRows) {
    const int64_t rows = std::min(kTileRows, m - i);
    for (int64_t t = 0; t < k; ++t, packed += kTileRows) {
      const float* from = a + i * row_stride + t * term_stride;
      for (int64_t r = 0; r < rows; ++r) packed[r] = from[r * row_stride];
      std::fill(packed + rows, packed + kTileRows, 0.0f);
    }
  }
}

void PackRight(int64_t n, int64_t k, const float* b, int64_t term_stride,
               int64_t column_stride, float* packed) {
  for (int64_t first = 0; first < k; first += kGemmBlock) {
    const int64_t terms = std::min(kGemmBlock, k - first);
    for (int64_t j = 0; j < n; j += kPanelColumns) {
      const int64_t columns = std::min(kPanelColumns, n - j);
      for (int64_t t = first; t < first + terms; ++t, packed += kPanelColumns) {
        const float* from = b + t * term_stride + j * column_stride;
        if (column_stride == 1) {
          std::memcpy(packed, from, columns * sizeof(float));
        } else {
          for (int64_t c = 0; c < columns; ++c) {
            packed[c] = from[c * column_stride];
          }
        }
        std::fill(packed + columns, packed + kPanelColumns, 0.0f);
      }
    }
  }
}

void AddBlock(int64_t m, int64_t n, int64_t terms, const float* left, int64_t k,
              const float* right, float* c, int64_t ldc) {
  const Kernels& kernels = CurrentKernels();
  for (int64_t j = 0; j < n; j += 3 * kernels.lanes) {
    const float* panel =
        right + j / kPanelColumns * kPanelColumns * terms + j % kPanelColumns;
    for (int64_t i = 0; i < m; i += kernels.rows) {
      const int64_t rows = std::min(kernels.rows, m - i);
      kernels.Tile(rows, n - j)(
          terms, left + i / kTileRows * kTileRows * k + i % kTileRows, panel,
          rows, n - j, c + i * ldc + j, ldc);
    }
  }
}

void AddProduct(int64_t m, int64_t n, int64_t k, const float* left,
                const float* right, float* c, int64_t ldc) {
  for (int64_t t = 0; t < k; t += kGemmBlock) {
    AddBlock(m, n, std::min(kGemmBlock, k - t), left + t * kTileRows, k,
             right + t * PackedColumns(n), c, ldc);
  }
}

void ConvolveRow(const TapWindow& window, float bias, int64_t n, float* out) {
  CurrentKernels().row(window, bias, n, out);
}

}  // namespace tpuc::interpreter
