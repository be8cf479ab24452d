// SPDX-License-Identifier: Apache-2.0
// For tests: the same work at every vector level of this machine.
#pragma once

#include "compiler/numerics/float_format.h"
#include "gtest/gtest.h"

namespace tpuc::numerics {

// Expects work() to return at every level what it returns at the scalar one.
template <typename Work>
void ExpectSameAtAllLevels(const Work& work) {
  const VectorLevel best = CurrentVectorLevel();
  SetVectorLevel(VectorLevel::kScalar);
  const auto expected = work();
  for (VectorLevel level :
       {VectorLevel::kAvx2, VectorLevel::kAvx512, VectorLevel::kAvx512Vnni}) {
    if (SetVectorLevel(level) != level) break;
    EXPECT_EQ(work(), expected) << "vector level " << static_cast<int>(level);
  }
  SetVectorLevel(best);
}

}  // namespace tpuc::numerics
