// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/profiler/profile.h"

namespace tpuc::profiler {

// The program's time line as a JSON trace that Perfetto (ui.perfetto.dev) and
// chrome://tracing open. Two tracks, TIU and GDMA; an event for each
// instruction, with id, wait, cycles, bytes, MACs, operand addresses and the
// instruction's text as arguments; around them, where the file locates
// tensors, an event for each tensor; counters of GDMA bytes and MACs. One cycle
// is shown as 1 ns. A function of the profile alone.
std::string ChromeTrace(const Profile& profile);

}  // namespace tpuc::profiler
