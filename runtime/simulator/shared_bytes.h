// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tpuc::sim {

// Bytes that any number of memories show without holding a copy each: their
// pages are mapped copy-on-write, so that a memory that overwrites them gets
// pages of its own and the others see nothing. Where the system has no such
// mappings each memory gets a copy. Immutable and thread-safe.
class SharedBytes {
 public:
  enum class Sharing { kPages, kCopies };

  // Copies `bytes`. kCopies is for tests of systems without shared pages.
  static std::shared_ptr<const SharedBytes> Create(
      absl::string_view bytes, Sharing sharing = Sharing::kPages);
  ~SharedBytes();
  SharedBytes(const SharedBytes&) = delete;
  SharedBytes& operator=(const SharedBytes&) = delete;

  size_t size() const { return size_; }
  bool shares_pages() const { return file_ >= 0; }

  // Makes [at, at + size()), private memory that was mapped before, hold the
  // bytes. Whole pages are shared if `at` starts a page.
  absl::Status MapTo(uint8_t* at) const;

 private:
  SharedBytes() = default;

  size_t size_ = 0;
  int file_ = -1;     // of the whole pages, or -1
  std::string rest_;  // what is not in the file
};

}  // namespace tpuc::sim
