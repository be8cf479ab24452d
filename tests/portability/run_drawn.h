// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace tpuc {

// The bytes of the outputs of all nets and stages of a bmodel, and of all
// tensors that the file locates, one after the other, on inputs that are drawn
// from a fixed seed: small numbers of the inputs' types.
absl::StatusOr<std::string> RunDrawn(const std::string& path);

}  // namespace tpuc
