// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "compiler/support/tensor.h"
#include "onnx/onnx-ml.pb.h"

namespace tpuc::models {

// Gives a network made-up parameters that keep its activations in the range of
// a trained network's: filters and matrices uniform of variance 2 / fan-in
// (He), small biases, scales and biases of batch normalization around 1, and
// its means and variances measured on `picture` (f32, the shape of the
// network's one input), layer after layer. What a light model of the onnx
// package has for parameters (ConstantOfShape nodes, leftovers of a training)
// is replaced, and initializers are no longer listed as inputs.
//
// The measuring pass runs on our interpreter of the top dialect, whose results
// are the same bytes on every machine and with any number of threads; ONNX
// Runtime's are not, and a test's input must not depend on where it was made.
//
// An error names the node whose parameters are no constants or have an
// unexpected rank, or what the interpreter lacks.
absl::Status SeedParameters(onnx::ModelProto& model, uint32_t seed,
                            const Tensor& picture);

}  // namespace tpuc::models
