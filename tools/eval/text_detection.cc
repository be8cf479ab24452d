// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "runtime/ocr/geometry.h"
#include "runtime/ocr/text_boxes.h"
#include "tools/eval/dataset.h"
#include "tools/eval/task.h"

namespace tpuc::eval {
namespace {

using ocr::Point;
using ocr::Quad;

// Least intersection over union of a box that was found.
constexpr double kOverlap = 0.5;

struct Page {
  std::string path;
  std::vector<Quad> boxes;
};

bool ReadQuad(const nlohmann::json& entry, Quad& quad) {
  if (!entry.is_object()) return false;
  const auto points = entry.find("points");
  if (points == entry.end() || !points->is_array() || points->size() != 4)
    return false;
  for (size_t i = 0; i < 4; ++i) {
    const nlohmann::json& point = (*points)[i];
    if (!point.is_array() || point.size() != 2 || !point[0].is_number() ||
        !point[1].is_number())
      return false;
    quad[i] = {point[0].get<double>(), point[1].get<double>()};
  }
  return true;
}

absl::StatusOr<Page> ReadPage(const std::string& dataset,
                              const Sample& sample) {
  const auto label = nlohmann::json::parse(sample.label, nullptr, false);
  const auto bad = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", dataset, "': the label of '", sample.image, "' ", what,
        "; it must be a list [{\"points\": [[x,y],[x,y],[x,y],[x,y]]}, ..]"));
  };
  if (!label.is_array()) return bad("is no JSON list");
  Page page{sample.image, {}};
  for (const auto& entry : label) {
    page.boxes.emplace_back();
    if (!ReadQuad(entry, page.boxes.back()))
      return bad(absl::StrCat("has an entry without four points, number ",
                              page.boxes.size()));
  }
  return page;
}

struct Counts {
  int64_t found = 0, boxes = 0, matched = 0;
};

// Each true box takes the box that overlaps it most and is still free.
Counts Match(const std::vector<Quad>& truth, const std::vector<Quad>& found) {
  Counts counts{static_cast<int64_t>(found.size()),
                static_cast<int64_t>(truth.size()), 0};
  std::vector<bool> taken(found.size());
  for (const Quad& box : truth) {
    double most = kOverlap;
    size_t best = found.size();
    for (size_t i = 0; i < found.size(); ++i) {
      if (taken[i]) continue;
      const double overlap = ocr::IntersectionOverUnion(box, found[i]);
      if (overlap < most) continue;
      most = overlap;
      best = i;
    }
    if (best == found.size()) continue;
    taken[best] = true;
    ++counts.matched;
  }
  return counts;
}

// From a map's pixels to those of an image.
struct MapToImage {
  double step_x, step_y;  // input pixels of a map's pixel
  Placement placement;    // of the image in the input

  Point operator()(Point p, ImageSize size) const {
    return {std::clamp((p.x * step_x - placement.left) / placement.scale_x, 0.0,
                       static_cast<double>(size.width)),
            std::clamp((p.y * step_y - placement.top) / placement.scale_y, 0.0,
                       static_cast<double>(size.height))};
  }
};

class TextDetectionScoring : public Scoring {
 public:
  TextDetectionScoring(const std::vector<Page>& pages, const ModelInfo& model)
      : pages_(pages), model_(model), counts_(pages.size()) {}

  absl::Status Add(int64_t i, ImageSize size,
                   const std::vector<Tensor>& outputs) override {
    const std::vector<int64_t>& shape = outputs[0].shape();
    const int64_t height = shape[shape.size() - 2], width = shape.back();
    const bool is_nchw =
        model_.preprocessing.channel_format == ChannelFormat::kNchw;
    const double input_height = model_.input_shape[is_nchw ? 2 : 1];
    const double input_width = model_.input_shape[is_nchw ? 3 : 2];
    const MapToImage to_image = {input_width / width, input_height / height,
                                 PlacementOf(model_.preprocessing, size.height,
                                             size.width, model_.input_shape)};
    std::vector<Quad> found =
        ocr::TextBoxes(outputs[0].data<float>(), static_cast<int>(height),
                       static_cast<int>(width));
    for (Quad& box : found)
      for (Point& corner : box) corner = to_image(corner, size);
    counts_[i] = Match(pages_[i].boxes, found);
    return absl::OkStatus();
  }

  std::vector<Metric> Result() const override {
    Counts all;
    for (const Counts& counts : counts_) {
      all.found += counts.found;
      all.boxes += counts.boxes;
      all.matched += counts.matched;
    }
    const auto percent = [](int64_t part, int64_t whole) {
      return whole == 0 ? 0.0
                        : 100.0 * static_cast<double>(part) /
                              static_cast<double>(whole);
    };
    return {{"precision", percent(all.matched, all.found)},
            {"recall", percent(all.matched, all.boxes)},
            {"f", percent(2 * all.matched, all.found + all.boxes)}};
  }

 private:
  const std::vector<Page>& pages_;
  const ModelInfo model_;
  std::vector<Counts> counts_;
};

class TextDetection : public Task {
 public:
  explicit TextDetection(std::vector<Page> pages) : pages_(std::move(pages)) {}

  std::vector<std::string> Images() const override {
    std::vector<std::string> paths;
    for (const Page& page : pages_) paths.push_back(page.path);
    return paths;
  }

  absl::StatusOr<std::unique_ptr<Scoring>> Start(
      const ModelInfo& model) const override {
    auto output = OnlyOutput(model, "text_detection");
    if (!output.ok()) return output.status();
    const std::vector<int64_t>& shape = output->shape;
    bool is_map = shape.size() >= 2;
    for (size_t i = 0; i + 2 < shape.size(); ++i)
      is_map = is_map && shape[i] == 1;
    if (!is_map)
      return absl::InvalidArgumentError(
          absl::StrCat("the output '", output->name, "' of '", model.path,
                       "' has shape ", ShapeText(shape),
                       "; text_detection takes one value for each pixel, "
                       "(1, 1, height, width)"));
    return std::make_unique<TextDetectionScoring>(pages_, model);
  }

 private:
  const std::vector<Page> pages_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Task>> MakeTextDetection(
    const TaskOptions& options) {
  auto samples = ReadList(options.dataset, /*space_separates=*/false);
  if (!samples.ok()) return samples.status();
  Cut(options.limit, *samples);
  std::vector<Page> pages;
  for (const Sample& sample : *samples) {
    auto page = ReadPage(options.dataset, sample);
    if (!page.ok()) return page.status();
    pages.push_back(*std::move(page));
  }
  return std::make_unique<TextDetection>(std::move(pages));
}

}  // namespace tpuc::eval
