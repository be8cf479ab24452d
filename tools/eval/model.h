// SPDX-License-Identifier: Apache-2.0
// A network that is run on many images.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"
#include "runtime/preprocess/preprocess.h"
#include "tools/eval/task.h"

namespace tpuc::eval {

class Model {
 public:
  // An .mlir, of the top or the tpu dialect, for its interpreter; or the first
  // net of a .bmodel, for the device that TPU_DEVICE names. `how` says how an
  // input is made of an image where the file doesn't; a file that says
  // otherwise is an error, and so is one that isn't for one image.
  static absl::StatusOr<std::unique_ptr<Model>> Load(
      const std::string& path, const std::optional<Preprocessing>& how);
  virtual ~Model() = default;

  const ModelInfo& info() const { return info_; }

  // Runs images 0 to count - 1, several at a time. `input` gives the f32 input
  // of one, `output` gets its outputs, by several threads; integers are taken
  // for the numbers that their scales say. The first error stops all.
  virtual absl::Status RunEach(
      int64_t count,
      const std::function<absl::StatusOr<Tensor>(int64_t i)>& input,
      const std::function<absl::Status(int64_t i, std::vector<Tensor> outputs)>&
          output,
      int threads) const = 0;

 protected:
  ModelInfo info_;
};

// How the network in an .mlir file makes its only input of an image.
absl::StatusOr<Preprocessing> ReadPreprocessing(const std::string& path);

}  // namespace tpuc::eval
