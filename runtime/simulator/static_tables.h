// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace tpuc::sim {

// The coefficient tables that the firmware leaves in static memory, as words
// from its start (docs/isa/bm1684x.md, f).
const std::vector<uint32_t>& StaticTables();

}  // namespace tpuc::sim
