// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "compiler/isa/instruction.h"

// Shared by the verifier's files; not for others.
namespace tpuc::isa {

// Collects the first broken rule of one instruction.
class Rules {
 public:
  explicit Rules(const Instruction& instruction) : instruction_(instruction) {}

  // `field` is an index into the format's fields.
  void Require(bool holds, int field, absl::string_view rule) {
    if (!holds && status_.ok()) Fail(field, rule);
  }
  void Size(int field) {
    Require(instruction_.Get(field) != 0, field, "a size is 1 to 65535");
  }
  template <typename... Fields>
  void Sizes(Fields... fields) {
    (Size(fields), ...);
  }

  const Instruction& instruction() const { return instruction_; }
  const absl::Status& status() const { return status_; }

 private:
  void Fail(int field, absl::string_view rule);

  const Instruction& instruction_;
  absl::Status status_;
};

// "sAR.add cmd_id 5"
std::string Title(const Instruction& instruction);

// Rules of each engine beyond those that follow from the tables.
void VerifyTiu(Rules& rules);
void VerifyGdma(Rules& rules);

}  // namespace tpuc::isa
