// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace tpuc::bmodel {

// SHA-256 of the bytes, 32 raw bytes (FIPS 180-4).
std::string Sha256(absl::string_view bytes);

}  // namespace tpuc::bmodel
