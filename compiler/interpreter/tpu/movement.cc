// SPDX-License-Identifier: Apache-2.0
#include "compiler/interpreter/movement.h"

#include <vector>

#include "compiler/interpreter/tpu/evaluators.h"

namespace tpuc::interpreter {

TensorOr EvalReshape(tpu::ReshapeOp op, const Values& values,
                     const RunOptions& options) {
  const auto shape = tpu::ShapeOf(op.getOutput());
  return values[op.getInput()].Reshaped({shape.begin(), shape.end()});
}

TensorOr EvalPermute(tpu::PermuteOp op, const Values& values,
                     const RunOptions& options) {
  return ReadView(values[op.getInput()], ViewOf(op),
                  tpu::ShapeOf(op.getOutput()).vec());
}

TensorOr EvalSlice(tpu::SliceOp op, const Values& values,
                   const RunOptions& options) {
  return ReadView(values[op.getInput()], ViewOf(op),
                  tpu::ShapeOf(op.getOutput()).vec());
}

TensorOr EvalConcat(tpu::ConcatOp op, const Values& values,
                    const RunOptions& options) {
  std::vector<const Tensor*> tensors;
  for (mlir::Value input : op.getInputs()) tensors.push_back(&values[input]);
  return Concatenate(tensors, static_cast<int64_t>(op.getAxis()));
}

TensorOr EvalIndexSelect(tpu::IndexSelectOp op, const Values& values,
                         const RunOptions& options) {
  return SelectRowsAndColumns(values[op.getInput()], op.getRows().vec(),
                              op.getColumns().vec());
}

}  // namespace tpuc::interpreter
