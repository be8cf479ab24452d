// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace tpuc {

struct OnnxImportOptions {
  // Becomes module.name; must not be empty.
  std::string model_name;
  // One shape for each input of the graph, in order. Empty: as the file says,
  // which is an error when that leaves a dimension open.
  std::vector<std::vector<int64_t>> input_shapes;
  // Tensors to end the network at, in this order. Empty: the graph's outputs.
  std::vector<std::string> output_names;
};

// Reads an ONNX model (opset 7 to 22) into a module with one function, "main",
// of top operations. Each carries the name of the ONNX tensor that it computes.
// Shapes are static; arithmetic on shapes and other constants is folded away,
// and so are Identity and Dropout. The weights are in the context's store.
//
// Errors name the file and the node: everything that is not supported in one
// message; cycles, absent tensors, wrong element types, unknown shapes, wrong
// ranks.
absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> ImportOnnx(
    mlir::MLIRContext* context, const std::string& path,
    const OnnxImportOptions& options);

// The same for the bytes of a file. `path` stands for it in errors, and its
// folder is where external data lies.
absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> ImportOnnxBytes(
    mlir::MLIRContext* context, absl::string_view bytes,
    const std::string& path, const OnnxImportOptions& options);

}  // namespace tpuc
