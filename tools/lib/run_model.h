// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "tools/lib/model_inputs.h"

namespace tpuc {

// A module's inputs with the preprocessing that it records, and the names of
// its tensors in order of execution.
absl::StatusOr<std::vector<InputInfo>> InputsOf(mlir::ModuleOp module);
std::vector<std::string> TensorOrder(mlir::ModuleOp module);
// The names of what it returns.
absl::StatusOr<std::vector<std::string>> OutputsOf(mlir::ModuleOp module);

// Records the preprocessing of `inputs`, which are those of InputsOf.
void RecordPreprocessing(const std::vector<InputInfo>& inputs,
                         mlir::ModuleOp module);

// Runs a module in the state that its attribute names: top or tpu. Results are
// f32 whatever the module's types.
absl::StatusOr<TensorMap> RunModule(
    mlir::ModuleOp module, const TensorMap& inputs, bool all_tensors,
    const std::function<void(int64_t, int64_t)>& progress = {});

// Runs an ONNX model with ONNX Runtime, through `runner` or, when that is
// empty, $TPUC_ONNXRUNTIME_RUNNER or the one among the runfiles.
absl::StatusOr<TensorMap> RunOnnxRuntime(const std::string& runner,
                                         const std::string& model,
                                         const TensorMap& inputs,
                                         bool all_tensors);

}  // namespace tpuc
