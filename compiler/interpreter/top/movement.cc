// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/movement.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "compiler/dialect/top/resize.h"
#include "compiler/interpreter/top/evaluators.h"

namespace tpuc::interpreter {
namespace {

// 0, 1, .. `extent` - 1
std::vector<int64_t> AllOf(int64_t extent) {
  std::vector<int64_t> indices(extent);
  for (int64_t i = 0; i < extent; ++i) indices[i] = i;
  return indices;
}

// One axis (0: rows, 1: columns) of an interpolation, summed in f64.
Tensor InterpolateAlong(const Tensor& x, const top::Interpolation& taps,
                        int axis) {
  const std::vector<int64_t>& in = x.shape();
  const auto select = [&](const std::vector<int64_t>& indices) {
    return axis == 0 ? SelectRowsAndColumns(x, indices, AllOf(in[3]))
                     : SelectRowsAndColumns(x, AllOf(in[2]), indices);
  };
  Tensor result = select(taps.indices[0]);
  if (taps.IsNearest()) return result;
  std::vector<double> sums(result.NumElements(), 0);
  const int64_t width = result.shape()[3], height = result.shape()[2];
  for (size_t t = 0; t < taps.indices.size(); ++t) {
    const Tensor chosen = select(taps.indices[t]);
    for (size_t i = 0; i < sums.size(); ++i) {
      const int64_t at = static_cast<int64_t>(i);
      const int64_t o = axis == 0 ? at / width % height : at % width;
      sums[i] +=
          static_cast<double>(taps.weights[t][o]) * chosen.data<float>()[i];
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    result.data<float>()[i] = static_cast<float>(sums[i]);
  }
  return result;
}

}  // namespace

TensorOr EvalReshape(top::ReshapeOp op, const Values& values,
                     const RunOptions&) {
  return values[op.getInput()].Reshaped(top::ShapeOf(op.getOutput()).vec());
}

TensorOr EvalPermute(top::PermuteOp op, const Values& values,
                     const RunOptions&) {
  return ReadView(values[op.getInput()], ViewOf(op),
                  top::ShapeOf(op.getOutput()).vec());
}

TensorOr EvalSlice(top::SliceOp op, const Values& values, const RunOptions&) {
  return ReadView(values[op.getInput()], ViewOf(op),
                  top::ShapeOf(op.getOutput()).vec());
}

// Along one dimension after the other.
TensorOr EvalPad(top::PadOp op, const Values& values, const RunOptions&) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  Tensor x = values[op.getInput()];
  const int64_t rank = x.rank();
  const auto value = static_cast<float>(op.getValue().convertToDouble());
  for (int64_t axis = 0; axis < rank; ++axis) {
    std::vector<Tensor> ends;
    for (int64_t count : {op.getPads()[axis], op.getPads()[rank + axis]}) {
      std::vector<int64_t> shape = x.shape();
      shape[axis] = count;
      ends.emplace_back(DType::kF32, shape);
      std::fill_n(ends.back().data<float>(), ends.back().NumElements(), value);
    }
    x = Concatenate({&ends[0], &x, &ends[1]}, axis);
  }
  return x;
}

TensorOr EvalConcat(top::ConcatOp op, const Values& values, const RunOptions&) {
  std::vector<const Tensor*> tensors;
  for (mlir::Value input : op.getInputs()) tensors.push_back(&values[input]);
  return Concatenate(tensors, static_cast<int64_t>(op.getAxis()));
}

TensorOr EvalResize(top::ResizeOp op, const Values& values, const RunOptions&) {
  if (absl::Status status = CheckFloat(op); !status.ok()) return status;
  Tensor x = values[op.getInput()];
  for (int axis : {1, 0}) {
    x = InterpolateAlong(x, top::InterpolationAlong(op, axis), axis);
  }
  return x;
}

}  // namespace tpuc::interpreter
