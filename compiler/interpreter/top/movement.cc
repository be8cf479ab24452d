// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/movement.h"

#include <algorithm>
#include <vector>

#include "compiler/interpreter/top/evaluators.h"

namespace tpuc::interpreter {
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

}  // namespace tpuc::interpreter
