// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/eval/dataset.h"
#include "tools/eval/task.h"

namespace tpuc::eval {
namespace {

struct LabelledImage {
  std::string path;
  int64_t label;
};

// How many classes come before `label`, those of equal score by number.
int64_t RankOf(int64_t label, const Tensor& scores) {
  const float* score = scores.data<float>();
  int64_t rank = 0;
  for (int64_t c = 0; c < scores.NumElements(); ++c)
    if (score[c] > score[label] || (score[c] == score[label] && c < label))
      ++rank;
  return rank;
}

class ClassificationScoring : public Scoring {
 public:
  ClassificationScoring(const std::vector<LabelledImage>& images,
                        int64_t classes)
      : images_(images), classes_(classes), ranks_(images.size()) {}

  absl::Status Add(int64_t i, ImageSize,
                   const std::vector<Tensor>& outputs) override {
    ranks_[i] = RankOf(images_[i].label, outputs[0]);
    return absl::OkStatus();
  }

  std::vector<Metric> Result() const override {
    std::vector<Metric> metrics = {{"top1", Within(1)}};
    if (classes_ > 5) metrics.push_back({"top5", Within(5)});
    return metrics;
  }

 private:
  double Within(int64_t count) const {
    int64_t found = 0;
    for (int64_t rank : ranks_) found += rank < count;
    return 100.0 * static_cast<double>(found) /
           static_cast<double>(ranks_.size());
  }

  const std::vector<LabelledImage>& images_;
  const int64_t classes_;
  std::vector<int64_t> ranks_;
};

class Classification : public Task {
 public:
  Classification(std::string dataset, std::vector<LabelledImage> images,
                 int64_t folders)
      : dataset_(std::move(dataset)),
        images_(std::move(images)),
        folders_(folders) {}

  std::vector<std::string> Images() const override {
    std::vector<std::string> paths;
    for (const LabelledImage& image : images_) paths.push_back(image.path);
    return paths;
  }

  absl::StatusOr<std::unique_ptr<Scoring>> Start(
      const ModelInfo& model) const override {
    auto output = OnlyOutput(model, "classification");
    if (!output.ok()) return output.status();
    int64_t classes = 1;
    for (int64_t extent : output->shape) classes *= extent;
    if (folders_ != 0 && folders_ != classes)
      return absl::InvalidArgumentError(absl::StrCat(
          "'", dataset_, "' has ", folders_, " classes; the output '",
          output->name, "' of '", model.path, "' has shape ",
          ShapeText(output->shape), ", so ", classes));
    for (const LabelledImage& image : images_)
      if (image.label >= classes)
        return absl::InvalidArgumentError(absl::StrCat(
            "'", image.path, "' is of class ", image.label, "; the output '",
            output->name, "' of '", model.path, "' has shape ",
            ShapeText(output->shape), ", so classes 0 to ", classes - 1));
    return std::make_unique<ClassificationScoring>(images_, classes);
  }

 private:
  const std::string dataset_;
  const std::vector<LabelledImage> images_;
  const int64_t folders_;  // 0: a list, which doesn't say how many classes
};

absl::StatusOr<std::vector<LabelledImage>> WithNumbers(
    const std::string& dataset, const std::vector<Sample>& samples) {
  std::vector<LabelledImage> images;
  for (const Sample& sample : samples) {
    int64_t label;
    if (!absl::SimpleAtoi(sample.label, &label) || label < 0)
      return absl::InvalidArgumentError(absl::StrCat(
          "'", dataset, "': the label of '", sample.image, "' is '",
          sample.label, "'; it must be the number of a class, from 0"));
    images.push_back({sample.image, label});
  }
  return images;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Task>> MakeClassification(
    const TaskOptions& options) {
  std::vector<Sample> samples;
  int64_t folders = 0;
  if (IsFolder(options.dataset)) {
    auto read = ReadClassFolders(options.dataset);
    if (!read.ok()) return read.status();
    samples = std::move(read->samples);
    folders = static_cast<int64_t>(read->classes.size());
  } else {
    auto read = ReadList(options.dataset, /*space_separates=*/true);
    if (!read.ok()) return read.status();
    samples = *std::move(read);
  }
  Cut(options.limit, samples);
  auto images = WithNumbers(options.dataset, samples);
  if (!images.ok()) return images.status();
  return std::make_unique<Classification>(options.dataset, *std::move(images),
                                          folders);
}

}  // namespace tpuc::eval
