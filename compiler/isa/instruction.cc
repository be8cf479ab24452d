// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/instruction.h"

#include <cassert>

namespace tpuc::isa {

const char* Name(Engine engine) {
  return engine == Engine::kTiu ? "TIU" : "GDMA";
}

int FormatInfo::FindField(absl::string_view field) const {
  for (size_t i = 0; i < fields.size(); ++i)
    if (field == fields[i].name) return static_cast<int>(i);
  return -1;
}

const char* FormatInfo::SubOpcodeName(uint64_t code) const {
  for (const SubOpcode& op : sub_opcodes)
    if (op.code == code) return op.name;
  return nullptr;
}

const FormatInfo* FindFormat(absl::string_view name) {
  for (int i = 0; i < kNumFormats; ++i) {
    const FormatInfo& info = GetFormatInfo(static_cast<Format>(i));
    if (name == info.name) return &info;
  }
  return nullptr;
}

uint64_t Instruction::Get(int field) const {
  const FieldInfo& f = info().fields[field];
  return ExtractBits(f.offset, f.width);
}

void Instruction::Set(int field, uint64_t value) {
  const FieldInfo& f = info().fields[field];
  PutBits(f.offset, f.width, field, value);
}

bool Instruction::IsDefault(int field) const {
  const FormatInfo& format = info();
  const FieldInfo& f = format.fields[field];
  int word = f.offset >> 6, bit = f.offset & 63;
  uint64_t changed = (words_[word] ^ format.defaults[word]) >> bit;
  if (bit + f.width > 64)
    changed |= (words_[word + 1] ^ format.defaults[word + 1]) << (64 - bit);
  return (changed & Mask(f.width)) == 0;
}

bool Instruction::IsEnd() const {
  if (format_ == Format::kSysid) return sub_opcode() == Sysid::Op::kEnd;
  return format_ == Format::kSDmaSys && sub_opcode() == SDmaSys::Op::kEnd;
}

Instruction MakeEnd(Engine engine, uint64_t cmd_id) {
  if (engine == Engine::kTiu) {
    Sysid end;
    end.cmd_id = cmd_id;
    end.cmd_id_en = 0;
    end.tsk_eu_typ = Sysid::Op::kEnd;
    return end.ToInstruction();
  }
  SDmaSys end;
  end.cmd_id = cmd_id;
  end.cmd_special_function = SDmaSys::Op::kEnd;
  return end.ToInstruction();
}

}  // namespace tpuc::isa
