// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/generator/emit_cc.h"

#include <cstdint>
#include <string>

namespace tpuc::isa::generator {
namespace {

const char kGenerated[] =
    "// SPDX-License-Identifier: Apache-2.0\n"
    "// Generated from the instruction tables; do not edit.\n";

std::string Number(uint64_t value) {
  if (value < 10) return std::to_string(value);
  static const char* digits = "0123456789abcdef";
  std::string text;
  for (; value; value >>= 4) text.insert(text.begin(), digits[value & 15]);
  return "0x" + text + "u";
}

void EmitStruct(const Format& format, std::ostream& out) {
  out << "\n// " << format.name << ", " << format.form << " form, "
      << format.total_bits / 8 << " bytes.\n";
  out << "struct " << format.camel << " {\n";
  out << "  static constexpr Format kFormat = Format::k" << format.camel
      << ";\n";
  if (!format.sub_opcodes.empty()) {
    out << "  struct Op {\n";
    for (const auto& [code, word] : format.sub_opcodes)
      out << "    static constexpr uint64_t k" << CamelCase(word) << " = "
          << code << ";\n";
    out << "  };\n";
  }
  out << "  enum Field : int {\n";
  for (const Field& field : format.fields)
    out << "    k" << field.member << ",\n";
  out << "  };\n\n";
  for (const Field& field : format.fields) {
    out << "  uint64_t " << field.name << " = " << Number(field.default_value)
        << ";  // " << field.width << (field.width == 1 ? " bit" : " bits");
    if (!field.note.empty()) out << "; " << field.note;
    out << "\n";
  }
  out << "\n  Instruction ToInstruction() const;\n";
  out << "  static " << format.camel << " From(const Instruction& i);\n";
  out << "};\n";
}

// Index of the field of that kind, or -1.
int Find(const Format& format, const std::string& kind) {
  for (size_t i = 0; i < format.fields.size(); ++i)
    if (format.fields[i].kind == kind) return static_cast<int>(i);
  return -1;
}

void EmitDefaults(const Format& format, std::ostream& out) {
  uint64_t words[16] = {};
  for (const Field& field : format.fields) {
    int word = field.offset / 64, bit = field.offset % 64;
    words[word] |= field.default_value << bit;
    if (bit + field.width > 64)
      words[word + 1] |= field.default_value >> (64 - bit);
  }
  out << "{{";
  for (int i = 0; i < 16; ++i) out << (i ? ", " : "") << Number(words[i]);
  out << "}}";
}

void EmitFieldTable(const Format& format, std::ostream& out) {
  out << "const FieldInfo k" << format.camel << "Fields[] = {\n";
  for (const Field& field : format.fields)
    out << "    {" << Quote(field.name) << ", " << field.offset << ", "
        << field.width << ", FieldKind::" << field.kind << ", "
        << (field.hex ? "true" : "false") << ", " << Quote(field.note)
        << "},\n";
  out << "};\n";
}

void EmitConversions(const Format& format, std::ostream& out) {
  out << "\nInstruction " << format.camel << "::ToInstruction() const {\n"
      << "  Instruction i(kFormat);\n";
  for (const Field& field : format.fields)
    out << "  i.Put<" << field.offset << ", " << field.width << ">(k"
        << field.member << ", " << field.name << ");\n";
  out << "  return i;\n}\n";
  out << "\n"
      << format.camel << " " << format.camel
      << "::From(const Instruction& i) {\n"
      << "  assert(i.format() == kFormat);\n"
      << "  " << format.camel << " s;\n";
  for (const Field& field : format.fields)
    out << "  s." << field.name << " = i.Extract<" << field.offset << ", "
        << field.width << ">();\n";
  out << "  return s;\n}\n";
}

}  // namespace

void EmitHeader(const std::vector<Format>& formats, std::ostream& out) {
  out << kGenerated << "#pragma once\n\n#include <cstdint>\n\n"
      << "namespace tpuc::isa {\n\nclass Instruction;\n\n"
      << "// One instruction in one form.\nenum class Format : uint8_t {\n";
  for (const Format& format : formats)
    out << "  k" << format.camel << ",  // " << format.name << "\n";
  out << "};\n\ninline constexpr int kNumFormats = " << formats.size() << ";\n";
  for (const Format& format : formats) EmitStruct(format, out);
  out << "\n}  // namespace tpuc::isa\n";
}

void EmitSource(const std::vector<Format>& formats, std::ostream& out) {
  out << kGenerated << "#include \"compiler/isa/formats.h\"\n\n"
      << "#include <cassert>\n\n"
      << "#include \"compiler/isa/instruction.h\"\n\n"
      << "namespace tpuc::isa {\nnamespace {\n\n";
  // Formats with one field map share its table.
  std::vector<const Format*> owner(formats.size());
  for (size_t i = 0; i < formats.size(); ++i) {
    owner[i] = &formats[i];
    for (size_t j = 0; j < i; ++j)
      if (formats[i].SameTable(formats[j])) {
        owner[i] = owner[j];
        break;
      }
    if (owner[i] == &formats[i]) EmitFieldTable(formats[i], out);
    if (formats[i].sub_opcodes.empty()) continue;
    out << "const SubOpcode k" << formats[i].camel << "Ops[] = {";
    for (const auto& [code, word] : formats[i].sub_opcodes)
      out << "{" << code << ", " << Quote(word) << "}, ";
    out << "};\n";
  }
  out << "\nconst FormatInfo kFormats[] = {\n";
  for (size_t i = 0; i < formats.size(); ++i) {
    const Format& format = formats[i];
    out << "    {" << Quote(format.name) << ", Format::k" << format.camel
        << ", Engine::" << format.engine << ", " << format.total_bits << ", "
        << format.opcode << ",\n     ";
    if (format.sub_opcodes.empty())
      out << "{}, ";
    else
      out << "k" << format.camel << "Ops, ";
    out << "k" << owner[i]->camel << "Fields,\n     " << Find(format, "kCmdId")
        << ", " << Find(format, "kCmdIdDep") << ", "
        << Find(format, "kCmdIdEnable") << ", " << Find(format, "kOpcode")
        << ", " << Find(format, "kSubOpcode") << ", "
        << Find(format, "kShortForm") << ",\n     ";
    EmitDefaults(format, out);
    out << "},\n";
  }
  out << "};\n\n}  // namespace\n\n"
      << "const FormatInfo& GetFormatInfo(Format format) {\n"
      << "  return kFormats[static_cast<int>(format)];\n}\n";
  for (const Format& format : formats) EmitConversions(format, out);
  out << "\n}  // namespace tpuc::isa\n";
}

}  // namespace tpuc::isa::generator
