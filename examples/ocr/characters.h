// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace ocr {

// The characters that the recogniser knows, in the order of its classes.
// Generated from the network's file.
const std::vector<std::string>& Characters();

}  // namespace ocr
