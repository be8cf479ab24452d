// SPDX-License-Identifier: Apache-2.0
#include "runtime/simulator/schedule.h"

#include <algorithm>

namespace tpuc::sim {

Schedule::Turn Schedule::Next() {
  if (tiu_.AtEnd() && gdma_.AtEnd()) return Turn::kEnd;
  const auto ready = [](const Engine& e, const Engine& other) {
    return !e.AtEnd() && e.stream[e.next].wait <= other.done;
  };
  const bool tiu_ready = ready(tiu_, gdma_), gdma_ready = ready(gdma_, tiu_);
  if (!tiu_ready && !gdma_ready) return Turn::kNever;
  switch (interleaving_) {
    case Interleaving::kTiuFirst:
      turn_of_gdma_ = !tiu_ready;
      break;
    case Interleaving::kGdmaFirst:
      turn_of_gdma_ = gdma_ready;
      break;
    case Interleaving::kAlternate:
      turn_of_gdma_ = turn_of_gdma_ ? gdma_ready : !tiu_ready;
      break;
  }
  Engine& e = turn_of_gdma_ ? gdma_ : tiu_;
  e.done = std::max(e.done, e.stream[e.next++].id);
  return turn_of_gdma_ ? Turn::kGdma : Turn::kTiu;
}

}  // namespace tpuc::sim
