// SPDX-License-Identifier: Apache-2.0
// Instructions: what decodes survives text and encoder bit by bit, and
// verifies or has a reason. The first byte of an input says what the rest is
// (enum Kind).
#include <algorithm>
#include <string>
#include <vector>

#include "compiler/isa/encoding.h"
#include "compiler/isa/text.h"
#include "compiler/isa/verify.h"
#include "tests/fuzz/fuzzing.h"

namespace tpuc::fuzz {
namespace {

enum Kind { kTiu, kGdma, kProgram, kText, kNumKinds };

void CheckInstruction(const isa::Instruction& instruction,
                      absl::string_view bytes) {
  std::string encoded;
  Require(isa::Encode(instruction, &encoded).ok() && encoded == bytes,
          "an instruction encodes to the bytes that it was decoded from");
  const absl::StatusOr<isa::Instruction> parsed =
      isa::Parse(isa::Print(instruction));
  Require(parsed.ok() && *parsed == instruction,
          "an instruction survives its text");
  const absl::Status legal = isa::Verify(instruction);
  if (!legal.ok()) RequireReason(legal);
}

// Decodes a buffer one by one and as a stream.
absl::StatusOr<isa::DecodedStream> CheckStream(isa::Engine engine,
                                               absl::string_view bytes) {
  size_t offset = 0;
  while (offset < bytes.size()) {
    const absl::StatusOr<isa::Decoded> decoded =
        isa::Decode(engine, bytes, offset);
    if (!decoded.ok()) {
      RequireReason(decoded.status());
      break;
    }
    Require(decoded->size <= bytes.size() - offset,
            "an instruction lies in its buffer");
    CheckInstruction(decoded->instruction, bytes.substr(offset, decoded->size));
    offset += decoded->size;
  }
  absl::StatusOr<isa::DecodedStream> stream = isa::DecodeStream(engine, bytes);
  if (!stream.ok()) {
    RequireReason(stream.status());
    return stream;
  }
  Require(stream->size + stream->padding == bytes.size(),
          "a stream and its padding are the buffer");
  const absl::StatusOr<std::string> encoded =
      isa::EncodeStream(stream->instructions, 8);
  Require(encoded.ok() && *encoded == bytes.substr(0, stream->size),
          "a stream encodes to the bytes that it was decoded from");
  return stream;
}

void CheckText(absl::string_view text) {
  const absl::StatusOr<isa::Instruction> parsed = isa::Parse(text);
  if (!parsed.ok()) return RequireReason(parsed.status());
  std::string bytes;
  const absl::Status status = isa::Encode(*parsed, &bytes);
  if (!status.ok()) return RequireReason(status);
  const absl::StatusOr<isa::Decoded> decoded =
      isa::Decode(parsed->engine(), bytes, 0);
  // Text may give the fields that select a format other values.
  if (!decoded.ok()) return RequireReason(decoded.status());
  if (decoded->instruction.format() == parsed->format()) {
    Require(decoded->instruction == *parsed, "text and bytes say the same");
  }
}

void Check(absl::string_view input) {
  if (input.empty()) return;
  const absl::string_view rest = input.substr(1);
  switch (static_cast<uint8_t>(input[0]) % kNumKinds) {
    case kTiu:
      CheckStream(isa::Engine::kTiu, rest).status().IgnoreError();
      return;
    case kGdma:
      CheckStream(isa::Engine::kGdma, rest).status().IgnoreError();
      return;
    case kText:
      return CheckText(rest);
    case kProgram: {
      // Two bytes: the size of the TIU stream.
      if (rest.size() < 2) return;
      const size_t size = std::min<size_t>(
          static_cast<uint8_t>(rest[0]) | static_cast<uint8_t>(rest[1]) << 8,
          rest.size() - 2);
      const auto tiu = CheckStream(isa::Engine::kTiu, rest.substr(2, size));
      const auto gdma = CheckStream(isa::Engine::kGdma, rest.substr(2 + size));
      if (!tiu.ok() || !gdma.ok()) return;
      const absl::Status legal =
          isa::VerifyProgram(tiu->instructions, gdma->instructions);
      if (!legal.ok()) RequireReason(legal);
    }
  }
}

// Any format, its header kept, some other fields set.
isa::Instruction Draw(Random& random) {
  isa::Instruction instruction(
      static_cast<isa::Format>(Below(random, isa::kNumFormats)));
  const isa::FormatInfo& info = instruction.info();
  if (!info.sub_opcodes.empty()) {
    instruction.Set(
        info.sub_opcode,
        info.sub_opcodes[Below(random, info.sub_opcodes.size())].code);
  }
  return instruction;
}

void ChangeFields(isa::Instruction& instruction, Random& random) {
  const isa::FormatInfo& info = instruction.info();
  for (size_t i = Below(random, 4) + 1; i > 0; --i) {
    const int field = static_cast<int>(Below(random, info.fields.size()));
    const int width = info.fields[field].width;
    const uint64_t mask =
        width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
    instruction.Set(field, Interesting(random, instruction.Get(field)) & mask);
  }
}

// Changes, inserts, repeats or removes an instruction of the stream.
std::string MutateStream(isa::Engine engine, absl::string_view bytes,
                         Random& random) {
  std::vector<isa::Instruction> instructions;
  size_t offset = 0;
  while (offset < bytes.size()) {
    const absl::StatusOr<isa::Decoded> decoded =
        isa::Decode(engine, bytes, offset);
    if (!decoded.ok()) break;
    instructions.push_back(decoded->instruction);
    offset += decoded->size;
  }
  const size_t at = Below(random, instructions.size() + 1);
  const auto place = instructions.begin() + static_cast<ptrdiff_t>(at);
  const size_t what = Below(random, 6);
  if (at == instructions.size() || what == 0) {
    isa::Instruction drawn = Draw(random);
    if (drawn.engine() == engine) {
      ChangeFields(drawn, random);
      instructions.insert(place, drawn);
    }
  } else if (what == 1) {
    instructions.erase(place);
  } else if (what == 2) {
    instructions.insert(place, isa::Instruction(instructions[at]));
  } else {
    ChangeFields(instructions[at], random);
  }
  std::string result;
  for (const isa::Instruction& i : instructions) {
    isa::Encode(i, &result).IgnoreError();
  }
  return result + std::string(bytes.substr(offset));
}

std::string Mutate(std::string input, Random& random) {
  const absl::string_view rest = absl::string_view(input).substr(1);
  switch (static_cast<uint8_t>(input[0]) % kNumKinds) {
    case kTiu:
      return input[0] + MutateStream(isa::Engine::kTiu, rest, random);
    case kGdma:
      return input[0] + MutateStream(isa::Engine::kGdma, rest, random);
    case kText: {
      isa::Instruction drawn = Draw(random);
      ChangeFields(drawn, random);
      return input[0] + isa::Print(drawn);
    }
    default: {
      if (rest.size() < 2) return input;
      const size_t size = std::min<size_t>(
          static_cast<uint8_t>(rest[0]) | static_cast<uint8_t>(rest[1]) << 8,
          rest.size() - 2);
      std::string tiu(rest.substr(2, size)), gdma(rest.substr(2 + size));
      std::string& one = Below(random, 2) == 0 ? tiu : gdma;
      one = MutateStream(&one == &tiu ? isa::Engine::kTiu : isa::Engine::kGdma,
                         one, random);
      if (tiu.size() > 0xffff) return input;
      std::string result(1, input[0]);
      result += static_cast<char>(tiu.size());
      result += static_cast<char>(tiu.size() >> 8);
      return result + tiu + gdma;
    }
  }
}

}  // namespace
}  // namespace tpuc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tpuc::fuzz::TimeLimit limit;
  tpuc::fuzz::Check(tpuc::fuzz::View(data, size));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  tpuc::fuzz::Random random(seed);
  if (size == 0 || tpuc::fuzz::Below(random, 3) == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  return tpuc::fuzz::Store(
      tpuc::fuzz::Mutate(std::string(tpuc::fuzz::View(data, size)), random),
      data, max_size);
}
