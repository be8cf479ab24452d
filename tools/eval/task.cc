// SPDX-License-Identifier: Apache-2.0
#include "tools/eval/task.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tpuc::eval {

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("(", absl::StrJoin(shape, ", "), ")");
}

absl::StatusOr<OutputInfo> OnlyOutput(const ModelInfo& model,
                                      const std::string& task) {
  if (model.outputs.size() == 1) return model.outputs[0];
  return absl::InvalidArgumentError(
      absl::StrCat("'", model.path, "' has ", model.outputs.size(),
                   " outputs; ", task, " takes one"));
}

}  // namespace tpuc::eval
