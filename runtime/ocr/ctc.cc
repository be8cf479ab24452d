// SPDX-License-Identifier: Apache-2.0
#include "runtime/ocr/ctc.h"

#include <algorithm>

namespace tpuc::ocr {

Text DecodeCtc(const float* probabilities, int steps,
               const std::vector<std::string>& characters) {
  const size_t classes = characters.size() + 2;
  Text result;
  size_t last = 0;
  int count = 0;
  for (int step = 0; step < steps; ++step) {
    const float* row = probabilities + step * classes;
    const size_t found = std::max_element(row, row + classes) - row;
    if (found != 0 && found != last) {
      result.text += found <= characters.size() ? characters[found - 1] : " ";
      result.score += row[found];
      ++count;
    }
    last = found;
  }
  if (count > 0) result.score /= count;
  return result;
}

}  // namespace tpuc::ocr
