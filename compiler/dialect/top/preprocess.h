// SPDX-License-Identifier: Apache-2.0
// The attribute `top.preprocess` of top.Input: how an input is made of an image
// (docs/preprocessing.md), by the names of model_transform's flags. No pass
// reads it, and it stays with the input through lowering.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "compiler/dialect/top/TopOps.h"
#include "runtime/preprocess/preprocess.h"

namespace tpuc::top {

// Nothing when the input has no such attribute. An error names the input and
// the entry that can't be read.
absl::StatusOr<std::optional<Preprocessing>> PreprocessingOf(InputOp input);

// Writes every entry, defaults too: `how` must fit the input
// (CheckPreprocessing).
void SetPreprocessing(InputOp input, const Preprocessing& how);

}  // namespace tpuc::top
