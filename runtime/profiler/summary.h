// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/profiler/profile.h"

namespace tpuc::profiler {

// The profile in words and tables for a reader: total time, which engine bounds
// it and why, use of the engines, cycles by kind of instruction, the most
// expensive instructions and, where the file locates tensors, the most
// expensive tensors.
std::string Summary(const Profile& profile);

}  // namespace tpuc::profiler
