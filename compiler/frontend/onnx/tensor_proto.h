// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"
#include "onnx/onnx-ml.pb.h"

namespace tpuc::onnx_import {

// "float", "int64", ... as ONNX calls them.
std::string OnnxTypeName(int onnx_type);

// FLOAT -> kF32 and so on; an error names types without an equal.
absl::StatusOr<DType> DTypeOfOnnx(int onnx_type);

// The data of an initializer or attribute. External data is read from files
// under `directory`, the folder of the model.
absl::StatusOr<Tensor> TensorFromProto(const onnx::TensorProto& proto,
                                       const std::string& directory);

}  // namespace tpuc::onnx_import
