// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/support/element_view.h"
#include "compiler/target/bm1684x/kernel.h"

// Kernels that move elements and leave their bits alone.
namespace tpuc::bm1684x {

struct ConcatSpec {
  std::vector<std::vector<int64_t>> inputs;  // shapes, equal but along `axis`
  int64_t axis = 0;
  DType dtype = DType::kF32;
};
// The inputs one behind the other along the axis, from DDR to DDR.
std::unique_ptr<Kernel> MakeConcatKernel(const ConcatSpec& spec);

struct ViewCopySpec {
  ElementView view;
  DType dtype = DType::kF32;
};
// The elements of a view, from DDR to DDR: one copy of up to four dimensions, a
// c/w transpose where the dense dimension moves. More dimensions, and those
// that are read backwards, are copied index by index.
absl::StatusOr<std::unique_ptr<Kernel>> MakeViewCopyKernel(
    const ViewCopySpec& spec);

struct IndexSelectSpec {
  Dims input;  // NCHW
  std::vector<int64_t> rows, columns;
  DType dtype = DType::kF32;
};
// result[n, c, y, x] = input[n, c, rows[y], columns[x]].
std::unique_ptr<Kernel> MakeIndexSelectKernel(const IndexSelectSpec& spec);

}  // namespace tpuc::bm1684x
