// SPDX-License-Identifier: Apache-2.0
// COCO's files of annotations and of results.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/eval/coco_metrics.h"

namespace tpuc::eval {

// Images in the order of their ids, categories numbered in the order of theirs.
struct CocoData {
  std::vector<std::string> files;
  std::vector<CocoImage> images;  // without detections
  std::map<int64_t, int64_t> image_numbers, category_numbers;  // by id
};

// An instances_*.json. Errors name the file and the entry.
absl::StatusOr<CocoData> ReadCoco(const std::string& path);

// Adds the detections of a results file, a list of {"image_id": ..,
// "category_id": .., "bbox": [x, y, width, height], "score": ..}.
absl::Status ReadCocoDetections(const std::string& path, const CocoData& data,
                                std::vector<CocoImage>* images);

}  // namespace tpuc::eval
