// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "compiler/support/file.h"
#include "tools/eval/boxes.h"
#include "tools/eval/coco_data.h"
#include "tools/eval/coco_metrics.h"
#include "tools/eval/task.h"

namespace tpuc::eval {
namespace {

class CocoScoring : public Scoring {
 public:
  CocoScoring(const CocoData& data, const ModelInfo& model,
              std::unique_ptr<BoxReader> reader)
      : categories_(static_cast<int64_t>(data.category_numbers.size())),
        model_(model),
        reader_(std::move(reader)),
        images_(data.images) {}

  absl::Status Add(int64_t i, ImageSize size,
                   const std::vector<Tensor>& outputs) override {
    const Placement p = PlacementOf(model_.preprocessing, size.height,
                                    size.width, model_.input_shape);
    const auto within = [](double value, int64_t most) {
      return std::clamp(value, 0.0, static_cast<double>(most));
    };
    for (const Box& box : reader_->Read(outputs)) {
      const double left = within((box.left - p.left) / p.scale_x, size.width);
      const double right = within((box.right - p.left) / p.scale_x, size.width);
      const double top = within((box.top - p.top) / p.scale_y, size.height);
      const double bottom =
          within((box.bottom - p.top) / p.scale_y, size.height);
      images_[i].detections.push_back(
          {{left, top, right - left, bottom - top}, box.category, box.score});
    }
    return absl::OkStatus();
  }

  std::vector<Metric> Result() const override {
    return CocoMetrics(images_, categories_);
  }

 private:
  const int64_t categories_;
  const ModelInfo model_;
  const std::unique_ptr<BoxReader> reader_;
  std::vector<CocoImage> images_;
};

class Coco : public Task {
 public:
  Coco(CocoData data, std::string folder)
      : data_(std::move(data)), folder_(std::move(folder)) {}

  std::vector<std::string> Images() const override {
    std::vector<std::string> paths;
    for (const std::string& file : data_.files)
      paths.push_back(JoinPath(folder_, file));
    return paths;
  }

  absl::StatusOr<std::unique_ptr<Scoring>> Start(
      const ModelInfo& model) const override {
    auto reader = BoxReader::Make(
        model, static_cast<int64_t>(data_.category_numbers.size()));
    if (!reader.ok()) return reader.status();
    return std::make_unique<CocoScoring>(data_, model, *std::move(reader));
  }

 private:
  const CocoData data_;
  const std::string folder_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Task>> MakeCoco(const TaskOptions& options) {
  auto data = ReadCoco(options.dataset);
  if (!data.ok()) return data.status();
  Cut(options.limit, data->files);
  Cut(options.limit, data->images);
  const std::string folder =
      options.images.empty() ? DirName(options.dataset) : options.images;
  return std::make_unique<Coco>(*std::move(data), folder);
}

}  // namespace tpuc::eval
