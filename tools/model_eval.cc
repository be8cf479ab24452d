// SPDX-License-Identifier: Apache-2.0
// Scores networks on a data set; see --help.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "compiler/support/command_line.h"
#include "compiler/support/file.h"
#include "compiler/support/progress.h"
#include "runtime/preprocess/preprocess.h"
#include "tools/eval/coco_data.h"
#include "tools/eval/coco_metrics.h"
#include "tools/eval/model.h"
#include "tools/eval/scores.h"
#include "tools/eval/task.h"
#include "tools/lib/preprocess_flags.h"

namespace tpuc::eval {
namespace {

struct Options {
  std::string task, preprocessing, reference, json, limit, threads;
  TaskOptions data;
  std::vector<std::string> models, detections, least, drops;
  PreprocessFlags preprocess;
};

absl::StatusOr<int64_t> PositiveNumber(const std::string& flag,
                                       const std::string& text,
                                       int64_t otherwise) {
  if (text.empty()) return otherwise;
  int64_t number;
  if (absl::SimpleAtoi(text, &number) && number > 0) return number;
  return absl::InvalidArgumentError(absl::StrCat(
      "--", flag, " is '", text, "'; it must be a whole number from 1"));
}

absl::StatusOr<std::vector<Limit>> ParseLimits(
    const std::string& flag, const std::vector<std::string>& texts) {
  std::vector<Limit> limits;
  for (const std::string& text : texts) {
    auto limit = ParseLimit(flag, text);
    if (!limit.ok()) return limit.status();
    limits.push_back(*std::move(limit));
  }
  return limits;
}

// Runs networks on one data set, which is read when the first one needs it.
class Evaluation {
 public:
  explicit Evaluation(const Options& options) : options_(options) {}

  absl::StatusOr<Scores> Evaluate(const std::string& path) {
    if (absl::EndsWith(path, ".json")) return ReadScores(path);
    if (absl::Status status = Prepare(); !status.ok()) return status;
    auto model = Model::Load(path, preprocessing_);
    if (!model.ok()) return model.status();
    auto scoring = task_->Start((*model)->info());
    if (!scoring.ok()) return scoring.status();
    const absl::Status status = Run(**model, **scoring);
    if (!status.ok()) return status;
    return Scores{options_.task,
                  static_cast<int64_t>(images_.size()),
                  {{BaseName(path), (*scoring)->Result()}}};
  }

  // Scores boxes that were found elsewhere.
  absl::StatusOr<Scores> ScoreDetections(const std::string& path) const {
    if (options_.task != "coco")
      return absl::InvalidArgumentError("--detections is for --task coco");
    auto data = ReadCoco(options_.data.dataset);
    if (!data.ok()) return data.status();
    absl::Status status = ReadCocoDetections(path, *data, &data->images);
    if (!status.ok()) return status;
    return Scores{
        options_.task,
        static_cast<int64_t>(data->images.size()),
        {{BaseName(path),
          CocoMetrics(data->images,
                      static_cast<int64_t>(data->category_numbers.size()))}}};
  }

