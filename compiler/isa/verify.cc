// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/verify.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "compiler/isa/codes.h"
#include "compiler/isa/verify_rules.h"

namespace tpuc::isa {
namespace {

// What the tables alone say.
void VerifyFields(Rules& rules) {
  const Instruction& instruction = rules.instruction();
  const FormatInfo& info = instruction.info();
  bool is_end = instruction.IsEnd();
  for (size_t i = 0; i < info.fields.size(); ++i) {
    int field = static_cast<int>(i);
    uint64_t value = instruction.Get(field);
    switch (info.fields[i].kind) {
      case FieldKind::kReserved:
      case FieldKind::kZero:
        rules.Require(value == 0, field, "reserved, must be 0");
        break;
      case FieldKind::kShortForm:
      case FieldKind::kOpcode:
        rules.Require(instruction.IsDefault(field), field,
                      "contradicts the instruction's format");
        break;
      case FieldKind::kSubOpcode:
        rules.Require(
            info.sub_opcodes.empty() || info.SubOpcodeName(value) != nullptr,
            field, "no such sub-opcode");
        break;
      case FieldKind::kCmdIdEnable:
        rules.Require(value == 1 || (is_end && value == 0), field,
                      "waits do not hold unless it is 1");
        break;
      case FieldKind::kPrecision:
        rules.Require(SizeOfPrec(value) != 0, field,
                      "dtype codes of this chip are 0 to 5");
        break;
      case FieldKind::kLayout:
        rules.Require(value <= layout::kStrides, field,
                      "layout codes are 0 to 3");
        break;
      default:
        break;
    }
  }
}

absl::Status VerifyStream(Engine engine, absl::Span<const Instruction> stream,
                          uint64_t other_ids) {
  for (size_t i = 0; i < stream.size(); ++i) {
    const Instruction& instruction = stream[i];
    std::string where = absl::StrCat(Name(engine), " instruction ", i + 1, ", ",
                                     Title(instruction), ": ");
    if (instruction.engine() != engine)
      return absl::InvalidArgumentError(
          absl::StrCat(where, "belongs to the other engine"));
    absl::Status status = Verify(instruction);
    if (!status.ok())
      return absl::InvalidArgumentError(absl::StrCat(
          Name(engine), " instruction ", i + 1, ", ", status.message()));
    if (instruction.cmd_id() != i + 1)
      return absl::InvalidArgumentError(
          absl::StrCat(where, "expected cmd_id ", i + 1));
    if (instruction.cmd_id_dep() > other_ids)
      return absl::InvalidArgumentError(absl::StrCat(
          where, "waits for id ", instruction.cmd_id_dep(),
          " of the other engine, which has ", other_ids, " instructions"));
    if (instruction.IsEnd() != (i + 1 == stream.size()))
      return absl::InvalidArgumentError(absl::StrCat(
          where, "the end instruction is the last and only the last"));
  }
  if (stream.empty())
    return absl::InvalidArgumentError(
        absl::StrCat(Name(engine), " stream: no end instruction"));
  return absl::OkStatus();
}

}  // namespace

std::string Title(const Instruction& instruction) {
  const FormatInfo& info = instruction.info();
  uint64_t op = instruction.sub_opcode();
  const char* name = info.SubOpcodeName(op);
  std::string title = info.name;
  if (name != nullptr)
    absl::StrAppend(&title, ".", name);
  else if (op != 0)
    absl::StrAppend(&title, ".", op);
  return absl::StrCat(title, " cmd_id ", instruction.cmd_id());
}

void Rules::Fail(int field, absl::string_view rule) {
  const FieldInfo& f = instruction_.info().fields[field];
  uint64_t value = instruction_.overflow_field() == field
                       ? instruction_.overflow_value()
                       : instruction_.Get(field);
  std::string number =
      f.hex ? absl::StrCat("0x", absl::Hex(value)) : absl::StrCat(value);
  status_ = absl::InvalidArgumentError(absl::StrCat(
      Title(instruction_), ": ", f.name, " = ", number, ": ", rule));
}

absl::Status Verify(const Instruction& instruction) {
  Rules rules(instruction);
  if (int field = instruction.overflow_field(); field >= 0) {
    rules.Require(
        false, field,
        absl::StrCat("does not fit ", instruction.info().fields[field].width,
                     " bits"));
    return rules.status();
  }
  VerifyFields(rules);
  if (!rules.status().ok()) return rules.status();
  if (instruction.engine() == Engine::kTiu)
    VerifyTiu(rules);
  else
    VerifyGdma(rules);
  return rules.status();
}

absl::Status VerifyProgram(absl::Span<const Instruction> tiu,
                           absl::Span<const Instruction> gdma) {
  absl::Status status = VerifyStream(Engine::kTiu, tiu, gdma.size());
  if (status.ok()) status = VerifyStream(Engine::kGdma, gdma, tiu.size());
  if (!status.ok()) return status;
  // Run both streams as far as their waits allow; a stop before both ends is a
  // circle.
  size_t t = 0, g = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (; t < tiu.size() && tiu[t].cmd_id_dep() <= g; ++t) moved = true;
    for (; g < gdma.size() && gdma[g].cmd_id_dep() <= t; ++g) moved = true;
  }
  if (t < tiu.size() || g < gdma.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the streams wait for each other: TIU ", Title(tiu[t]),
                     " for GDMA ", tiu[t].cmd_id_dep(), ", GDMA ",
                     Title(gdma[g]), " for TIU ", gdma[g].cmd_id_dep()));
  }
  return absl::OkStatus();
}

}  // namespace tpuc::isa
