// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "compiler/support/command_line.h"
#include "runtime/preprocess/preprocess.h"

namespace tpuc {

// The flags of chapter 3 of the manual that say how an input is made of an
// image.
class PreprocessFlags {
 public:
  void Declare(CommandLine& line);

  // Nothing when none of them is given, and for SaysNone. Errors name the flag.
  absl::StatusOr<std::optional<Preprocessing>> Parse() const;

  // --channel_format none, the manual's word for inputs that are no images.
  bool SaysNone() const { return channel_format_ == "none"; }

 private:
  std::string mean_, scale_, pixel_format_, channel_format_;
  std::string resize_dims_, pad_value_, pad_type_;
  bool keep_aspect_ratio_ = false;
};

}  // namespace tpuc
