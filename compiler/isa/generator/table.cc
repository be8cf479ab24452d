// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/generator/table.h"

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>

namespace tpuc::isa::generator {
namespace {

[[noreturn]] void Fail(const std::string& file, int line,
                       const std::string& what) {
  std::cerr << file << ":" << line << ": " << what << "\n";
  std::exit(1);
}

// Splits one CSV line; a cell may be quoted, with "" for a quote inside.
std::vector<std::string> SplitRow(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (c == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        cells.back() += c;
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Lower case; what isn't a letter or digit becomes one '_'; text in
// parentheses is a remark and is dropped; "a/b" (one field with two meanings
// by direction) becomes "a_or_b".
std::string Identifier(const std::string& text) {
  std::string out;
  bool remark = false;
  for (char c : text) {
    if (c == '(') remark = true;
    if (!remark) {
      if (c == '/') {
        out += "_or_";
      } else if (std::isalnum(static_cast<unsigned char>(c))) {
        out += std::tolower(static_cast<unsigned char>(c));
      } else if (!out.empty() && out.back() != '_') {
        out += '_';
      }
    }
    if (c == ')') remark = false;
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

// "sRQ&sDQ" -> "srq_dq": the prefix "s" marks the whole name once.
std::string FormatIdentifier(const std::string& name) {
  std::string text = name;
  for (size_t at; (at = text.find("&s")) != std::string::npos;)
    text.erase(at + 1, 1);
  return Identifier(text);
}

// "sRQ&sDQ" -> "SRqDq", "PorD" -> "PorD", "DMA_tensor" -> "DmaTensor".
std::string FormatCamel(const std::string& name) {
  std::string id = FormatIdentifier(name);
  bool is_short = name[0] == 's';
  std::string camel = CamelCase(is_short ? id.substr(1) : id);
  if (camel == "Pord") camel = "PorD";
  return is_short ? "S" + camel : camel;
}

// "0 mul;1 not" -> {{0,"mul"},{1,"not"}}. An entry without a number or without
// a word (codes that aren't published) is left out.
std::vector<std::pair<uint64_t, std::string>> ParseSubOpcodes(
    const std::string& text) {
  std::vector<std::pair<uint64_t, std::string>> result;
  size_t begin = 0;
  while (begin <= text.size()) {
    size_t end = std::min(text.find(';', begin), text.size());
    std::string item = text.substr(begin, end - begin);
    begin = end + 1;
    size_t space = item.find(' ');
    if (item.empty() || !std::isdigit(static_cast<unsigned char>(item[0])) ||
        space == std::string::npos || Contains(item.substr(0, space), "."))
      continue;
    std::string word = item.substr(space + 1);
    if (Contains(word, "(unused)")) continue;
    result.emplace_back(std::stoull(item.substr(0, space)), Identifier(word));
  }
  return result;
}

std::string KindOf(const std::string& name, const std::string& note) {
  static const std::vector<std::pair<std::string, std::string>> kByNote = {
      {"reserved", "kReserved"},
      {"1 in the short form", "kShortForm"},
      {"sequence number", "kCmdId"},
      {"other engine", "kCmdIdDep"},
      {"1 (0 in the SYSID", "kCmdIdEnable"},
      {"opcode", "kOpcode"},
      {"sub-opcode", "kSubOpcode"},
      {"dtype code", "kPrecision"},
      {"1 = signed", "kSign"},
      {"1 = the addr", "kConstant"},
      {"layout:", "kLayout"},
      {"lane mask", "kLaneMask"},
      {"lane enable mask", "kLaneMask"},
  };
  if (note == "0") return "kZero";
  for (const auto& [prefix, kind] : kByNote)
    if (StartsWith(note, prefix)) return kind;
  if (StartsWith(name, "rsvd") || StartsWith(name, "reserved"))
    return "kReserved";
  return "kPlain";
}

void FillField(Format& format, Field& field) {
  field.kind = KindOf(field.name, field.note);
  field.hex = Contains(field.name, "_addr") || Contains(field.name, "mask") ||
              field.name == "constant_value" || field.kind == "kLaneMask";
  if (field.kind == "kShortForm") {
    field.default_value = format.form == "short";
  } else if (field.kind == "kOpcode") {
    field.default_value = format.opcode;
  } else if (field.kind == "kCmdIdEnable") {
    field.default_value = 1;
  } else if (field.kind == "kLaneMask") {
    field.default_value =
        field.width == 64 ? ~uint64_t{0} : (uint64_t{1} << field.width) - 1;
  }
}

// Numbers repeated names ("reserved0", "reserved1", ...) and derives the rest.
void Finish(Format& format, const std::string& file, int line) {
  std::map<std::string, int> count, next;
  for (const Field& field : format.fields) ++count[field.name];
  int position = 0;
  for (Field& field : format.fields) {
    if (count[field.name] > 1) {
      std::string base = field.name;
      field.name += std::to_string(next[base]++);
    }
    field.member = CamelCase(field.name);
    FillField(format, field);
    if (field.offset != position)
      Fail(file, line,
           format.name + ": field " + field.name + " starts at bit " +
               std::to_string(field.offset) + ", expected " +
               std::to_string(position));
    position += field.width;
  }
  if (position != format.total_bits)
    Fail(file, line,
         format.name + ": the fields cover " + std::to_string(position) +
             " of " + std::to_string(format.total_bits) + " bits");
  if (format.total_bits % 64 != 0)
    Fail(file, line, format.name + ": not a whole number of 64-bit words");
}

void ReadTable(const std::string& file, const std::string& engine,
               std::vector<Format>& formats) {
  std::ifstream in(file);
  if (!in) Fail(file, 0, "cannot open");
  std::string line;
  int number = 0;
  size_t first = formats.size();
  while (std::getline(in, line)) {
    if (++number == 1) continue;  // column titles
    std::vector<std::string> cells = SplitRow(line);
    if (cells.size() != 9)
      Fail(file, number,
           "expected 9 cells, found " + std::to_string(cells.size()));
    if (formats.size() == first || formats.back().name != cells[0]) {
      if (formats.size() > first) Finish(formats.back(), file, number);
      Format format;
      format.name = cells[0];
      format.camel = FormatCamel(cells[0]);
      format.snake = FormatIdentifier(cells[0]);
      format.engine = engine;
      format.form = cells[1];
      format.total_bits = std::stoi(cells[2]);
      format.opcode = std::stoull(cells[3]);
      format.sub_opcodes = ParseSubOpcodes(cells[4]);
      formats.push_back(format);
    }
    Field field;
    field.name = Identifier(cells[5]);
    field.offset = std::stoi(cells[6]);
    field.width = std::stoi(cells[7]);
    field.note = cells[8];
    if (field.width < 1 || field.width > 64)
      Fail(file, number, "a field has 1 to 64 bits");
    formats.back().fields.push_back(field);
  }
  if (formats.size() == first) Fail(file, number, "no instruction found");
  Finish(formats.back(), file, number);
}

}  // namespace

bool Format::SameFields(const Format& other) const {
  if (fields.size() != other.fields.size()) return false;
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field &a = fields[i], &b = other.fields[i];
    if (a.name != b.name || a.offset != b.offset || a.width != b.width)
      return false;
  }
  return true;
}

bool Format::SameTable(const Format& other) const {
  if (!SameFields(other)) return false;
  for (size_t i = 0; i < fields.size(); ++i)
    if (fields[i].kind != other.fields[i].kind ||
        fields[i].note != other.fields[i].note)
      return false;
  return true;
}

std::string CamelCase(const std::string& text) {
  std::string out;
  bool upper = true;
  for (char c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c))) {
      upper = true;
      continue;
    }
    out += upper ? std::toupper(static_cast<unsigned char>(c)) : c;
    upper = false;
  }
  return out;
}

std::string Quote(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::vector<Format> ReadTables(const std::string& tiu_csv,
                               const std::string& gdma_csv) {
  std::vector<Format> formats;
  ReadTable(tiu_csv, "kTiu", formats);
  ReadTable(gdma_csv, "kGdma", formats);
  // LAR repeats the operations of AR; the table says so in words.
  for (Format& format : formats) {
    if (format.name != "LAR") continue;
    for (const Format& other : formats)
      if (other.name == "AR") format.sub_opcodes = other.sub_opcodes;
  }
  return formats;
}

}  // namespace tpuc::isa::generator
