// SPDX-License-Identifier: Apache-2.0
#include "compiler/target/bm1684x/layout.h"

namespace tpuc::bm1684x {

const char* Name(Layout layout) {
  return layout == Layout::kAligned ? "aligned" : "compact";
}

}  // namespace tpuc::bm1684x
