// SPDX-License-Identifier: Apache-2.0
#include "tools/eval/boxes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "tools/eval/by_score.h"

namespace tpuc::eval {
namespace {

constexpr double kLeastScore = 0.001;
constexpr size_t kMostCandidates = 30000;
constexpr double kMostOverlap = 0.6;

struct Anchor {
  double width, height;
};

// models/yolov5s.yaml, by pixels of a position.
const std::map<int64_t, std::array<Anchor, 3>>& Anchors() {
  static const auto& anchors = *new std::map<int64_t, std::array<Anchor, 3>>{
      {8, {{{10, 13}, {16, 30}, {33, 23}}}},
      {16, {{{30, 61}, {62, 45}, {59, 119}}}},
      {32, {{{116, 90}, {156, 198}, {373, 326}}}}};
  return anchors;
}

class RowReader : public BoxReader {
 public:
  std::vector<Box> Read(const std::vector<Tensor>& outputs) const override {
    std::vector<Box> boxes;
    const float* row = outputs[0].data<float>();
    for (int64_t i = 0; i < outputs[0].NumElements(); i += 6, row += 6)
      if (row[4] > 0)
        boxes.push_back({row[0], row[1], row[2], row[3], row[4],
                         static_cast<int64_t>(row[5])});
    SortByScore(boxes);
    return boxes;
  }
};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct Head {
  int64_t height, width;
  int64_t pixels;    // of the input, that a position stands for
  bool values_last;  // (1, 3, H, W, values)
};

class YoloReader : public BoxReader {
 public:
  YoloReader(std::vector<Head> heads, int64_t categories)
      : heads_(std::move(heads)), categories_(categories) {}

  std::vector<Box> Read(const std::vector<Tensor>& outputs) const override {
    std::vector<Box> boxes;
    for (size_t i = 0; i < heads_.size(); ++i)
      ReadHead(heads_[i], outputs[i].data<float>(), boxes);
    SortByScore(boxes);
    if (boxes.size() > kMostCandidates) boxes.resize(kMostCandidates);
    return SuppressOverlaps(boxes, kMostOverlap);
  }

 private:
  void ReadHead(const Head& head, const float* values,
                std::vector<Box>& boxes) const {
    const int64_t count = 5 + categories_, plane = head.height * head.width;
    const auto& anchors = Anchors().at(head.pixels);
    for (int64_t a = 0; a < 3; ++a) {
      for (int64_t position = 0; position < plane; ++position) {
        const float* first = values + a * count * plane +
                             (head.values_last ? position * count : position);
        ReadPosition(head, anchors[a], position, first,
                     head.values_last ? 1 : plane, boxes);
      }
    }
  }

  void ReadPosition(const Head& head, Anchor anchor, int64_t position,
                    const float* values, int64_t step,
                    std::vector<Box>& boxes) const {
    const auto value = [&](int64_t i) { return Sigmoid(values[i * step]); };
    const double object = value(4);
    if (object <= kLeastScore) return;
    const double pixels = static_cast<double>(head.pixels);
    const double x =
        (2 * value(0) - 0.5 + static_cast<double>(position % head.width)) *
        pixels;
    const double y =
        (2 * value(1) - 0.5 + static_cast<double>(position / head.width)) *
        pixels;
    const double half_width = 2 * value(2) * value(2) * anchor.width;
    const double half_height = 2 * value(3) * value(3) * anchor.height;
    for (int64_t c = 0; c < categories_; ++c) {
      const double score = object * value(5 + c);
      if (score > kLeastScore)
        boxes.push_back({x - half_width, y - half_height, x + half_width,
                         y + half_height, score, c});
    }
  }

  const std::vector<Head> heads_;
  const int64_t categories_;
};

double Overlap(const Box& a, const Box& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const auto area = [](const Box& box) {
    return (box.right - box.left) * (box.bottom - box.top);
  };
  const double shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

absl::Status Unknown(const ModelInfo& model, const OutputInfo& output,
                     absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the output '", output.name, "' of '", model.path,
                   "' has shape ", ShapeText(output.shape), what));
}

absl::StatusOr<Head> ReadHead(const ModelInfo& model, const OutputInfo& output,
                              int64_t categories) {
  const std::vector<int64_t>& s = output.shape;
  const bool values_last = s.size() == 5 && s[0] == 1 && s[1] == 3;
  const bool planes = s.size() == 4 && s[0] == 1 && s[1] % 3 == 0;
  if (!values_last && !planes)
    return Unknown(model, output,
                   "; coco takes boxes (.., N, 6) or heads of YOLOv5, "
                   "(1, 3, H, W, 5 + categories)");
  const int64_t found = (values_last ? s[4] : s[1] / 3) - 5;
  if (found != categories)
    return Unknown(model, output,
                   absl::StrCat(", so ", found,
                                " categories; the data set has ", categories));
  const int64_t height = s[2], width = s[3];
  const bool is_nchw =
      model.preprocessing.channel_format == ChannelFormat::kNchw;
  const int64_t pixels = model.input_shape[is_nchw ? 2 : 1] / height;
  if (Anchors().count(pixels) == 0)
    return Unknown(model, output,
                   absl::StrCat(", ", pixels,
                                " pixels to a position; anchors are known for "
                                "8, 16 and 32"));
  return Head{height, width, pixels, values_last};
}

}  // namespace

absl::StatusOr<std::unique_ptr<BoxReader>> BoxReader::Make(
    const ModelInfo& model, int64_t categories) {
  if (model.outputs.size() == 1 && !model.outputs[0].shape.empty() &&
      model.outputs[0].shape.back() == 6)
    return std::make_unique<RowReader>();
  std::vector<Head> heads;
  for (const OutputInfo& output : model.outputs) {
    auto head = ReadHead(model, output, categories);
    if (!head.ok()) return head.status();
    heads.push_back(*head);
  }
  return std::make_unique<YoloReader>(std::move(heads), categories);
}

std::vector<Box> SuppressOverlaps(const std::vector<Box>& boxes, double most) {
  std::vector<Box> kept;
  for (const Box& box : boxes) {
    const bool hidden =
        std::any_of(kept.begin(), kept.end(), [&](const Box& other) {
          return other.category == box.category && Overlap(other, box) > most;
        });
    if (!hidden) kept.push_back(box);
  }
  return kept;
}

}  // namespace tpuc::eval
