// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/encoding.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace tpuc::isa {
namespace {

uint64_t Bits(uint64_t word, int offset, int width) {
  return word >> offset & ((uint64_t{1} << width) - 1);
}

// What the first 64 bits of an instruction say about its format.
struct Header {
  bool short_form;
  uint64_t opcode, sub_opcode;
};

Header ReadHeader(Engine engine, uint64_t word) {
  if (engine == Engine::kTiu)
    return {Bits(word, 0, 1) != 0, Bits(word, 41, 4), Bits(word, 45, 5)};
  return {Bits(word, 3, 1) != 0, Bits(word, 32, 4), Bits(word, 36, 3)};
}

// Formats with one opcode and form: MM and MM2, SG and SGL. The sub-opcode
// tells them apart.
bool SharesOpcode(const FormatInfo& info) {
  return info.engine == Engine::kTiu && (info.opcode == 2 || info.opcode == 6);
}

// Table from (engine, form, opcode, sub-opcode) to a format; -1: none.
class FormatIndex {
 public:
  FormatIndex() {
    for (auto& entry : entries_) entry = -1;
    for (int i = 0; i < kNumFormats; ++i) {
      const FormatInfo& info = GetFormatInfo(static_cast<Format>(i));
      for (int form = 0; form < 2; ++form) {
        // A format without a form bit (LAR, SYSID) is both.
        if (info.short_form >= 0 && form != (info.name[0] == 's')) continue;
        if (SharesOpcode(info)) {
          for (const SubOpcode& op : info.sub_opcodes)
            entries_[Key(info.engine, form, info.opcode, op.code)] = i;
        } else {
          for (int op = 0; op < 32; ++op)
            entries_[Key(info.engine, form, info.opcode, op)] = i;
        }
      }
    }
  }

  int Find(Engine engine, const Header& header) const {
    return entries_[Key(engine, header.short_form, header.opcode,
                        header.sub_opcode)];
  }

 private:
  static size_t Key(Engine engine, bool short_form, uint64_t opcode,
                    uint64_t sub_opcode) {
    return ((static_cast<size_t>(engine) * 2 + short_form) * 16 + opcode) * 32 +
           sub_opcode;
  }
  int entries_[2 * 2 * 16 * 32];
};

const FormatIndex& Index() {
  static const FormatIndex* index = new FormatIndex;
  return *index;
}

}  // namespace

absl::Status Encode(const Instruction& instruction, std::string* bytes) {
  const FormatInfo& info = instruction.info();
  if (int field = instruction.overflow_field(); field >= 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        Name(info.engine), " ", info.name, " cmd_id ", instruction.cmd_id(),
        ": ", info.fields[field].name, " = ", instruction.overflow_value(),
        " does not fit ", info.fields[field].width, " bits"));
  }
  bytes->append(reinterpret_cast<const char*>(instruction.words().data()),
                info.bytes());
  return absl::OkStatus();
}

absl::StatusOr<Decoded> Decode(Engine engine, absl::string_view bytes,
                               size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < 8) {
    return absl::OutOfRangeError(absl::StrCat(
        Name(engine), " instruction at byte ", offset, ": the buffer of ",
        bytes.size(), " bytes ends inside the header"));
  }
  uint64_t word;
  std::memcpy(&word, bytes.data() + offset, sizeof(word));
  Header header = ReadHeader(engine, word);
  auto where = [&] {
    return absl::StrCat(Name(engine), " instruction at byte ", offset,
                        " (form ", header.short_form ? "short" : "long",
                        ", opcode ", header.opcode, ", sub-opcode ",
                        header.sub_opcode, ")");
  };
  int format = Index().Find(engine, header);
  if (format < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(where(), ": no such instruction"));
  }
  Decoded result{Instruction(static_cast<Format>(format)), 0};
  result.size = result.instruction.info().bytes();
  if (bytes.size() - offset < result.size) {
    return absl::OutOfRangeError(absl::StrCat(
        where(), ": ", result.instruction.info().name, " takes ", result.size,
        " bytes, the buffer of ", bytes.size(), " bytes ends before"));
  }
  std::memcpy(result.instruction.mutable_words().data(), bytes.data() + offset,
              result.size);
  return result;
}

absl::StatusOr<DecodedStream> DecodeStream(Engine engine,
                                           absl::string_view bytes) {
  DecodedStream stream;
  while (stream.instructions.empty() || !stream.instructions.back().IsEnd()) {
    if (stream.size == bytes.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(Name(engine), " stream of ", bytes.size(),
                       " bytes has no end instruction"));
    }
    absl::StatusOr<Decoded> next = Decode(engine, bytes, stream.size);
    if (!next.ok()) return next.status();
    stream.instructions.push_back(next->instruction);
    stream.size += next->size;
  }
  stream.padding = bytes.size() - stream.size;
  for (size_t i = stream.size; i < bytes.size(); ++i) {
    if (bytes[i] != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          Name(engine), " stream: byte ", i, " behind the end instruction is ",
          static_cast<int>(static_cast<unsigned char>(bytes[i])),
          ", expected 0"));
    }
  }
  return stream;
}

absl::StatusOr<std::string> EncodeStream(
    absl::Span<const Instruction> instructions, size_t align) {
  std::string bytes;
  for (const Instruction& instruction : instructions) {
    absl::Status status = Encode(instruction, &bytes);
    if (!status.ok()) return status;
  }
  bytes.resize((bytes.size() + align - 1) / align * align);
  return bytes;
}

}  // namespace tpuc::isa
