// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "compiler/bmodel/bmodel_generated.h"

// The binary section of a file that is being made; for this library's files.
namespace tpuc::bmodel {

class Section {
 public:
  // Appends a blob, at the next page.
  fb::Binary Append(absl::string_view data);
  // The same place for equal bytes: weights, which programs only read.
  fb::Binary Share(absl::string_view data);

  // The whole file; `root` refers to the blobs. Ends the section.
  std::string Frame(const fb::ModelT& root);

 private:
  std::string bytes_;
  std::map<std::string, fb::Binary> shared_;  // by SHA-256
};

}  // namespace tpuc::bmodel
