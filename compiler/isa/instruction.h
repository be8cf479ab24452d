// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "compiler/isa/formats.h"

// Instructions of the BM1684X as values.
//
// The tables under compiler/isa/data give, for every instruction form
// ("format"), the position of each field. From them the generator makes
// formats.h: `enum class Format`, and for each format a struct with one
// uint64_t member per field and usable defaults. Code that knows which
// instruction it is about uses the structs; code for all instructions uses the
// class Instruction:
//
//   isa::SAr add;                       // short AR
//   add.tsk_eu_typ = isa::SAr::Op::kAdd;
//   add.res0_prec = isa::prec::kF32;    // codes.h
//   ...
//   isa::Instruction i = add.ToInstruction();
//   std::string bytes;
//   absl::Status status = isa::Encode(i, &bytes);   // encoding.h
//
//   if (i.format() == isa::Format::kSAr) isa::SAr back = isa::SAr::From(i);
namespace tpuc::isa {

// TIU does all arithmetic, GDMA all data movement; each has its own stream.
enum class Engine : uint8_t { kTiu, kGdma };

const char* Name(Engine engine);  // "TIU", "GDMA"

// What a field is for.
enum class FieldKind : uint8_t {
  kPlain,
  kReserved,     // must be 0
  kZero,         // known, but 0 in every program
  kShortForm,    // 1 in the short form
  kCmdId,        // number of this instruction in its engine's stream
  kCmdIdDep,     // number on the other engine to wait for; 0: none
  kCmdIdEnable,  // 1 but for the end instruction of TIU
  kOpcode,
  kSubOpcode,
  kPrecision,  // dtype code
  kSign,
  kConstant,  // 1: the operand's addr field is an immediate
  kLayout,
  kLaneMask,  // all ones
};

struct FieldInfo {
  const char* name;
  int offset;  // bits from the start of the instruction
  int width;   // bits, 1 to 64
  FieldKind kind;
  bool hex;          // addresses, masks, bit patterns: print in hexadecimal
  const char* note;  // remark of the table, may be empty
};

struct SubOpcode {
  uint64_t code;
  const char* name;  // "select_gt"
};

inline constexpr int kMaxWords = 16;  // 1024 bits

struct FormatInfo {
  const char* name;  // as in the table: "sAR", "DMA_tensor"
  Format format;
  Engine engine;
  int total_bits;  // a multiple of 64
  uint64_t opcode;
  absl::Span<const SubOpcode> sub_opcodes;  // empty: not published
  absl::Span<const FieldInfo> fields;       // every bit belongs to one
  // Indices into fields, -1 where the format has no such field.
  int cmd_id, cmd_id_dep, cmd_id_enable, opcode_field, sub_opcode, short_form;
  // The bits of a fresh instruction.
  std::array<uint64_t, kMaxWords> defaults;

  int bytes() const { return total_bits / 8; }
  // Index of the field with that name, or -1.
  int FindField(absl::string_view field) const;
  // Name of a sub-opcode, or nullptr.
  const char* SubOpcodeName(uint64_t code) const;
};

const FormatInfo& GetFormatInfo(Format format);

// Format with that name in the table, or nullptr.
const FormatInfo* FindFormat(absl::string_view name);

// An instruction: a format and a value for each of its fields, kept as the
// encoded bits (about 150 bytes, copied by memcpy).
//
// Set never truncates silently: a value that is too wide for its field is
// remembered, and Encode and Verify report it.
class Instruction {
 public:
  // With the format's defaults: opcode and form set, cmd_id_en 1, lane masks
  // all ones, everything else 0.
  explicit Instruction(Format format)
      : words_(GetFormatInfo(format).defaults), format_(format) {}

  Format format() const { return format_; }
  const FormatInfo& info() const { return GetFormatInfo(format_); }
  Engine engine() const { return info().engine; }

  // By index into info().fields, which is also the struct's enum Field:
  // i.Get(SAr::kCmdId).
  uint64_t Get(int field) const;
  void Set(int field, uint64_t value);
  bool IsDefault(int field) const;

