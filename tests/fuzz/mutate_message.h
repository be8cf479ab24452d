// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "tests/fuzz/fuzzing.h"

namespace tpuc::fuzz {

// Changes one thing anywhere in the message: sets a number, swaps a text for
// another one of the same message (so that names still meet) or of `words`, or
// adds, repeats, moves or removes a field or an element.
void MutateMessage(google::protobuf::Message& message,
                   const std::vector<std::string>& words, Random& random);

}  // namespace tpuc::fuzz
