// SPDX-License-Identifier: Apache-2.0
#include "tools/eval/coco_metrics.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "tools/eval/by_score.h"

namespace tpuc::eval {
namespace {

constexpr size_t kMostDetections = 100;
constexpr int kRecalls = 101;  // 0, 0.01, .. 1
constexpr int kOverlaps = 10;  // 0.5, 0.55, .. 0.95

double OverlapAt(int t) {
  // As numpy.linspace computes it.
  return t + 1 == kOverlaps ? 0.95 : 0.5 + t * ((0.95 - 0.5) / 9);
}
double RecallAt(int r) { return r + 1 == kRecalls ? 1.0 : r * 0.01; }

struct AreaRange {
  const char* name;
  double least, most;
};
constexpr AreaRange kAreas[] = {{"ap", 0, 1e10},
                                {"ap_small", 0, 32 * 32},
                                {"ap_medium", 32 * 32, 96 * 96},
                                {"ap_large", 96 * 96, 1e10}};

// Intersection over union; of a crowd, over the detection's area.
double Overlap(const CocoBox& found, const CocoBox& truth, bool is_crowd) {
  const double width = std::min(found.x + found.width, truth.x + truth.width) -
                       std::max(found.x, truth.x);
  const double height =
      std::min(found.y + found.height, truth.y + truth.height) -
      std::max(found.y, truth.y);
  if (width <= 0 || height <= 0) return 0;
  const double shared = width * height;
  const double area = found.width * found.height;
  return shared /
         (is_crowd ? area : area + truth.width * truth.height - shared);
}

// An image's objects and detections of one category.
struct Scene {
  std::vector<CocoObject> objects;
  std::vector<CocoDetection> detections;      // by score, at most 100
  std::vector<std::vector<double>> overlaps;  // [detection][object]
};

Scene SceneOf(const CocoImage& image, int64_t category) {
  Scene scene;
  for (const CocoObject& object : image.objects)
    if (object.category == category) scene.objects.push_back(object);
  for (const CocoDetection& detection : image.detections)
    if (detection.category == category) scene.detections.push_back(detection);
  SortByScore(scene.detections);
  if (scene.detections.size() > kMostDetections)
    scene.detections.resize(kMostDetections);
  for (const CocoDetection& detection : scene.detections) {
    scene.overlaps.emplace_back();
    for (const CocoObject& object : scene.objects)
      scene.overlaps.back().push_back(
          Overlap(detection.box, object.box, object.is_crowd));
  }
  return scene;
}

enum class Outcome { kRight, kWrong, kIgnored };

struct Judged {
  double score;
  Outcome outcome;
};

// The object that detection `d` takes, or none: the one that it overlaps most,
// those that count before those that are ignored, which come last in `order`.
size_t BestObject(const Scene& scene, size_t d, double least,
                  const std::vector<size_t>& order, size_t counted,
                  const std::vector<bool>& taken) {
  const size_t none = scene.objects.size();
  double most = std::min(least, 1 - 1e-10);
  size_t best = none;
  bool best_counts = false;
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t object = order[i];
    if (taken[object] && !scene.objects[object].is_crowd) continue;
    if (best != none && best_counts && i >= counted) break;
    if (scene.overlaps[d][object] < most) continue;
    most = scene.overlaps[d][object];
    best = object;
    best_counts = i < counted;
  }
  return best;
}

// COCOeval.evaluateImg. Appends the detections to `judged` and returns how many
// objects count.
int64_t Judge(const Scene& scene, const AreaRange& area, double least,
              std::vector<Judged>& judged) {
  const auto outside = [&](double value) {
    return value < area.least || value > area.most;
  };
  std::vector<bool> counts(scene.objects.size()), taken(scene.objects.size());
  std::vector<size_t> order, ignored;
  for (size_t i = 0; i < scene.objects.size(); ++i) {
    const CocoObject& object = scene.objects[i];
    counts[i] = !object.is_crowd && !outside(object.area);
    (counts[i] ? order : ignored).push_back(i);
  }
  const size_t counted = order.size();
  order.insert(order.end(), ignored.begin(), ignored.end());
  for (size_t d = 0; d < scene.detections.size(); ++d) {
    const CocoDetection& detection = scene.detections[d];
    const size_t object = BestObject(scene, d, least, order, counted, taken);
    Outcome outcome;
    if (object == scene.objects.size()) {
      outcome = outside(detection.box.width * detection.box.height)
                    ? Outcome::kIgnored
                    : Outcome::kWrong;
    } else {
      taken[object] = true;
      outcome = counts[object] ? Outcome::kRight : Outcome::kIgnored;
    }
    judged.push_back({detection.score, outcome});
  }
  return static_cast<int64_t>(counted);
}

struct Curve {
  double precision, recall;  // means
};

// COCOeval.accumulate, of one category.
Curve CurveOf(std::vector<Judged> judged, int64_t objects) {
  SortByScore(judged);
  std::vector<double> recalls, precisions;
  double right = 0, wrong = 0;
  for (const Judged& detection : judged) {
    right += detection.outcome == Outcome::kRight;
    wrong += detection.outcome == Outcome::kWrong;
    recalls.push_back(right / static_cast<double>(objects));
    precisions.push_back(
        right / (wrong + right + std::numeric_limits<double>::epsilon()));
  }
  for (size_t i = precisions.size(); i > 1; --i)
    precisions[i - 2] = std::max(precisions[i - 2], precisions[i - 1]);
  double sum = 0;
  for (int r = 0; r < kRecalls; ++r) {
    const auto at =
        std::lower_bound(recalls.begin(), recalls.end(), RecallAt(r));
    if (at != recalls.end()) sum += precisions[at - recalls.begin()];
  }
  return {sum / kRecalls, recalls.empty() ? 0 : recalls.back()};
}

// Means over the categories that have objects of these sizes.
struct Means {
  double precision[kOverlaps] = {}, recall[kOverlaps] = {};
  int64_t categories = 0;

