// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/generator/emit_dialect.h"

#include <string>

namespace tpuc::isa::generator {
namespace {

// An operation of the dialect and the formats that it stands for.
struct Op {
  const Format* first;
  std::vector<const Format*> formats;
  std::string name;   // "sar"
  std::string camel;  // "SAr"

  bool shared() const { return formats.size() > 1; }
};

bool IsLongTiu(const Format& format) {
  return format.engine == "kTiu" && format.form == "long";
}

std::vector<Op> GroupFormats(const std::vector<Format>& formats) {
  std::vector<Op> ops;
  for (const Format& format : formats) {
    bool joined = false;
    for (Op& op : ops) {
      if (IsLongTiu(format) && IsLongTiu(*op.first) &&
          format.SameFields(*op.first)) {
        op.formats.push_back(&format);
        op.name = "tiu_long";
        op.camel = "TiuLong";
        joined = true;
        break;
      }
    }
    if (!joined)
      ops.push_back({&format, {&format}, format.snake, format.camel});
  }
  return ops;
}

void EmitOp(const Op& op, std::ostream& out) {
  out << "\ndef Isa_" << op.camel << "Op : Isa_InstructionOp<\"" << op.name
      << "\"> {\n  let summary = \"";
  for (size_t i = 0; i < op.formats.size(); ++i)
    out << (i ? ", " : "") << op.formats[i]->name;
  out << ": " << op.first->form << " form, " << op.first->total_bits / 8
      << " bytes\";\n";
  if (!op.first->sub_opcodes.empty() && !op.shared()) {
    out << "  let description = [{\n    Sub-opcodes:";
    for (const auto& [code, word] : op.first->sub_opcodes)
      out << "\n    - " << code << ": " << word;
    out << "\n  }];\n";
  }
  out << "  let arguments = (ins\n";
  for (size_t i = 0; i < op.first->fields.size(); ++i) {
    const Field& field = op.first->fields[i];
    // Properties are int64_t; a field of 64 bits keeps its bit pattern.
    out << "    Isa_Field<\"" << static_cast<int64_t>(field.default_value)
        << "\">:$" << field.name
        << (i + 1 < op.first->fields.size() ? ",\n" : "\n");
  }
  out << "  );\n}\n";
}

void EmitFields(const Op& op, std::ostream& out) {
  const std::string op_class = op.camel + "Op";
  const std::string format = "Format::k" + op.first->camel;
  out << "\nstatic Instruction ReadFields(const " << op_class
      << "::Properties &p) {\n  Instruction i(" << format << ");\n";
  for (size_t k = 0; k < op.first->fields.size(); ++k) {
    const Field& field = op.first->fields[k];
    out << "  i.Put<" << field.offset << ", " << field.width << ">(" << k
        << ", static_cast<uint64_t>(p." << field.name << "));\n";
  }
  out << "  return i;\n}\n";
  out << "static void WriteFields(const Instruction &i, " << op_class
      << "::Properties &p) {\n";
  for (const Field& field : op.first->fields)
    out << "  p." << field.name << " = static_cast<int64_t>(i.Extract<"
        << field.offset << ", " << field.width << ">());\n";
  out << "}\n";
  out << "Instruction " << op_class << "::toInstruction() {\n  return "
      << (op.shared() ? "WithOwnFormat(ReadFields(getProperties()))"
                      : "ReadFields(getProperties())")
      << ";\n}\n";
  out << "ParseResult " << op_class
      << "::parse(OpAsmParser &parser, OperationState &result) {\n"
      << "  return ParseInstruction<" << op_class << ">(parser, result, "
      << format << ", " << (op.shared() ? "false" : "true") << ");\n}\n";
  out << "void " << op_class << "::print(OpAsmPrinter &printer) {\n"
      << "  PrintInstruction(printer, getOperation(), "
         "ReadFields(getProperties()), "
      << (op.shared() ? "false" : "true") << ");\n}\n";
  out << "LogicalResult " << op_class << "::verify() {\n"
      << "  return VerifyInstruction(getOperation(), toInstruction());\n}\n";
}

const char kComment[] =
    "// SPDX-License-Identifier: Apache-2.0\n"
    "// Generated from the instruction tables; do not edit.\n";

}  // namespace

void EmitOps(const std::vector<Format>& formats, std::ostream& out) {
  out << kComment << "include \"compiler/dialect/isa/IsaDialect.td\"\n";
  for (const Op& op : GroupFormats(formats)) EmitOp(op, out);
}

void EmitOpFields(const std::vector<Format>& formats, std::ostream& out) {
  std::vector<Op> ops = GroupFormats(formats);
  out << kComment;
  for (const Op& op : ops) EmitFields(op, out);
  out << "\nOperation *create(OpBuilder &builder, Location location,\n"
         "                  const Instruction &instruction) {\n"
         "  switch (instruction.format()) {\n";
  for (const Op& op : ops) {
    for (const Format* format : op.formats)
      out << "    case Format::k" << format->camel << ":\n";
    out << "      return Create<" << op.camel
        << "Op>(builder, location, instruction);\n";
  }
  out << "  }\n  llvm_unreachable(\"unknown instruction format\");\n}\n";
}

}  // namespace tpuc::isa::generator
