// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compiler/isa/instruction.h"

// Instructions to and from the bytes of a command buffer: little endian, packed
// back to back, each with the length of its format (docs/isa/bmodel.md, 4).
//
// Decode keeps every bit, so Encode(Decode(bytes)) == bytes for any bytes that
// decode. Whether the bits make sense is the business of verify.h.
namespace tpuc::isa {

// Appends the bytes of one instruction. Fails, naming instruction, field and
// value, when a field was set to a value that doesn't fit; then appends
// nothing.
absl::Status Encode(const Instruction& instruction, std::string* bytes);

struct Decoded {
  Instruction instruction;
  size_t size;  // bytes
};

// The instruction that starts at `offset`. Fails, naming engine, offset and
// header fields, when the header selects no known format or the buffer ends
// before the instruction does.
absl::StatusOr<Decoded> Decode(Engine engine, absl::string_view bytes,
                               size_t offset);

struct DecodedStream {
  std::vector<Instruction> instructions;  // the last one is the end
  size_t size = 0;     // bytes up to and including the end instruction
  size_t padding = 0;  // zero bytes behind it
};

// A whole command buffer: up to the end instruction, then zeros. Fails when
// there is no end instruction or when a byte behind it isn't zero.
absl::StatusOr<DecodedStream> DecodeStream(Engine engine,
                                           absl::string_view bytes);

// The inverse: instructions, then zeros up to a multiple of `align` bytes.
absl::StatusOr<std::string> EncodeStream(
    absl::Span<const Instruction> instructions, size_t align = 128);

}  // namespace tpuc::isa