  double Mean(const double (&values)[kOverlaps]) const {
    return 100 * std::accumulate(values, values + kOverlaps, 0.0) / kOverlaps;
  }
};

Means MeansOf(const std::vector<std::vector<Scene>>& scenes,
              const AreaRange& area) {
  Means means;
  for (const std::vector<Scene>& category : scenes) {
    bool any = false;
    for (int t = 0; t < kOverlaps; ++t) {
      std::vector<Judged> judged;
      int64_t objects = 0;
      for (const Scene& scene : category)
        objects += Judge(scene, area, OverlapAt(t), judged);
      if (objects == 0) break;
      any = true;
      const Curve curve = CurveOf(std::move(judged), objects);
      means.precision[t] += curve.precision;
      means.recall[t] += curve.recall;
    }
    means.categories += any;
  }
  for (int t = 0; t < kOverlaps && means.categories > 0; ++t) {
    means.precision[t] /= static_cast<double>(means.categories);
    means.recall[t] /= static_cast<double>(means.categories);
  }
  return means;
}

}  // namespace

std::vector<Metric> CocoMetrics(const std::vector<CocoImage>& images,
                                int64_t categories) {
  std::vector<std::vector<Scene>> scenes(static_cast<size_t>(categories));
  for (int64_t c = 0; c < categories; ++c)
    for (const CocoImage& image : images)
      scenes[c].push_back(SceneOf(image, c));
  std::vector<Metric> metrics;
  for (const AreaRange& area : kAreas) {
    const Means means = MeansOf(scenes, area);
    if (means.categories == 0) continue;
    metrics.push_back({area.name, means.Mean(means.precision)});
    if (&area != kAreas) continue;
    metrics.push_back({"ap50", 100 * means.precision[0]});
    metrics.push_back({"ap75", 100 * means.precision[5]});
    metrics.push_back({"ar", means.Mean(means.recall)});
  }
  return metrics;
}

}  // namespace tpuc::eval