  // Header fields that (almost) every format has; 0, and nothing, for LAR.
  uint64_t cmd_id() const { return GetOr0(info().cmd_id); }
  uint64_t cmd_id_dep() const { return GetOr0(info().cmd_id_dep); }
  uint64_t sub_opcode() const { return GetOr0(info().sub_opcode); }
  void set_cmd_id(uint64_t id) { SetIf(info().cmd_id, id); }
  void set_cmd_id_dep(uint64_t id) { SetIf(info().cmd_id_dep, id); }
  // True for the instruction that ends a stream.
  bool IsEnd() const;

  // The encoded bits; the first info().total_bits are meaningful, rest 0.
  const std::array<uint64_t, kMaxWords>& words() const { return words_; }
  std::array<uint64_t, kMaxWords>& mutable_words() { return words_; }

  // First field that was set to a value which doesn't fit, or -1.
  int overflow_field() const { return overflow_field_; }
  uint64_t overflow_value() const { return overflow_value_; }

  bool operator==(const Instruction& other) const {
    return format_ == other.format_ && words_ == other.words_ &&
           overflow_field_ == other.overflow_field_ &&
           overflow_value_ == other.overflow_value_;
  }
  bool operator!=(const Instruction& other) const { return !(*this == other); }

  // For generated code: access with positions known at compile time.
  template <int kOffset, int kWidth>
  uint64_t Extract() const {
    return ExtractBits(kOffset, kWidth);
  }
  template <int kOffset, int kWidth>
  void Put(int field, uint64_t value) {
    PutBits(kOffset, kWidth, field, value);
  }

 private:
  static constexpr uint64_t Mask(int width) {
    return width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  }
  uint64_t ExtractBits(int offset, int width) const {
    int word = offset >> 6, bit = offset & 63;
    uint64_t value = words_[word] >> bit;
    if (bit + width > 64) value |= words_[word + 1] << (64 - bit);
    return value & Mask(width);
  }
  void PutBits(int offset, int width, int field, uint64_t value) {
    if (overflow_field_ == field) overflow_field_ = -1, overflow_value_ = 0;
    if (value & ~Mask(width)) {
      if (overflow_field_ < 0) overflow_field_ = field, overflow_value_ = value;
      value &= Mask(width);
    }
    int word = offset >> 6, bit = offset & 63;
    words_[word] = (words_[word] & ~(Mask(width) << bit)) | value << bit;
    if (bit + width > 64) {
      int done = 64 - bit;
      words_[word + 1] =
          (words_[word + 1] & ~(Mask(width) >> done)) | value >> done;
    }
  }
  uint64_t GetOr0(int field) const { return field < 0 ? 0 : Get(field); }
  void SetIf(int field, uint64_t value) {
    if (field >= 0) Set(field, value);
  }

  std::array<uint64_t, kMaxWords> words_;
  uint64_t overflow_value_ = 0;
  int16_t overflow_field_ = -1;
  Format format_;
};

// The last instruction of each stream (docs/isa/bmodel.md, 4).
Instruction MakeEnd(Engine engine, uint64_t cmd_id);

// 40-bit addresses of GDMA structs; Side is src, dst, index or mask.
template <typename T>
uint64_t SrcAddress(const T& dma) {
  return dma.src_start_addr_l32 | dma.src_start_addr_h8 << 32;
}
template <typename T>
uint64_t DstAddress(const T& dma) {
  return dma.dst_start_addr_l32 | dma.dst_start_addr_h8 << 32;
}
template <typename T>
uint64_t IndexAddress(const T& dma) {
  return dma.index_start_addr_l32 | dma.index_start_addr_h8 << 32;
}
template <typename T>
void SetSrcAddress(T& dma, uint64_t address) {
  dma.src_start_addr_l32 = address & 0xffffffffu;
  dma.src_start_addr_h8 = address >> 32;
}
template <typename T>
void SetDstAddress(T& dma, uint64_t address) {
  dma.dst_start_addr_l32 = address & 0xffffffffu;
  dma.dst_start_addr_h8 = address >> 32;
}
template <typename T>
void SetIndexAddress(T& dma, uint64_t address) {
  dma.index_start_addr_l32 = address & 0xffffffffu;
  dma.index_start_addr_h8 = address >> 32;
}

}  // namespace tpuc::isa
