// SPDX-License-Identifier: Apache-2.0
// Boxes in the outputs of networks that find objects.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"
#include "tools/eval/task.h"

namespace tpuc::eval {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  double score = 0;
  int64_t category = 0;  // from 0
};

// Reads boxes in pixels of the network's input. Two forms:
// - One output (.., N, 6): a row is left, top, right, bottom, score, category.
//   Rows without a positive score are none.
// - Heads as of YOLOv5, one or more outputs (1, 3, H, W, 5 + categories) or
//   (1, 3 * (5 + categories), H, W), before the sigmoid: x, y, w, h, whether
//   there is an object, a score for each category. At position (row, column),
//   with s = input height / H and sigmoids of all values, the centre is
//   ((2x - 0.5 + column) s, (2y - 0.5 + row) s), the size (4w^2 a, 4h^2 b) with
//   the anchor (a, b). Anchors are those of YOLOv5 for s of 8, 16 and 32. Of
//   scores above 0.001 the 30,000 highest stay, and of those in a category that
//   overlap by more than 0.6 the highest one: the settings of its validation.
class BoxReader {
 public:
  virtual ~BoxReader() = default;
  // By score, highest first. `outputs` is what Make was told of.
  virtual std::vector<Box> Read(const std::vector<Tensor>& outputs) const = 0;

  // An error when the outputs have neither form, or another number of
  // categories.
  static absl::StatusOr<std::unique_ptr<BoxReader>> Make(const ModelInfo& model,
                                                         int64_t categories);
};

// Of boxes by score, those that no one of the same category before them
// overlaps by more than `most`: intersection over union.
std::vector<Box> SuppressOverlaps(const std::vector<Box>& boxes, double most);

}  // namespace tpuc::eval
