// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/support/dtype.h"

// Where the intermediate tensors of a compiled net can be found while it runs.
// Our compiler stores this as JSON in the stage's tensor_location blob; a
// runtime of the vendor ignores it.
namespace tpuc::bmodel {

struct TensorLocation {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  uint64_t address = 0;  // device address of the dense tensor, as compiled
  uint64_t size = 0;     // bytes
  int group = 0;         // command group that writes it
  uint64_t gdma_id = 0;  // complete after this GDMA instruction of the group
  // 8-bit numbers are (q - zero_point) * scale; a scale of 0: they are
  // integers.
  double scale = 0;
  int32_t zero_point = 0;
};

std::string WriteTensorLocations(const std::vector<TensorLocation>& tensors);

// Fails, naming the entry and field, for anything but such a list. An empty
// text is an empty list.
absl::StatusOr<std::vector<TensorLocation>> ReadTensorLocations(
    absl::string_view json);

}  // namespace tpuc::bmodel
