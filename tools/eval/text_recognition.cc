// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "runtime/ocr/ctc.h"
#include "tools/eval/characters.h"
#include "tools/eval/dataset.h"
#include "tools/eval/task.h"

namespace tpuc::eval {
namespace {

class TextRecognition : public Task {
 public:
  TextRecognition(std::vector<Sample> samples, std::string characters_file,
                  std::vector<std::string> characters)
      : samples_(std::move(samples)),
        characters_file_(std::move(characters_file)),
        characters_(std::move(characters)) {}

  std::vector<std::string> Images() const override {
    std::vector<std::string> paths;
    for (const Sample& sample : samples_) paths.push_back(sample.image);
    return paths;
  }

  absl::StatusOr<std::unique_ptr<Scoring>> Start(
      const ModelInfo& model) const override;

  const std::vector<Sample>& samples() const { return samples_; }
  const std::vector<std::string>& characters() const { return characters_; }

 private:
  const std::vector<Sample> samples_;
  const std::string characters_file_;
  const std::vector<std::string> characters_;
};

class TextRecognitionScoring : public Scoring {
 public:
  explicit TextRecognitionScoring(const TextRecognition& task)
      : task_(task), lines_(task.samples().size()) {}

  absl::Status Add(int64_t i, ImageSize,
                   const std::vector<Tensor>& outputs) override {
    const int64_t steps = outputs[0].NumElements() / outputs[0].shape().back();
    const std::string text =
        ocr::DecodeCtc(outputs[0].data<float>(), static_cast<int>(steps),
                       task_.characters())
            .text;
    const std::string& label = task_.samples()[i].label;
    const std::vector<std::string> expected = CodePoints(label);
    lines_[i] = {text == label, EditDistance(CodePoints(text), expected),
                 static_cast<int64_t>(expected.size())};
    return absl::OkStatus();
  }

  std::vector<Metric> Result() const override {
    int64_t right = 0, edits = 0, length = 0;
    for (const Line& line : lines_) {
      right += line.is_right;
      edits += line.edits;
      length += line.length;
    }
    const auto percent = [](int64_t part, int64_t whole) {
      return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    };
    return {{"strings", percent(right, static_cast<int64_t>(lines_.size()))},
            {"characters", std::max(0.0, percent(length - edits, length))}};
  }

 private:
  struct Line {
    bool is_right;
    int64_t edits, length;
  };
  const TextRecognition& task_;
  std::vector<Line> lines_;
};

absl::StatusOr<std::unique_ptr<Scoring>> TextRecognition::Start(
    const ModelInfo& model) const {
  auto output = OnlyOutput(model, "text_recognition");
  if (!output.ok()) return output.status();
  const int64_t classes = output->shape.empty() ? 1 : output->shape.back();
  const auto expected = static_cast<int64_t>(characters_.size()) + 2;
  if (classes != expected)
    return absl::InvalidArgumentError(absl::StrCat(
        "the output '", output->name, "' of '", model.path, "' has shape ",
        ShapeText(output->shape), ", so ", classes, " classes; with ",
        characters_.size(), " characters in '", characters_file_,
        "', a blank and a space it must have ", expected));
  return std::make_unique<TextRecognitionScoring>(*this);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Task>> MakeTextRecognition(
    const TaskOptions& options) {
  if (options.characters.empty())
    return absl::InvalidArgumentError(
        "text_recognition needs the characters that classes stand for: "
        "--characters FILE, the recogniser's .onnx or a text file");
  auto characters = ReadCharacters(options.characters);
  if (!characters.ok()) return characters.status();
  auto samples = ReadList(options.dataset, /*space_separates=*/false);
  if (!samples.ok()) return samples.status();
  Cut(options.limit, *samples);
  return std::make_unique<TextRecognition>(
      *std::move(samples), options.characters, *std::move(characters));
}

}  // namespace tpuc::eval
