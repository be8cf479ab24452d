// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/cc_header.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"

namespace tpuc::bmodel {
namespace {

// Of C++20, and the names that the structs use themselves.
constexpr absl::string_view kTaken[] = {
    "alignas",       "alignof",     "and",
    "and_eq",        "asm",         "auto",
    "bitand",        "bitor",       "bool",
    "break",         "case",        "catch",
    "char",          "char16_t",    "char32_t",
    "char8_t",       "class",       "co_await",
    "co_return",     "co_yield",    "compl",
    "concept",       "const",       "const_cast",
    "consteval",     "constexpr",   "constinit",
    "continue",      "decltype",    "default",
    "delete",        "do",          "double",
    "dynamic_cast",  "else",        "enum",
    "explicit",      "export",      "extern",
    "false",         "float",       "for",
    "friend",        "goto",        "if",
    "inline",        "int",         "long",
    "mutable",       "namespace",   "new",
    "noexcept",      "not",         "not_eq",
    "nullptr",       "operator",    "or",
    "or_eq",         "private",     "protected",
    "public",        "register",    "reinterpret_cast",
    "requires",      "return",      "short",
    "signed",        "sizeof",      "static",
    "static_assert", "static_cast", "struct",
    "switch",        "template",    "this",
    "thread_local",  "throw",       "true",
    "try",           "typedef",     "typeid",
    "typename",      "union",       "unsigned",
    "using",         "virtual",     "void",
    "volatile",      "wchar_t",     "while",
    "xor",           "xor_eq",      "ForEach",
    "Inputs",        "Outputs",     "File",
    "Load",          "linux",       "unix"};

bool IsTaken(absl::string_view name) {
  for (absl::string_view taken : kTaken)
    if (name == taken) return true;
  return false;
}

bool IsName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0]) || IsTaken(name))
    return false;
  for (char c : name)
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  return true;
}

// A name of the program for a name of the file, other than those of `used`.
// Parts between other characters are joined by `separator`; without one they
// begin with a capital.
std::string CcName(absl::string_view text, absl::string_view separator,
                   absl::string_view prefix, std::set<std::string>& used) {
  std::string name;
  bool starts_part = true;
  for (char c : text) {
    if (!absl::ascii_isalnum(c)) {
      starts_part = true;
      continue;
    }
    if (starts_part && !name.empty()) absl::StrAppend(&name, separator);
    name += starts_part && separator.empty() ? absl::ascii_toupper(c) : c;
    starts_part = false;
  }
  if (name.empty() || absl::ascii_isdigit(name[0]) || IsTaken(name))
    name = absl::StrCat(prefix, name);
  std::string unique = name;
  for (int i = 2; !used.insert(unique).second; ++i)
    unique = absl::StrCat(name, "_", i);
  return unique;
}

absl::string_view CcType(DType type) {
  switch (type) {
    case DType::kF32:
      return "float";
    case DType::kF16:
      return "::tpuc::runtime::F16";
    case DType::kBF16:
      return "::tpuc::runtime::BF16";
    case DType::kI8:
      return "int8_t";
    case DType::kU8:
      return "uint8_t";
    case DType::kI16:
      return "int16_t";
    case DType::kU16:
      return "uint16_t";
    case DType::kI32:
      return "int32_t";
    case DType::kU32:
      return "uint32_t";
    default:  // a bmodel has no others
      return "void";
  }
}

// A C++ string. Octal escapes have an end, other than hexadecimal ones.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::CEscape(text), "\"");
}

std::string Tensors(absl::string_view name,
                    const std::vector<TensorRecord>& records) {
  std::string out = absl::StrCat("  struct ", name, " {\n");
  std::string visits;
  std::set<std::string> used;
  for (const TensorRecord& record : records) {
    const std::string field = CcName(record.name, "_", "tensor_", used);
    if (record.scale != 1.0f || record.zero_point != 0)
      absl::StrAppendFormat(&out, "    // Scale %.9g, zero point %d.\n",
                            record.scale, record.zero_point);
    absl::StrAppend(&out, "    ::tpuc::runtime::StaticTensor<",
                    CcType(record.dtype));
    for (uint64_t extent : record.shape) absl::StrAppend(&out, ", ", extent);
    absl::StrAppend(&out, "> ", field, ";\n");
    absl::StrAppend(&visits, "      visit(", Quoted(record.name), ", self.",
                    field, ");\n");
  }
  return absl::StrCat(out, R"(
    // visit(name in the file, tensor) for each, in the file's order.
    template <typename Self, typename Visit>
    static void ForEach(Self& self, Visit visit) {
)",
                      visits, "    }\n  };\n");
}

std::string StageStruct(absl::string_view name, absl::string_view net,
                        const Stage& stage) {
  return absl::StrCat("struct ", name,
                      " {\n  static constexpr char kNet[] = ", Quoted(net),
                      ";\n\n", Tensors("Inputs", stage.inputs), "\n",
                      Tensors("Outputs", stage.outputs), "};\n\n");
}

// $0 file, $1 namespace, $2 symbol, $3 structs, $4 quoted file.
constexpr char kHeader[] = R"(// Generated from $0; do not edit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/runtime.h"
#include "runtime/static_tensor.h"
#include "runtime/typed_runner.h"

extern "C" {
extern const char $2[];
extern const char $2_end[];
}

namespace $1 {

$3// The bytes of the file, which are part of the program.
inline absl::string_view File() {
  return {$2, static_cast<size_t>($2_end - $2)};
}

// Loads it; once is enough for any number of runners.
inline absl::StatusOr<std::shared_ptr<const ::tpuc::runtime::Model>> Load(
    const ::tpuc::runtime::LoadOptions& options = {}) {
  return ::tpuc::runtime::Model::FromBytes(File(), $4, options);
}

}  // namespace $1
)";

}  // namespace

absl::StatusOr<std::string> CcHeader(const Model& model,
                                     const CcHeaderOptions& options) {
  const std::vector<std::string> parts =
      absl::StrSplit(options.cc_namespace, "::");
  for (const std::string& part : parts)
    if (!IsName(part))
      return absl::InvalidArgumentError(absl::StrCat(
          "'", options.cc_namespace, "' is no name of a C++ namespace"));
  if (!IsName(options.symbol))
    return absl::InvalidArgumentError(
        absl::StrCat("'", options.symbol, "' is no C++ name"));
  std::string structs;
  std::set<std::string> used;
  for (const Net& net : model.nets) {
    for (size_t s = 0; s < net.stages.size(); ++s) {
      std::string text = net.name;
      if (net.stages.size() > 1) absl::StrAppend(&text, "_stage", s);
      structs +=
          StageStruct(CcName(text, "", "Net", used), net.name, net.stages[s]);
    }
  }
  return absl::Substitute(kHeader, absl::CEscape(options.file),
                          options.cc_namespace, options.symbol, structs,
                          Quoted(options.file));
}

}  // namespace tpuc::bmodel
