// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/short_form.h"

#include <array>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tpuc::isa {
namespace {

// How a long form maps to its short form, if it has one.
struct ShortForm {
  const FormatInfo* format = nullptr;
  std::vector<int> field;  // of each field of the long form, or -1
};

// Both halves of a name are prefixed: AR and sAR, RQ&DQ and sRQ&sDQ.
ShortForm Find(const FormatInfo& info) {
  ShortForm form;
  if (info.engine != Engine::kTiu || info.total_bits != 64 * kMaxWords) {
    return form;
  }
  form.format = FindFormat(
      absl::StrCat("s", absl::StrReplaceAll(info.name, {{"&", "&s"}})));
  if (form.format == nullptr) return form;
  for (const FieldInfo& field : info.fields) {
    form.field.push_back(form.format->FindField(field.name));
  }
  return form;
}

const ShortForm& ShortFormOf(Format format) {
  static const auto* const kForms = [] {
    auto* forms = new std::array<ShortForm, kNumFormats>;
    for (int i = 0; i < kNumFormats; ++i) {
      (*forms)[static_cast<size_t>(i)] =
          Find(GetFormatInfo(static_cast<Format>(i)));
    }
    return forms;
  }();
  return (*kForms)[static_cast<size_t>(format)];
}

}  // namespace

absl::StatusOr<Instruction> ToShortForm(const Instruction& instruction) {
  const ShortForm& form = ShortFormOf(instruction.format());
  if (form.format == nullptr) return instruction;
  const FormatInfo& info = instruction.info();
  Instruction result(form.format->format);
  for (size_t k = 0; k < info.fields.size(); ++k) {
    const FieldInfo& field = info.fields[k];
    if (field.kind == FieldKind::kShortForm) continue;
    const int index = static_cast<int>(k);
    const uint64_t value = instruction.Get(index);
    const int target = form.field[k];
    if (target < 0) {
      if (field.kind != FieldKind::kLaneMask || instruction.IsDefault(index)) {
        continue;
      }
      return absl::UnimplementedError(
          absl::StrCat(info.name, " in the long form with ", field.name,
                       " other than all ones"));
    }
    result.Set(target, value);
    if (result.overflow_field() >= 0) {
      return absl::UnimplementedError(absl::StrCat(
          info.name, " in the long form with ", field.name, " ", value, ": ",
          form.format->name, " has ",
          form.format->fields[static_cast<size_t>(target)].width, " bits"));
    }
  }
  return result;
}

}  // namespace tpuc::isa
