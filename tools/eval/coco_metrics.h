// SPDX-License-Identifier: Apache-2.0
// COCO's average precision, by the steps of pycocotools' COCOeval for boxes.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/eval/task.h"

namespace tpuc::eval {

struct CocoBox {
  double x = 0, y = 0, width = 0, height = 0;
};

struct CocoObject {
  CocoBox box;
  int64_t category = 0;  // from 0
  double area = 0;  // of the object, which may be less than that of the box
  bool is_crowd = false;
};

struct CocoDetection {
  CocoBox box;
  int64_t category = 0;
  double score = 0;
};

struct CocoImage {
  std::vector<CocoObject> objects;
  std::vector<CocoDetection> detections;
};

// In per cent: ap, the mean over intersections over union of 0.5 to 0.95; ap50
// and ap75; ap_small, ap_medium and ap_large, by area below 32^2, to 96^2, and
// above; ar, the mean recall with 100 detections an image. Metrics for which
// there are no objects are left out. `images` are in the order of their ids.
std::vector<Metric> CocoMetrics(const std::vector<CocoImage>& images,
                                int64_t categories);

}  // namespace tpuc::eval
