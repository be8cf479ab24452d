// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace tpuc::eval {

// Sorts items by their member `score`, highest first; equal ones stay in order.
template <typename Item>
void SortByScore(std::vector<Item>& items) {
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (items[a].score != items[b].score)
      return items[a].score > items[b].score;
    return a < b;
  });
  std::vector<Item> sorted;
  sorted.reserve(items.size());
  for (size_t i : order) sorted.push_back(std::move(items[i]));
  items = std::move(sorted);
}

}  // namespace tpuc::eval
