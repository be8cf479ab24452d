// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace tpuc::ocr {

struct Text {
  std::string text;  // UTF-8
  double score = 0;  // mean probability of its characters; 0 without any
};

// The text in the recogniser's output, [steps, 2 + characters]: at each step
// the most likely class; repetitions and blanks (class 0) are left out. Classes
// from 1 are `characters`, the last one is a space.
Text DecodeCtc(const float* probabilities, int steps,
               const std::vector<std::string>& characters);

}  // namespace tpuc::ocr
