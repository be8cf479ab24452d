// SPDX-License-Identifier: Apache-2.0
#include "compiler/isa/short_form.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace tpuc::isa {
namespace {

const FormatInfo* LongFormOf(const FormatInfo& info) {
  if (info.engine != Engine::kTiu || info.short_form < 0) return nullptr;
  if (info.total_bits == 64 * kMaxWords) return nullptr;
  return FindFormat(absl::StrReplaceAll(absl::string_view(info.name).substr(1),
                                        {{"&s", "&"}}));
}

TEST(ShortForm, HoldsTheFieldsOfTheLongForm) {
  std::mt19937_64 random(1);
  int forms = 0;
  for (int f = 0; f < kNumFormats; ++f) {
    const FormatInfo& info = GetFormatInfo(static_cast<Format>(f));
    const FormatInfo* longer = LongFormOf(info);
    if (longer == nullptr) continue;
    ++forms;
    Instruction want(info.format), given(longer->format);
    for (size_t k = 0; k < info.fields.size(); ++k) {
      const FieldInfo& field = info.fields[k];
      if (field.kind == FieldKind::kShortForm ||
          field.kind == FieldKind::kReserved) {
        continue;
      }
      const int target = longer->FindField(field.name);
      ASSERT_GE(target, 0) << info.name << " " << field.name;
      const int width = std::min(
          field.width, longer->fields[static_cast<size_t>(target)].width);
      const uint64_t value = random() >> (64 - width);
      want.Set(static_cast<int>(k), value);
      given.Set(target, value);
    }
    const absl::StatusOr<Instruction> got = ToShortForm(given);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_TRUE(*got == want) << info.name;
  }
  EXPECT_EQ(forms, 14);
}

TEST(ShortForm, OthersStay) {
  DmaTensor copy;
  copy.src_nsize = 3;
  const Instruction i = copy.ToInstruction();
  const absl::StatusOr<Instruction> got = ToShortForm(i);
  ASSERT_TRUE(got.ok());
  EXPECT_TRUE(*got == i);
}

TEST(ShortForm, DropsWhatHasNoEffect) {
  Sfu sfu;
  sfu.opd0_h_str = 7;
  const absl::StatusOr<Instruction> got = ToShortForm(sfu.ToInstruction());
  ASSERT_TRUE(got.ok());
  EXPECT_TRUE(*got == SSfu().ToInstruction());
}

TEST(ShortForm, NamesWhatItLacks) {
  Sfu lanes;
  lanes.tsk_lane_num = 1;
  absl::StatusOr<Instruction> got = ToShortForm(lanes.ToInstruction());
  EXPECT_EQ(got.status().message(),
            "SFU in the long form with tsk_lane_num other than all ones");
  Ar ar;
  ar.res0_h_str = 1u << 20;
  got = ToShortForm(ar.ToInstruction());
  EXPECT_EQ(got.status().message(),
            "AR in the long form with res0_h_str 1048576: sAR has 20 bits");
}

}  // namespace
}  // namespace tpuc::isa
