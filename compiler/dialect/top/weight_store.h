// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/support/tensor.h"

namespace tpuc {

// Data of the constants of a context's modules, by name. A tensor never
// changes after it was added, so that a reference stays good while the name is
// there. Not thread-safe: passes that add weights run on one thread.
class WeightStore {
 public:
  // Null when absent.
  const Tensor* Find(const std::string& name) const {
    const auto it = tensors_.find(name);
    return it == tensors_.end() ? nullptr : &it->second;
  }

  // Adds under `name`, or under `name_1`, `name_2`, ... when that is taken.
  // Returns the name used.
  std::string Add(const std::string& name, Tensor tensor) {
    std::string unique = name;
    for (int i = 1; tensors_.count(unique) != 0; ++i) {
      unique = absl::StrCat(name, "_", i);
    }
    tensors_.emplace(unique, std::move(tensor));
    return unique;
  }

  void Erase(const std::string& name) { tensors_.erase(name); }
  void Clear() { tensors_.clear(); }

  const TensorMap& tensors() const { return tensors_; }

 private:
  TensorMap tensors_;
};

}  // namespace tpuc
