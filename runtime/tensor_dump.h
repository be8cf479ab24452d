// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/bmodel/tensor_location.h"
#include "compiler/support/tensor.h"
#include "runtime/relocation.h"
#include "runtime/simulator/memory.h"

namespace tpuc::runtime {

// Copies the intermediate tensors of a stage out of device memory, each as soon
// as it is complete: its memory is used again later.
class TensorDump {
 public:
  // `locations` is the list in the file (compiler/bmodel/tensor_location.h).
  // Fails when there is none, or when a tensor of it lies outside of the
  // stage's memory.
  static absl::StatusOr<TensorDump> Create(absl::string_view locations,
                                           const Relocation& relocation);

  // Before a run.
  void Clear() { tensors_.clear(); }
  // After the GDMA instruction `id` of a command group.
  absl::Status After(int group, uint64_t id, sim::Memory& memory);

  const TensorMap& tensors() const { return tensors_; }

 private:
  struct Place {
    std::string name;
    DType dtype;
    std::vector<int64_t> shape;
    uint64_t address;  // relocated
  };
  std::multimap<std::pair<int, uint64_t>, Place> places_;
  TensorMap tensors_;
};

}  // namespace tpuc::runtime
