// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/text.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "compiler/support/printable.h"

namespace tpuc::isa {
namespace {

void AppendNumber(uint64_t value, bool hex, std::string* out) {
  char digits[24];
  // A digit reads the same in both bases.
  hex = hex && value > 9;
  if (hex) out->append("0x");
  auto end =
      std::to_chars(digits, digits + sizeof(digits), value, hex ? 16 : 10);
  out->append(digits, end.ptr - digits);
}

bool IsWordChar(char c) {
  return c != ' ' && c != '\t' && c != '\r' && c != '=' && c != '.';
}

class Parser {
 public:
  Parser(absl::string_view text, int line) : text_(text), line_(line) {}

  absl::StatusOr<Instruction> Run() {
    SkipSpace();
    size_t start = at_;
    absl::string_view name = Word();
    const FormatInfo* info = FindFormat(name);
    if (info == nullptr)
      return Error(start, absl::StrCat("no instruction is called '", name,
                                       "'; examples are sAR and DMA_tensor"));
    Instruction instruction(info->format);
    if (Accept('.')) {
      absl::Status status = SubOpcode(*info, instruction);
      if (!status.ok()) return status;
    }
    SkipSpace();
    while (at_ < text_.size()) {
      absl::Status status = Assignment(*info, instruction);
      if (!status.ok()) return status;
      SkipSpace();
    }
    return instruction;
  }

 private:
  absl::Status Error(size_t at, absl::string_view what) const {
    return absl::InvalidArgumentError(
        Printable(absl::StrCat(line_, ":", at + 1, ": ", what)));
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }

  bool Accept(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  absl::string_view Word() {
    size_t start = at_;
    while (at_ < text_.size() && IsWordChar(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  static bool Number(absl::string_view word, uint64_t* value) {
    bool hex = word.size() > 2 && word[0] == '0' && (word[1] | 32) == 'x';
    const char* begin = word.data() + (hex ? 2 : 0);
    const char* end = word.data() + word.size();
    auto result = std::from_chars(begin, end, *value, hex ? 16 : 10);
    return begin != end && result.ptr == end && result.ec == std::errc();
  }

  absl::Status SubOpcode(const FormatInfo& info, Instruction& instruction) {
    size_t start = at_;
    absl::string_view word = Word();
    for (const isa::SubOpcode& op : info.sub_opcodes) {
      if (word != op.name) continue;
      instruction.Set(info.sub_opcode, op.code);
      return absl::OkStatus();
    }
    uint64_t code;
    if (!Number(word, &code)) {
      std::string names;
      for (const isa::SubOpcode& op : info.sub_opcodes)
        absl::StrAppend(&names, names.empty() ? "" : ", ", op.name);
      return Error(start, absl::StrCat(info.name, " has no sub-opcode '", word,
                                       "'; it has ",
                                       names.empty() ? "numbers only" : names));
    }
    return Store(info, info.sub_opcode, code, start, instruction);
  }

  absl::Status Assignment(const FormatInfo& info, Instruction& instruction) {
    size_t start = at_;
    absl::string_view name = Word();
    int field = FindField(info, name);
    if (field < 0)
      return Error(start,
                   absl::StrCat(info.name, " has no field '", name, "'"));
    if (!Accept('='))
      return Error(at_, absl::StrCat("expected '=' behind ", name));
    size_t value_start = at_;
    absl::string_view word = Word();
    uint64_t value;
    if (!Number(word, &value))
      return Error(value_start,
                   absl::StrCat("'", word, "' is not a number of 64 bits"));
    if (at_ < text_.size() && (text_[at_] == '=' || text_[at_] == '.'))
      return Error(at_, "expected a space between fields");
    return Store(info, field, value, value_start, instruction);
  }

  absl::Status Store(const FormatInfo& info, int field, uint64_t value,
                     size_t at, Instruction& instruction) {
    instruction.Set(field, value);
    if (instruction.overflow_field() < 0) return absl::OkStatus();
    return Error(at,
                 absl::StrCat(value, " does not fit ", info.fields[field].name,
                              " of ", info.fields[field].width, " bits"));
  }

  // Print writes fields in table order, so the search goes on from the field
  // before, and around.
  int FindField(const FormatInfo& info, absl::string_view name) {
    const size_t count = info.fields.size();
    for (size_t i = 0; i < count; ++i) {
      size_t field =
          next_field_ + i < count ? next_field_ + i : next_field_ + i - count;
      if (name != info.fields[field].name) continue;
      next_field_ = field + 1 == count ? 0 : field + 1;
      return static_cast<int>(field);
    }
    return -1;
  }

  absl::string_view text_;
  int line_;
  size_t at_ = 0;
  size_t next_field_ = 0;
};

}  // namespace

void Print(const Instruction& instruction, std::string* out) {
  const FormatInfo& info = instruction.info();
  out->append(info.name);
  uint64_t op = instruction.sub_opcode();
  const char* name = info.SubOpcodeName(op);
  if (name != nullptr) {
    out->append(1, '.').append(name);
  } else if (op != 0) {
    out->append(1, '.');
    AppendNumber(op, false, out);
  }
  for (size_t i = 0; i < info.fields.size(); ++i) {
    int field = static_cast<int>(i);
    if (field == info.sub_opcode || instruction.IsDefault(field)) continue;
    const FieldInfo& f = info.fields[i];
    out->append(1, ' ').append(f.name).append(1, '=');
    AppendNumber(instruction.Get(field), f.hex, out);
  }
}

std::string Print(const Instruction& instruction) {
  std::string out;
  Print(instruction, &out);
  return out;
}

absl::StatusOr<Instruction> Parse(absl::string_view text, int line) {
  return Parser(text, line).Run();
}

}  // namespace tpuc::isa
