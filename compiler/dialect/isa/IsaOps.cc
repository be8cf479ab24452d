// SPDX-License-Identifier: Apache-2.0
#include "compiler/dialect/isa/IsaOps.h"

#include "compiler/isa/encoding.h"
#include "compiler/isa/verify.h"
#include "llvm/ADT/StringExtras.h"
//
#include "compiler/dialect/isa/IsaDialect.cc.inc"
#include "compiler/dialect/isa/IsaInterfaces.cc.inc"
#define GET_OP_CLASSES
#include "compiler/dialect/isa/IsaOps.cc.inc"

namespace tpuc::isa {

using llvm::LogicalResult;
using llvm::StringRef;
using mlir::Location;
using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::OpBuilder;
using mlir::Operation;
using mlir::OperationState;
using mlir::ParseResult;

void IsaDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "compiler/dialect/isa/IsaOps.cc.inc"
      >();
}

namespace {

StringRef AsRef(absl::string_view text) { return {text.data(), text.size()}; }

// An operation for several formats carries one of them; opcode and sub-opcode
// say which one is meant. Bits that mean none keep the carrier, and the
// verifier then complains about the opcode.
Instruction WithOwnFormat(const Instruction &carrier) {
  if (carrier.overflow_field() >= 0) return carrier;
  std::string bytes;
  if (!Encode(carrier, &bytes).ok()) return carrier;
  absl::StatusOr<Decoded> decoded = Decode(carrier.engine(), bytes, 0);
  return decoded.ok() ? decoded->instruction : carrier;
}

LogicalResult VerifyInstruction(Operation *op, const Instruction &instruction) {
  absl::Status status = Verify(instruction);
  if (status.ok()) return llvm::success();
  return op->emitOpError() << AsRef(status.message());
}

bool IsKeyword(StringRef word) {
  return !word.empty() && (llvm::isAlpha(word.front()) || word[0] == '_');
}

// [sub-opcode] [`<` field `=` value (`,` field `=` value)* `>`] attr-dict
void PrintInstruction(OpAsmPrinter &printer, Operation *op,
                      const Instruction &instruction, bool named) {
  const FormatInfo &info = instruction.info();
  uint64_t code = instruction.sub_opcode();
  const char *name = named ? info.SubOpcodeName(code) : nullptr;
  if (name != nullptr && IsKeyword(name))
    printer << ' ' << name;
  else if (code != 0 || (named && !info.sub_opcodes.empty()))
    printer << ' ' << code;
  bool first = true;
  for (size_t i = 0; i < info.fields.size(); ++i) {
    int field = static_cast<int>(i);
    if (field == info.sub_opcode || instruction.IsDefault(field)) continue;
    uint64_t value = instruction.Get(field);
    printer << (first ? " <" : ", ") << info.fields[i].name << " = ";
    if (info.fields[i].hex && value > 9)
      printer << "0x" << llvm::utohexstr(value);
    else
      printer << value;
    first = false;
  }
  if (!first) printer << '>';
  printer.printOptionalAttrDict(op->getDiscardableAttrDictionary().getValue());
}

// Reads an integer, if there is one, into a field.
mlir::OptionalParseResult ParseValue(OpAsmParser &parser,
                                     Instruction &instruction, int field) {
  llvm::SMLoc location = parser.getCurrentLocation();
  llvm::APInt value;
  mlir::OptionalParseResult result = parser.parseOptionalInteger(value);
  if (!result.has_value() || failed(*result)) return result;
  if (!value.isNegative() && value.getActiveBits() <= 64) {
    instruction.Set(field, value.getZExtValue());
    if (instruction.overflow_field() < 0) return ParseResult(llvm::success());
  }
  const FieldInfo &info = instruction.info().fields[field];
  return ParseResult(parser.emitError(location)
                     << "the value does not fit " << info.name << " of "
                     << info.width << " bits");
}

ParseResult ParseSubOpcode(OpAsmParser &parser, Instruction &instruction,
                           bool named) {
  const FormatInfo &info = instruction.info();
  mlir::OptionalParseResult number =
      ParseValue(parser, instruction, info.sub_opcode);
  if (number.has_value()) return *number;
  // A word is read only where one must stand: the next token may be the name
  // of the next operation.
  if (!named || info.sub_opcodes.empty()) return llvm::success();
  llvm::SMLoc location = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word)) return llvm::failure();
  for (const SubOpcode &op : info.sub_opcodes) {
    if (word != op.name) continue;
    instruction.Set(info.sub_opcode, op.code);
    return llvm::success();
  }
  return parser.emitError(location)
         << info.name << " has no sub-opcode '" << word << "'";
}

ParseResult ParseField(OpAsmParser &parser, Instruction &instruction) {
  const FormatInfo &info = instruction.info();
  llvm::SMLoc location = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name)) return llvm::failure();
  int field = info.FindField(absl::string_view(name.data(), name.size()));
  if (field < 0)
    return parser.emitError(location)
           << info.name << " has no field '" << name << "'";
  if (parser.parseEqual()) return llvm::failure();
  llvm::SMLoc value_location = parser.getCurrentLocation();
  mlir::OptionalParseResult value = ParseValue(parser, instruction, field);
  if (value.has_value()) return *value;
  return parser.emitError(value_location, "expected a number");
}

}  // namespace

template <typename OpT>
static ParseResult ParseInstruction(OpAsmParser &parser, OperationState &result,
                                    Format format, bool named);
template <typename OpT>
static Operation *Create(OpBuilder &builder, Location location,
                         const Instruction &instruction);

#include "compiler/dialect/isa/IsaFields.cc.inc"

template <typename OpT>
static ParseResult ParseInstruction(OpAsmParser &parser, OperationState &result,
                                    Format format, bool named) {
  Instruction instruction(format);
  if (ParseSubOpcode(parser, instruction, named)) return llvm::failure();
  if (succeeded(parser.parseOptionalLess())) {
    if (parser.parseCommaSeparatedList(
            [&] { return ParseField(parser, instruction); }) ||
        parser.parseGreater())
      return llvm::failure();
  }
  WriteFields(instruction,
              result.getOrAddProperties<typename OpT::Properties>());
  return parser.parseOptionalAttrDict(result.attributes);
}

template <typename OpT>
static Operation *Create(OpBuilder &builder, Location location,
                         const Instruction &instruction) {
  OperationState state(location, OpT::getOperationName());
  WriteFields(instruction,
              state.getOrAddProperties<typename OpT::Properties>());
  return builder.create(state);
}

}  // namespace tpuc::isa
