// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/cost.h"

#include <algorithm>

namespace tpuc::bm1684x {
namespace {

constexpr int64_t kPageBytes = 4096;
constexpr int kMaxPages = 4;
constexpr double kLoadBytes = 13.504, kStoreBytes = 10.245;  // a cycle and page
constexpr double kLoadElement = 18.96, kStoreElement = 24.99;        // cycles
constexpr double kMatrixLoadBytes = 58.0, kMatrixStoreBytes = 44.0;  // a cycle
constexpr int64_t kLeastBytes = 256;

// Pages among the first four in which a segment of `bytes`, or a further 4096
// bytes of it, begins. Rows are joined to segments already: h is 1 then.
int Pages(const Dims& segments, const Dims& strides, int64_t esize,
          int64_t bytes) {
  unsigned pages = 0;
  int64_t seen = 0;
  for (int64_t n = 0; n < segments[kN]; ++n)
    for (int64_t c = 0; c < segments[kC]; ++c)
      for (int64_t h = 0; h < segments[kH]; ++h) {
        const int64_t start =
            (n * strides[kN] + c * strides[kC] + h * strides[kH]) * esize;
        if (start >= kMaxPages * kPageBytes || ++seen > 1024 ||
            pages == (1u << kMaxPages) - 1)
          return std::max(1, __builtin_popcount(pages));
        for (int64_t at = start; at < start + bytes; at += kPageBytes)
          if (at < kMaxPages * kPageBytes) pages |= 1u << (at / kPageBytes);
      }
  return std::max(1, __builtin_popcount(pages));
}

double TensorCopyCycles(const LocalTensor& local, const Dims& strides,
                        bool is_load) {
  const auto esize = static_cast<int64_t>(SizeOf(local.dtype));
  const Dims& shape = local.shape;
  if (shape[kW] > 1 && strides[kW] != 1)
    return static_cast<double>(Elements(shape)) *
           (is_load ? kLoadElement : kStoreElement);
  Dims segments = {shape[kN], shape[kC], shape[kH], 1};
  int64_t bytes = shape[kW] * esize;
  if (shape[kH] == 1 || strides[kH] == shape[kW]) {
    bytes *= shape[kH];
    segments[kH] = 1;
  }
  const double moved = static_cast<double>(Elements(segments)) *
                       static_cast<double>(std::max(bytes, kLeastBytes));
  return moved / ((is_load ? kLoadBytes : kStoreBytes) *
                  Pages(segments, strides, esize, bytes));
}

// One row of channels that lie densely one behind the other; 64 of them, a
// copy, fit the 16-bit field of its length.
bool IsMatrixRow(const LocalTensor& local, const Dims& strides) {
  const Dims& shape = local.shape;
  const int64_t plane = shape[kH] * shape[kW];
  return shape[kN] == 1 && shape[kC] > 1 && strides[kC] == plane &&
         (shape[kH] == 1 || strides[kH] == shape[kW]) &&
         (shape[kW] == 1 || strides[kW] == 1) &&
         std::min(shape[kC], isa::kLanes) * plane <= isa::kMaxSize;
}

double MatrixCopyCycles(const LocalTensor& local, bool is_load) {
  const auto esize = static_cast<int64_t>(SizeOf(local.dtype));
  const int64_t bytes = local.shape[kH] * local.shape[kW] * esize;
  return static_cast<double>(local.shape[kC] * std::max(bytes, kLeastBytes)) /
         (is_load ? kMatrixLoadBytes : kMatrixStoreBytes);
}

}  // namespace

bool PrefersMatrixCopy(const LocalTensor& local, const Dims& strides,
                       bool is_load) {
  // A tie goes to the tensor copy, which takes any number of channels at once.
  return IsMatrixRow(local, strides) &&
         MatrixCopyCycles(local, is_load) <
             0.9 * TensorCopyCycles(local, strides, is_load);
}

double CopyCycles(const LocalTensor& local, const Dims& strides, bool is_load) {
  return PrefersMatrixCopy(local, strides, is_load)
             ? MatrixCopyCycles(local, is_load)
             : TensorCopyCycles(local, strides, is_load);
}

}  // namespace tpuc::bm1684x
