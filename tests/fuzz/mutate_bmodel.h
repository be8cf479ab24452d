// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/fuzz/fuzzing.h"

namespace tpuc::fuzz {

// Changes one thing of a bmodel in place, knowing its schema: gives a number of
// the description a new value or another number's, takes a field away, lets two
// fields share an object, shortens a list; or changes a word of the binary
// section that a description of commands points to. False, and nothing changed,
// when the description doesn't verify.
bool MutateBmodel(uint8_t* data, size_t size, Random& random);

}  // namespace tpuc::fuzz
