// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// The frame around flatbuffer and binary section; for this library's files.
namespace tpuc::bmodel {

inline constexpr uint32_t kMagic = 0xFF55AAEE;
inline constexpr uint64_t kHeaderBytes = 64;

// Parts of a file, as offsets from its start. docs/isa/bmodel.md, 1.
struct Container {
  uint64_t flatbuffer_size = 0;  // the flatbuffer starts at kHeaderBytes
  uint64_t binary_start = 0;
  uint64_t binary_size = 0;
};

// Checks magic and sizes against the length of the file.
absl::StatusOr<Container> ReadContainer(absl::string_view bytes);

}  // namespace tpuc::bmodel
