// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tpuc::isa::generator {

// One field of an instruction form, as the CSV row gives it.
struct Field {
  std::string name;    // identifier, unique within the format
  std::string member;  // CamelCase, for enumerators
  std::string kind;    // enumerator of isa::FieldKind
  int offset = 0;      // bits
  int width = 0;       // bits
  std::string note;
  bool hex = false;            // printed in hexadecimal
  uint64_t default_value = 0;  // value in a fresh instruction
};

// One instruction in one form ("sAR", short).
struct Format {
  std::string name;    // as in the CSV: "sTRANS&sBC"
  std::string camel;   // "STransBc"
  std::string snake;   // "strans_bc"
  std::string engine;  // "kTiu" or "kGdma"
  std::string form;    // "short", "long" or "both"
  int total_bits = 0;
  uint64_t opcode = 0;
  std::vector<std::pair<uint64_t, std::string>> sub_opcodes;  // code, word
  std::vector<Field> fields;

  // True when both have fields of the same names at the same bits.
  bool SameFields(const Format& other) const;
  // .. and the fields are of the same kinds, with the same remarks.
  bool SameTable(const Format& other) const;
};

// Reads the tables of both engines. Each row holds one field; the rows of one
// format are adjacent. Exits with a message naming file and line when a row is
// malformed, when fields overlap, or when a bit belongs to no field.
std::vector<Format> ReadTables(const std::string& tiu_csv,
                               const std::string& gdma_csv);

// "logic shift" -> "LogicShift", "4bank copy" -> "4bankCopy".
std::string CamelCase(const std::string& text);

// Quotes and escapes for a C++ or TableGen string literal.
std::string Quote(const std::string& text);

}  // namespace tpuc::isa::generator
