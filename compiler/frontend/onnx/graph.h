// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/frontend/onnx/node.h"
#include "compiler/support/tensor.h"

namespace tpuc::onnx_import {

// What is reached from the wanted outputs of a model, in an order in which
// every node comes after the ones it reads.
struct Graph {
  std::vector<const onnx::ValueInfoProto*> inputs;  // without initializers
  std::vector<std::string> outputs;
  std::vector<Node> nodes;
  TensorMap constants;  // initializers and the results of Constant nodes
};

// `model` must outlive the graph; the data of its initializers is taken out of
// it, as it may be large. `output_names` replaces the graph's outputs
// when it is not empty. Errors: two tensors of one name, a tensor that nothing
// provides, a cycle, a bad initializer, an opset out of range.
absl::StatusOr<Graph> BuildGraph(onnx::ModelProto& model,
                                 const std::string& directory,
                                 const std::vector<std::string>& output_names);

}  // namespace tpuc::onnx_import
