// SPDX-License-Identifier: Apache-2.0
// What a network is for: a data set, and how well outputs agree with it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/support/tensor.h"
#include "runtime/preprocess/preprocess.h"

namespace tpuc::eval {

struct OutputInfo {
  std::string name;
  std::vector<int64_t> shape;
};

// A network of one input, for one image.
struct ModelInfo {
  std::string path;
  std::vector<int64_t> input_shape;
  Preprocessing preprocessing;
  std::vector<OutputInfo> outputs;
};

struct ImageSize {
  int64_t height = 0, width = 0;
};

// In per cent.
struct Metric {
  std::string name;
  double value;
};

// How well one network does.
class Scoring {
 public:
  virtual ~Scoring() = default;
  // What the network gives for image `i`, in f32. Called once for each image,
  // by several threads.
  virtual absl::Status Add(int64_t i, ImageSize size,
                           const std::vector<Tensor>& outputs) = 0;
  // When all images were added. Does not depend on their order.
  virtual std::vector<Metric> Result() const = 0;
};

class Task {
 public:
  virtual ~Task() = default;
  // Paths, in the order of `i` above.
  virtual std::vector<std::string> Images() const = 0;
  // An error when such a network can't have this task; it says why. The task
  // must outlive the result.
  virtual absl::StatusOr<std::unique_ptr<Scoring>> Start(
      const ModelInfo& model) const = 0;
};

struct TaskOptions {
  std::string dataset;     // file or folder
  std::string images;      // of coco: the folder of the images
  std::string characters;  // of text_recognition: what classes stand for
  int64_t limit = 0;       // only the first images; 0: all
};

// classification.cc: one score for each class. Lists or folders of classes;
// labels are numbers from 0. Metrics: top1, and top5 of more than 5 classes.
absl::StatusOr<std::unique_ptr<Task>> MakeClassification(
    const TaskOptions& options);
// text_recognition.cc: probabilities [.., steps, 2 + characters]. Labels are
// texts. Metrics: strings, read without an error; characters, 1 - edits /
// length.
absl::StatusOr<std::unique_ptr<Task>> MakeTextRecognition(
    const TaskOptions& options);
// text_detection.cc: probability of text at each pixel. Labels are PaddleOCR's.
// Metrics: precision, recall and f of boxes that match one at an intersection
// over union of 0.5.
absl::StatusOr<std::unique_ptr<Task>> MakeTextDetection(
    const TaskOptions& options);
// coco.cc: boxes (boxes.h). Metrics as of pycocotools (coco_metrics.h).
absl::StatusOr<std::unique_ptr<Task>> MakeCoco(const TaskOptions& options);

// "(1, 3, 48, 192)"
std::string ShapeText(const std::vector<int64_t>& shape);

// The only output; an error when there are more.
absl::StatusOr<OutputInfo> OnlyOutput(const ModelInfo& model,
                                      const std::string& task);

// The first `limit` of them; all for 0.
template <typename T>
void Cut(int64_t limit, std::vector<T>& items) {
  if (limit > 0 && limit < static_cast<int64_t>(items.size()))
    items.resize(static_cast<size_t>(limit));
}

}  // namespace tpuc::eval