 private:
  absl::Status Prepare() {
    if (task_ != nullptr) return absl::OkStatus();
    auto task = MakeTask();
    if (!task.ok()) return task.status();
    auto how = options_.preprocess.Parse();
    if (!how.ok()) return how.status();
    preprocessing_ = *how;
    if (!options_.preprocessing.empty()) {
      if (preprocessing_)
        return absl::InvalidArgumentError(
            "--preprocessing takes the place of the flags of preprocessing");
      auto read = ReadPreprocessing(options_.preprocessing);
      if (!read.ok()) return read.status();
      preprocessing_ = *std::move(read);
    }
    auto threads =
        PositiveNumber("threads", options_.threads,
                       std::max(1u, std::thread::hardware_concurrency()));
    if (!threads.ok()) return threads.status();
    threads_ = static_cast<int>(*threads);
    task_ = *std::move(task);
    images_ = task_->Images();
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Task>> MakeTask() const {
    if (options_.data.dataset.empty())
      return absl::InvalidArgumentError("missing: --dataset PATH");
    auto limit = PositiveNumber("limit", options_.limit, 0);
    if (!limit.ok()) return limit.status();
    TaskOptions data = options_.data;
    data.limit = *limit;
    if (options_.task == "classification") return MakeClassification(data);
    if (options_.task == "text_recognition") return MakeTextRecognition(data);
    if (options_.task == "text_detection") return MakeTextDetection(data);
    if (options_.task == "coco") return MakeCoco(data);
    return absl::InvalidArgumentError(absl::StrCat(
        "--task is '", options_.task,
        "'; it must be classification, text_recognition, text_detection or "
        "coco"));
  }

  absl::Status Run(const Model& model, Scoring& scoring) const {
    const ModelInfo& info = model.info();
    const auto count = static_cast<int64_t>(images_.size());
    std::vector<ImageSize> sizes(images_.size());
    Progress progress(BaseName(info.path));
    std::mutex mutex;
    int64_t done = 0;
    return model.RunEach(
        count,
        [&](int64_t i) -> absl::StatusOr<Tensor> {
          auto image = ReadImage(images_[i],
                                 ChannelsOf(info.preprocessing.pixel_format));
          if (!image.ok()) return image.status();
          sizes[i] = {image->height, image->width};
          return Preprocess({*std::move(image)}, info.preprocessing,
                            info.input_shape);
        },
        [&](int64_t i, std::vector<Tensor> outputs) {
          absl::Status status = CheckFinite(info, images_[i], outputs);
          if (status.ok()) status = scoring.Add(i, sizes[i], outputs);
          const std::lock_guard<std::mutex> lock(mutex);
          progress.Update(++done, count);
          return status;
        },
        threads_);
  }

  static absl::Status CheckFinite(const ModelInfo& info,
                                  const std::string& image,
                                  const std::vector<Tensor>& outputs) {
    for (size_t o = 0; o < outputs.size(); ++o)
      for (int64_t i = 0; i < outputs[o].NumElements(); ++i)
        if (!std::isfinite(outputs[o].data<float>()[i]))
          return absl::InvalidArgumentError(absl::StrCat(
              "'", info.path, "' gives '", info.outputs[o].name,
              "' a value that is no finite number for '", image, "'"));
    return absl::OkStatus();
  }

  const Options& options_;
  std::unique_ptr<Task> task_;
  std::vector<std::string> images_;
  std::optional<Preprocessing> preprocessing_;
  int threads_ = 1;
};

// The reference, if there is one, and then the models.
absl::Status EvaluateAll(const Options& o, std::optional<Score>* reference,
                         Scores* scores) {
  Evaluation evaluation(o);
  const auto add = [&](absl::StatusOr<Scores> more, const std::string& path) {
    return more.ok() ? Append(*std::move(more), path, scores) : more.status();
  };
  if (!o.reference.empty()) {
    absl::Status status = add(evaluation.Evaluate(o.reference), o.reference);
    if (!status.ok()) return status;
    if (scores->models.size() != 1)
      return absl::InvalidArgumentError(
          absl::StrCat("'", o.reference, "' has the scores of ",
                       scores->models.size(), " models; a reference is one"));
    *reference = scores->models[0];
  }
  for (const std::string& path : o.models) {
    absl::Status status = add(evaluation.Evaluate(path), path);
    if (!status.ok()) return status;
  }
  for (const std::string& path : o.detections) {
    absl::Status status = add(evaluation.ScoreDetections(path), path);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Evaluate(const Options& o) {
  if (o.models.empty() && o.detections.empty())
    return absl::InvalidArgumentError("missing: --model FILE");
  auto least = ParseLimits("min", o.least);
  if (!least.ok()) return least.status();
  auto drops = ParseLimits("max_drop", o.drops);
  if (!drops.ok()) return drops.status();
  if (!drops->empty() && o.reference.empty())
    return absl::InvalidArgumentError("--max_drop needs --reference MODEL");
  std::optional<Score> reference;
  Scores scores;
  absl::Status status = EvaluateAll(o, &reference, &scores);
  if (!status.ok()) return status;
  if (o.json.empty()) {
    std::cout << Table(scores) << std::flush;
  } else {
    status = WriteFileAtomically(o.json, ToJson(scores));
    if (!status.ok()) return status;
  }
  if (reference) scores.models.erase(scores.models.begin());
  return CheckLimits(scores, reference ? &*reference : nullptr, *least, *drops);
}

int Main(int argc, char** argv) {
  Options o;
  CommandLine line("model_eval",
                   "Scores networks on a data set and prints a table, in per "
                   "cent (docs/accuracy.md).");
  line.Repeated("model", &o.models, "FILE",
                "what to score: an .mlir with the interpreter of its dialect, "
                "a .bmodel on the simulator or the device that TPU_DEVICE "
                "names, a .json of --json for scores of an earlier run");
  line.Optional("task", &o.task, "TASK",
                "classification, text_recognition, text_detection or coco");
  line.Optional("dataset", &o.data.dataset, "PATH",
                "a list, on each line an image, a tab and its label; of "
                "classification also a folder with a folder of images for "
                "each class; of coco the JSON file of annotations");
  line.Optional("images", &o.data.images, "FOLDER",
                "of coco: where the images are; that of the JSON file "
                "otherwise");
  line.Optional("characters", &o.data.characters, "FILE",
                "of text_recognition: what the classes stand for, the "
                "recogniser's .onnx or a text file with a character a line");
  line.Repeated("detections", &o.detections, "FILE",
                "of coco: boxes that were found elsewhere, in COCO's format "
                "of results");
  line.Optional("preprocessing", &o.preprocessing, "NET.mlir",
                "for a .bmodel: inputs are made of images as this file says");
  o.preprocess.Declare(line);
  line.Optional("reference", &o.reference, "FILE",
                "a model to compare with, as of --model; in the table's first "
                "line");
  line.Repeated("min", &o.least, "METRIC=VALUE",
                "fail when a model's metric is lower");
  line.Repeated("max_drop", &o.drops, "METRIC=POINTS",
                "fail when a model's metric is more points lower than the "
                "reference's");
  line.Optional("limit", &o.limit, "N", "take the first N images only");
  line.Optional("threads", &o.threads, "N",
                "images that are run at once; as many as there are processors "
                "otherwise");
  line.Optional("json", &o.json, "FILE",
                "write the numbers to this file instead of a table");
  if (int code = line.ParseOrExitCode(argc, argv); code >= 0) return code;
  const absl::Status status = Evaluate(o);
  if (status.ok()) return 0;
  std::cerr << "model_eval: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tpuc::eval

int main(int argc, char** argv) { return tpuc::eval::Main(argc, argv); }
