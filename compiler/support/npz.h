// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/support/tensor.h"

namespace tpuc {

// NumPy's file formats. Readers take format versions 1 to 3, little endian, C
// order, and every type of DType; anything else is an error that says what was
// found. Writers give the same bytes for the same tensors: entries in a
// given order, stored uncompressed, with a constant date.
//
// NumPy has no bf16: such a tensor is written as uint16 with its raw bits, and
// so reads back as kU16.

// An .npz archive (stored or deflated entries); keys are without ".npy".
// `order` gets the names as they lie in the archive.
absl::StatusOr<TensorMap> ReadNpz(const std::string& path,
                                  std::vector<std::string>* order = nullptr);
// Entries lie in `order` (of execution, say); names that it lacks come after,
// by name, and names that `tensors` lacks are passed over.
absl::Status WriteNpz(const std::string& path, const TensorMap& tensors,
                      const std::vector<std::string>& order = {});
// The same of tensors that lie elsewhere.
using TensorRefs = std::map<std::string, const Tensor*>;
absl::Status WriteNpz(const std::string& path, const TensorRefs& tensors,
                      const std::vector<std::string>& order = {});

// A single array.
absl::StatusOr<Tensor> ReadNpy(const std::string& path);
absl::Status WriteNpy(const std::string& path, const Tensor& tensor);

// The bytes of an .npy file. `what` names the array in errors.
absl::StatusOr<Tensor> ParseNpy(absl::string_view bytes,
                                absl::string_view what);
std::string SerializeNpy(const Tensor& tensor);

}  // namespace tpuc
