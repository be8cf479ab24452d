// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/support/tensor.h"
#include "runtime/preprocess/preprocess.h"
#include "runtime/runtime.h"

namespace tpuc {

struct RunBmodelOptions {
  std::string net;           // empty: the first
  bool all_tensors = false;  // on the simulator only
  // First prove that the result doesn't depend on how the two engines
  // interleave (runtime/race_check.h).
  bool check_races = false;
  // How images become inputs: a .bmodel doesn't say it.
  std::optional<Preprocessing> preprocessing;
};

// Index of the net with that name, of the first for an empty name. The error
// lists the names.
absl::StatusOr<int> FindNet(const runtime::Model& model,
                            const std::string& name);

// The f32 `tensor` as the input of a net: rounded to its type, or quantized.
absl::StatusOr<Tensor> InType(const Tensor& tensor,
                              const runtime::TensorInfo& info);

// Tensors that a runner dumped as f32: 16-bit floats widened, quantized ones as
// the numbers that they stand for. `locations` is the stage's list
// (compiler/bmodel/tensor_location.h).
TensorMap AsNumbers(const std::vector<bmodel::TensorLocation>& locations,
                    TensorMap tensors);

// Runs a net of a .bmodel on the device that TPU_DEVICE names, by default the
// simulator (docs/runtime.md). `files` is as in ReadInputs, for the first stage
// that they fit; values are rounded to the types of the net's inputs, and
// integer inputs must be given as integers in range. Results of f16 and bf16
// become f32, which holds them exactly. `order` gets the names of the results:
// inputs and intermediate tensors in the order of the file's list, then
// outputs.
absl::StatusOr<TensorMap> RunBmodel(const std::string& path,
                                    const std::string& files,
                                    const RunBmodelOptions& options,
                                    std::vector<std::string>* order);

}  // namespace tpuc
