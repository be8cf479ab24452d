// SPDX-License-Identifier: Apache-2.0
// Windows of top operations as those of tpu have them, in any arithmetic.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "compiler/dialect/top/TopOps.h"
#include "compiler/support/tensor.h"

namespace tpuc {

struct ConvGeometry {
  std::vector<int64_t> strides;
  std::vector<int64_t> pads;  // top, left, bottom, right
  std::vector<int64_t> dilations;
  std::vector<int64_t> inserts;
  // How the filter becomes [OC, IC/group, KH, KW]: nothing where it is that,
  // and a name for it.
  std::string form;
  std::function<Tensor(const Tensor&)> change;
};

ConvGeometry GeometryOf(top::ConvOp op);
// The convolution with the turned filter over the input spread by zeros. It is
// padded by what the filter reaches beyond the first and the last element, less
// the rows and columns that are cut off; where more are cut off than that, the
// filter gets taps of zero.
ConvGeometry GeometryOf(top::ConvTransposeOp op);

// Whether a mean covers all pixels of a channel.
bool IsGlobal(top::AvgPoolOp op);
// The factors that turn sums over whole windows divided by their size into
// means of the elements that are no padding, a row after the other; empty where
// all are 1.
std::vector<float> PadFactors(top::AvgPoolOp op);

// A constant right side, whatever its leading ones and order, as [K, N].
Tensor RightMatrix(const Tensor& data, bool transposed);

}  // namespace tpuc
