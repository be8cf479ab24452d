// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "compiler/bmodel/bmodel_generated.h"

// The binary section of a file that is being made; for this library's files.
namespace tpuc::bmodel {

class Section {
 public:
  // Appends a blob, at the next page. Its bytes must stay until Frame(), which
  // copies them: weights may be large.
  fb::Binary Append(absl::string_view data);
  // The same place for equal bytes, that is, of equal SHA-256: weights, which
  // programs only read.
  fb::Binary Share(absl::string_view data, const std::string& sha256);

  // The whole file; `root` refers to the blobs. Ends the section.
  std::string Frame(const fb::ModelT& root);

 private:
  struct Blob {
    uint64_t at;
    absl::string_view data;
  };
  std::vector<Blob> blobs_;
  uint64_t size_ = 0;
  std::map<std::string, fb::Binary> shared_;  // by SHA-256
};

}  // namespace tpuc::bmodel
